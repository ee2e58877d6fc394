// What is shown, as a file: one record a line, as it was published. What stands between
// the records is written as a record of level warn from sluice.

import { kinds } from "./store.js";

const warn = 40;

// ndjson returns the lines of rows, as [kind, text, time, stream], for a Blob. With many,
// each record is within an object that says of which stream it is.
export function ndjson(rows, many) {
  return rows.map(([kind, text, time, stream]) => {
    const line = kind === kinds.record ? text
      : JSON.stringify({ v: 0, name: "sluice", hostname: "", pid: 0, level: warn, time: new Date(Number.isNaN(time) ? Date.now() : time).toISOString(), msg: text });
    return (many ? '{"stream":' + JSON.stringify(stream) + ',"record":' + line + "}" : line) + "\n";
  });
}

// save hands a file to the browser.
export function save(name, pieces) {
  const url = URL.createObjectURL(new Blob(pieces, { type: "application/x-ndjson" }));
  const a = document.createElement("a");
  a.href = url;
  a.download = name.replace(/[^\p{L}\p{N}_.-]+/gu, "-") + ".ndjson";
  a.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
