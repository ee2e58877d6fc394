// JSON as it was published: numbers keep their digits, of which JavaScript's have only
// sixteen.

// Exact is a number that JavaScript would write otherwise.
export class Exact {
  constructor(source) { this.source = source; }
}

const inexact = /[0-9]{16}|[0-9]\.?[eE][+-]?[0-9]|\.[0-9]*0[\s,}\]]|-0[\s,}\]]/;
const token = /"(?:[^"\\]|\\.)*"|-?[0-9][0-9.eE+-]*/gs;
const mark = "exact " + Math.random(); // the key of what stands for such a number; no record knows it

// parse returns a value of JSON, with an Exact for each number that needs one. What is
// no JSON is a SyntaxError.
export function parse(text) {
  const value = JSON.parse(text);
  if (!inexact.test(text)) return value;
  const marked = text.replace(token, (t) => t[0] === '"' || String(Number(t)) === t ? t : `{"${mark}":"${t}"}`);
  return JSON.parse(marked, (_, v) => v !== null && typeof v === "object" && mark in v ? new Exact(v[mark]) : v);
}

// maxDepth is how deep a value is written; what is deeper is an ellipsis.
export const maxDepth = 100;

// write is a value in one line.
export function write(value, depth = 0) {
  if (value instanceof Exact) return value.source;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (depth === maxDepth) return "…";
  if (Array.isArray(value)) return "[" + value.map((v) => write(v, depth + 1)).join(",") + "]";
  return "{" + Object.keys(value).map((k) => JSON.stringify(k) + ":" + write(value[k], depth + 1)).join(",") + "}";
}

// text is a value as people read it: strings without their quotes.
export const text = (value) => typeof value === "string" ? value : write(value);
