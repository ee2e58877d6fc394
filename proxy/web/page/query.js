// The filter, as one types it in the terminal client, and its test of a record.

import { Exact, parse as parseJSON, text as textOf } from "./json.js";
import { peek, understand } from "./reading.js";
import { inSearch, onScreen, rowText } from "./rowtext.js";
import { levels, unknownLevel } from "./words.js";

const maxTerms = 32;
const operators = ["!=", "!~", "<=", ">=", "=", "<", ">", "~"];

// parse returns the terms of a filter. An Error says what is wrong, and what to write.
export function parse(text) {
  const terms = [];
  let at = 0;
  const blank = () => text[at] === " " || text[at] === "\t";
  const bare = () => {
    const from = at;
    while (at < text.length && !blank()) at++;
    return text.slice(from, at);
  };
  const quoted = () => {
    let s = "";
    for (at++; at < text.length; at++) {
      if (text[at] === '"') {
        at++;
        return s;
      }
      if (text[at] === "\\" && (text[at + 1] === '"' || text[at + 1] === "\\")) at++;
      s += text[at];
    }
    throw new Error('a closing " is missing');
  };
  for (;;) {
    while (at < text.length && blank()) at++;
    if (at === text.length) return terms;
    if (terms.length === maxTerms) throw new Error("more than " + maxTerms + " terms");
    const from = at;
    const t = { not: false };
    if ((text[at] === "-" || text[at] === "!") && at + 1 < text.length && !/[ \t]/.test(text[at + 1])) {
      t.not = true;
      at++;
    }
    const expression = /^\/((?:[^\\/]|\\.|\/(?![ \t]|$))*)\/(?=[ \t]|$)/.exec(text.slice(at));
    const comparison = /^([\p{L}\p{N}_.\-@$]+)(!=|!~|<=|>=|=|<|>|~)/u.exec(text.slice(at));
    if (expression) {
      if (expression[1] === "") throw new Error("// matches every row: put an expression between the slashes");
      t.re = compile(expression[1].replaceAll("\\/", "/"));
      at += expression[0].length;
    } else if (text[at] === '"') {
      t.re = literal(quoted());
      if (t.re.source === "(?:)") throw new Error('"" is shown by every row: put a text between the quotes');
    } else if (text[at] !== "/" && comparison && operators.includes(comparison[2])) {
      at += comparison[0].length;
      compare(t, comparison[1], comparison[2], text[at] === '"', text[at] === '"' ? quoted() : bare());
    } else {
      t.re = literal(bare());
    }
    if (at < text.length && !blank()) throw new Error("a blank is wanted after " + text.slice(from, at));
    terms.push(t);
  }
}

function compare(t, field, op, isQuoted, value) {
  if (op[0] === "!") t.not = !t.not;
  t.field = field;
  t.op = op === "!=" ? "=" : op === "!~" ? "~" : op;
  t.value = value;
  if (value === "" && !isQuoted) throw new Error(field + op + ' wants a value after it; "" is the empty text');
  if (t.op === "~") t.re = compile(value);
  else if (!isQuoted && value.trim() !== "" && Number.isFinite(Number(value))) t.number = Number(value);
  if (field === "level" && t.op !== "~") t.level = levelOf(value);
}

function levelOf(value) {
  if (value.toLowerCase() === "unknown") return unknownLevel;
  for (const [n, name] of levels) if (name === value.toLowerCase()) return n;
  const n = Number(value);
  if (Number.isInteger(n) && n > 0 && n < 100) return n;
  throw new Error('"' + value + '" is no level: trace, debug, info, warn, error, fatal, or a number such as 35');
}

// compile reads a regular expression, which ignores case if it has no capitals, or begins
// with (?i) as Go's do.
export function compile(source) {
  const [, set = "", rest] = /^(?:\(\?([ims]+)\))?(.*)$/s.exec(source);
  const flags = new Set(set);
  if (!/\p{Lu}/u.test(rest.replace(/\\./gu, ""))) flags.add("i");
  try {
    return new RegExp(rest, [...flags, "u"].join(""));
  } catch { /* such as \-, which only the older form takes */ }
  try {
    return new RegExp(rest, [...flags].join(""));
  } catch (err) {
    throw new Error("/" + source + "/: " + err.message.replace(/^Invalid regular expression: .*: /, ""), { cause: err });
  }
}

