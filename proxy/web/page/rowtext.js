// What a row shows of a record: its message, its other fields, and whose it is.

import { parse, write } from "./json.js";
import { isError, understand } from "./reading.js";
import { safe, shorten } from "./safe.js";

// Bounds of a row's body, in UTF-16 units: on the screen, and where a search looks.
export const onScreen = 4 << 10;
export const inSearch = 64 << 10;
const maxValue = 1 << 10;
const maxLabel = 256;

// valueText is a value as a row shows it.
function valueText(value) {
  if (typeof value !== "string") return write(value);
  return value === "" || /[ ="]/.test(value) ? '"' + value + '"' : value;
}

// rowText returns the parts of a row's body as [kind, text] (msg, key, value, err or
// mark), all of them safe, the body in one piece, and label, host and component.
export function rowText(raw, limit) {
  let record;
  try {
    record = parse(raw);
  } catch { /* shown as it is */ }
  const parts = [];
  let left = limit;
  const add = (kind, text) => {
    if (left === 0) return;
    text = shorten(text, left);
    left = Math.max(left - text.length, 0);
    text.split(/\n+/).forEach((line, i) => {
      if (i > 0) parts.push(["mark", " ⏎ "]);
      line = line.replace(/\r$/, "").replaceAll("\t", "  ");
      if (line !== "") parts.push([kind, safe(line)]);
    });
  };
  const done = (label, host, short) => ({ parts, body: parts.map((p) => p[1]).join(""), label: safe(shorten(label, maxLabel)), host: safe(shorten(host, maxLabel)), short: safe(shorten(short, maxLabel)) });
  if (typeof record !== "object" || record === null || Array.isArray(record)) {
    add("msg", raw);
    return done("", "", "");
  }
  const r = understand(record);
  add("msg", r.msg);
  for (const errs of [true, false]) {
    for (const [key, value] of r.fields) {
      if ((key === "err") !== errs || left === 0 || inMessage(r.msg, key, record)) continue;
      if (parts.length > 0) parts.push(["value", "  "]);
      field(add, key, value);
    }
  }
  return done(r.component ? r.name + "/" + r.component : r.name, r.hostname, r.component || r.name);
}

// inMessage tells whether the message has all that a row would show of a request or of
// its response: "GET /api/orders 200 12ms".
function inMessage(msg, key, record) {
  if (key !== "req" && key !== "res") return false;
  const req = record.req, res = record.res;
  if (typeof req?.method !== "string" || typeof req.url !== "string" || !msg.startsWith(req.method + " " + req.url + " ")) return false;
  return key === "req" || res?.statusCode !== undefined && msg.slice(req.method.length + req.url.length + 1).includes(" " + res.statusCode);
}

function field(add, key, value) {
  if (key === "req" && typeof value?.method === "string" && typeof value.url === "string") return add("value", shorten(value.method + " " + value.url, maxValue));
  if (key === "res" && Number.isInteger(value?.statusCode)) {
    add("key", "→ ");
    return add(value.statusCode >= 500 ? "err" : "value", String(value.statusCode));
  }
  if (key === "err" && typeof value?.message === "string") {
    add("key", "err=");
    return add("err", shorten((typeof value.name === "string" ? value.name + ": " : "") + value.message, maxValue));
  }
  add("key", shorten(key, maxValue) + "=");
  add(isError(key) ? "err" : "value", shorten(valueText(value), maxValue));
}

// message is what a record says, as it was published.
export function message(raw) {
  try {
    return understand(JSON.parse(raw)).msg;
  } catch {
    return raw;
  }
}
