// What is shown, as a file: one record a line, as it was published. What stands between
// the records is written as a record of level warn from sluice.

import { kinds } from "./store.js";

const warn = 40;

// ndjson returns the lines of rows, as [kind, text, time], for a Blob.
export function ndjson(rows) {
  return rows.map(([kind, text, time]) => kind === kinds.record
    ? text + "\n"
    : JSON.stringify({ v: 0, name: "sluice", hostname: "", pid: 0, level: warn, time: new Date(Number.isNaN(time) ? Date.now() : time).toISOString(), msg: text }) + "\n");
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