export function literal(text) {
  return new RegExp(text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"), /\p{Lu}/u.test(text) ? "u" : "iu");
}

// search reads what is searched for: an expression in slashes, otherwise a text.
export function search(text) {
  const m = /^\/(.+?)\/?$/s.exec(text);
  return m ? compile(m[1]) : literal(text);
}

const maxPlaces = 20;

// places returns where an expression is found in a text, as [from, to], at most twenty.
export function places(re, text) {
  const found = [];
  const all = new RegExp(re.source, re.flags + "g");
  for (let m; found.length < maxPlaces && (m = all.exec(text));) {
    if (m[0] !== "") found.push([m.index, m.index + m[0].length]);
    else all.lastIndex += 1;
  }
  return found;
}

// Test is a filter and a search, of one record after the other.
export class Test {
  constructor({ level = 0, filter = "", search: wanted = "", stream = "" }) {
    this.level = level;
    this.terms = part("filter", () => parse(filter));
    this.wanted = part("search", () => wanted ? search(wanted) : null);
    this.stream = stream;
  }

  get empty() { return this.terms.length === 0 && !this.wanted; }

  // passesLevel is for records of a level and above; what is not understood may be
  // above all.
  passesLevel(level) {
    return level === unknownLevel || (level || 30) >= this.level;
  }

  // of returns 0 for a record that does not pass, 1 for one that does, and 3 for one
  // that is also searched for. stream is its stream when that is not the test's own.
  of(raw, level, stream = this.stream) {
    if (!this.passesLevel(level)) return 0;
    if (this.empty) return 1;
    let record = {};
    try {
      record = parseJSON(raw);
    } catch { /* a text */ }
    if (typeof record !== "object" || record === null) record = {};
    let row = null;
    const shows = (re) => {
      row ??= rowText(raw, inSearch);
      return re.test(row.body) || re.test(row.label);
    };
    for (const t of this.terms) {
      if ((t.field === undefined ? shows(t.re) : meetsField(t, record, level, stream)) === t.not) return 0;
    }
    if (!this.wanted) return 1;
    // What the list will do is done here first, with the very same text: it must not be held
    // up by an expression.
    places(this.wanted, rowText(raw, onScreen).body);
    return shows(this.wanted) ? 3 : 1;
  }
}

// part makes an error say of which part of a query it is.
function part(name, read) {
  try {
    return read();
  } catch (err) {
    err.part = name;
    throw err;
  }
}

function meetsField(t, record, level, stream) {
  if (t.field === "level") return levelMeets(t, level);
  const value = lookup(record, t.field);
  if (value !== undefined) return meets(t, value, 4);
  switch (t.field) {
    case "stream": return meets(t, stream, 0);
    case "msg": case "name": case "hostname": case "component": case "pid": {
      const text = understand(record)[t.field];
      return text !== "" && meets(t, text, 0);
    }
    case "time": {
      const { time } = peek(record);
      return !Number.isNaN(time) && meets(t, new Date(time).toISOString(), 0);
    }
  }
  return false;
}

const ordered = (op, sign) => op === "=" ? sign === 0 : op === "<" ? sign < 0 : op === "<=" ? sign <= 0 : op === ">" ? sign > 0 : sign >= 0;

function levelMeets(t, level) {
  level ||= 30;
  if (t.op === "~") return t.re.test((levels.find((l) => l[0] === level) ?? [0, level === unknownLevel ? "unknown" : String(level)])[1]);
  if (level === unknownLevel && t.level !== unknownLevel) return !t.not && (t.op === ">" || t.op === ">=");
  return ordered(t.op, Math.sign(level - t.level));
}

// lookup finds a field: a key that has the dots, or keys within objects.
export function lookup(record, path) {
  if (Object.hasOwn(record, path)) return record[path];
  for (let dot = path.indexOf("."); dot > 0; dot = path.indexOf(".", dot + 1)) {
    const inner = Object.hasOwn(record, path.slice(0, dot)) ? record[path.slice(0, dot)] : undefined;
    if (typeof inner !== "object" || inner === null || inner instanceof Exact) continue;
    const value = lookup(inner, path.slice(dot + 1));
    if (value !== undefined) return value;
  }
  return undefined;
}

// meets compares a value; of a list, any element will do.
function meets(t, value, deeper) {
  if (Array.isArray(value) && deeper > 0) return value.some((v) => meets(t, v, deeper - 1));
  const text = textOf(value);
  if (t.op === "~") return t.re.test(text);
  if (t.number !== undefined) {
    const n = typeof value === "number" ? value : text.trim() === "" ? NaN : Number(text);
    return Number.isFinite(n) && ordered(t.op, Math.sign(n - t.number));
  }
  return ordered(t.op, text < t.value ? -1 : text > t.value ? 1 : 0);
}
