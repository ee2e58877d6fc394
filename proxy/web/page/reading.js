// What a record says, whichever logger wrote it: its level, its time, its message, and
// the fields that are left. docs/records.md has the same names, words and numbers.

import { Exact } from "./json.js";
import { unknownLevel } from "./words.js";

// names are those by which a field is known, of each kind the first that is understood
// counts. One with dots is a key that has them, or a key within objects.
const names = {
  time: ["time", "ts", "timestamp", "@timestamp", "@t", "instant", "timeMillis", "__REALTIME_TIMESTAMP", "record.time",
    "eventTime", "timeUnixNano", "observedTimeUnixNano", "asctime", "created", "datetime", "date", "t"],
  level: ["level", "severity", "lvl", "log.level", "levelname", "logLevel", "@level", "@l", "severityText", "severityNumber",
    "PRIORITY", "error_severity", "level_value", "levelno", "record.level", "context.logLevel", "log.syslog.severity.name",
    "log.syslog.severity.code", "syslog_severity", "messageType", "s", "L"],
  msg: ["msg", "message", "@message", "short_message", "@m", "@mt", "RenderedMessage", "MessageTemplate", "body", "event",
    "eventMessage", "record.message", "fields.message", "textPayload", "log", "M"],
  name: ["name", "logger", "logger_name", "log.logger", "@module", "channel", "category", "target", "record.name",
    "SYSLOG_IDENTIFIER", "_COMM", "service.name", "N"],
  hostname: ["hostname", "host.hostname", "host.name", "host", "MachineName"],
  pid: ["pid", "process.pid", "process"],
  err: ["err", "error", "exception", "exc_info", "thrown", "throwable", "@x", "error.message", "stack", "stacktrace", "error.stack_trace"],
};

// only are the names that count in records of one form, and weak those whose value says
// nothing when it is no level.
const exact = new Set(["PRIORITY", "L", "M", "N"]);
const weak = new Set(["messageType", "s", "L"]);
const only = {
  messageType: (r) => "eventMessage" in r,
  s: (r) => typeof r.t === "object" && r.t !== null,
  host: (r) => "short_message" in r || "@version" in r,
};

const words = {};
for (const [level, list] of [
  [10, "trace trc trce t verbose vrb v finest finer silly"],
  [20, "debug dbg debg dbug d fine config"],
  [30, "info inf i information informational notice note n log http default success audit"],
  [40, "warn wrn warning w"],
  [50, "error err eror e severe fail failure exception"],
  [60, "fatal ftl f critical crit c panic dpanic alert a emergency emerg emer fault off"],
]) for (const word of list.split(" ")) words[word] = level;

const syslog = [60, 60, 60, 50, 40, 30, 30, 20];
const hundreds = { 100: 20, 200: 30, 250: 30, 300: 40, 400: 50, 500: 60, 550: 60, 600: 60, 700: 20, 800: 30, 900: 40, 1000: 50, 5000: 10, 10000: 20, 20000: 30, 30000: 40, 40000: 50, 50000: 60 };
const google = { 100: 20, 200: 30, 250: 30, 300: 30, 400: 40, 500: 50, 600: 60, 650: 60, 700: 60, 750: 60, 800: 60 };
const ofSyslog = new Set(["PRIORITY", "log.syslog.severity.code", "syslog_severity"]);

const plain = (key) => key.toLowerCase().replace(/[_-]/g, "");
const lookups = Object.fromEntries(Object.entries(names).map(([role, list]) => [role, list.map((name) => ({
  name, key: exact.has(name) ? name : plain(name), exact: exact.has(name), path: name.split(".").map(plain),
}))]));
const isObject = (v) => typeof v === "object" && v !== null && !Array.isArray(v) && !(v instanceof Exact);

// isError tells whether a field of this name is an error or its stack.
const errors = new Set(names.err.map(plain));
export const isError = (key) => errors.has(plain(key));

// index makes the keys of an object findable whatever their case.
function index(object) {
  const keys = new Map();
  for (const key of Object.keys(object)) keys.set(plain(key), key);
  return keys;
}

// Keys are the keys of a record and of the objects within it, findable whatever their
// case. Each object is gone over once, since it may have thousands.
class Keys {
  #known = new Map();

  of(object) {
    let keys = this.#known.get(object);
    if (!keys) this.#known.set(object, keys = index(object));
    return keys;
  }

  // dig finds what stands at a path within objects, of whose keys some may have dots.
  dig(object, path) {
    const keys = this.of(object);
    for (let n = 1; n < path.length; n++) {
      const inner = keys.get(path.slice(0, n).join("."));
      if (inner === undefined || !isObject(object[inner])) continue;
      const rest = path.slice(n), whole = this.of(object[inner]).get(rest.join("."));
      const value = whole === undefined ? this.dig(object[inner], rest) : object[inner][whole];
      if (value !== undefined) return value;
    }
    return undefined;
  }
}

// find returns the fields of a role, the preferred first, as { name, top, value }.
function* find(role, record, keys) {
  const own = keys.of(record);
  for (const l of lookups[role]) {
    if (only[l.name] && !only[l.name](record)) continue;
    if (l.exact) {
      if (Object.hasOwn(record, l.key)) yield { name: l.name, top: l.key, value: record[l.key] };
      continue;
    }
    const top = own.get(l.key);
    if (top !== undefined) yield { name: l.name, top, value: record[top] };
    if (l.path.length === 1) continue;
    const value = keys.dig(record, l.path);
    if (value !== undefined) yield { name: l.name, top: null, value };
  }
}

function levelOfWord(text) {
  const w = text.slice(0, 96).replace(/\u001b\[[^@-~]*[@-~]/g, "").replace(/^[ \t[\]<>():]+|[ \t[\]<>():]+$/g, "").toLowerCase();
  if (w.length > 24) return undefined;
  if (Object.hasOwn(words, w)) return words[w];
  let m = /^([a-z]+)([+-]\d{1,3})$/.exec(w);
  if (m && Object.hasOwn(words, m[1]) && Math.abs(m[2]) <= 100) return Math.min(Math.max(words[m[1]] + Math.trunc(m[2] * 5 / 2), 1), 99);
  m = /^([a-z]+)[1-5]$/.exec(w);
  if (m && Object.hasOwn(words, m[1]) && words[m[1]] <= 20) return words[m[1]];
  m = /^lvl(\d{1,2})$/.exec(w);
  return m && Number(m[1]) > 0 ? Number(m[1]) : undefined;
}

function levelOfNumber(n, name, record) {
  if (!Number.isInteger(n) || n < 0) return undefined;
  if (name === "severityNumber") return n >= 1 && n <= 24 ? Math.floor((n - 1) / 4) * 10 + 10 : undefined;
  if (name === "levelno") return n >= 10 && n <= 50 ? n + 10 : undefined;
  const severity = name === "severity" || ofSyslog.has(name);
  if (!severity && n > 0 && "v" in record) return n;
  if (n < 8 && (severity || "short_message" in record)) return syslog[n];
  if (n < 10 || ofSyslog.has(name)) return undefined;
  if (n < 100) return n;
  const table = name === "severity" ? google : hundreds;
  return Object.hasOwn(table, n) ? table[n] : undefined;
}

function levelOf(value, name, record) {
  if (value instanceof Exact) value = Number(value.source);
  if (typeof value === "number") return levelOfNumber(value, name, record);
  if (isObject(value)) value = value.levelStr ?? value.name;
  if (typeof value !== "string") return undefined;
  if (/^\d{1,9}$/.test(value)) return levelOfNumber(Number(value), name, record);
  return levelOfWord(value);
}

const says = (v) => v !== null && v !== "" && !Array.isArray(v) && !(isObject(v) && !("levelStr" in v || "name" in v));

// maxTime is the last time that has a date in every zone, in milliseconds.
const maxTime = 8.64e15 - 864e5;

const bounded = (time) => Math.abs(time) <= maxTime ? time : NaN;
const numberOf = (v) => typeof v === "number" ? v : v instanceof Exact ? Number(v.source) : NaN;

// timeOf is a time in milliseconds, or NaN.
function timeOf(v) {
  if (isObject(v)) {
    if ("epochSecond" in v) return bounded(numberOf(v.epochSecond) * 1000 + numberOf(v.nanoOfSecond ?? 0) / 1e6); // log4j
    v = v.$date ?? v.timestamp; // MongoDB, loguru
    if (isObject(v)) return NaN;
  }
  return bounded(instant(v));
}

function instant(v) {
  if (v instanceof Exact) v = Number(v.source);
  if (typeof v === "string" && !/^\d+(\.\d+)?$/.test(v)) {
    return /\d{2}:\d{2}/.test(v) ? Date.parse(v.replace(",", ".").replace(/^(\d{4}-\d\d-\d\d) /, "$1T").replace(/([+-]\d\d)(\d\d)$/, "$1:$2")) : NaN;
  }
  const n = typeof v === "string" || typeof v === "number" ? Number(v) : NaN;
  if (!(n >= 1e8)) return NaN;
  return n < 1e11 ? n * 1000 : n < 1e14 ? n : n < 1e17 ? n / 1000 : n / 1e6;
}

// peek returns the level and the time of a record, 0 and NaN where it has none.
export function peek(record) {
  if (Number.isInteger(record.level) && record.level >= 10 && record.level < 100 && typeof record.time === "string") {
    return { level: record.level, time: bounded(Date.parse(record.time)) };
  }
  if (!isObject(record)) return { level: 0, time: NaN };
  const keys = new Keys();
  let level = 0, time = NaN;
  for (const f of find("level", record, keys)) {
    const l = says(f.value) ? levelOf(f.value, f.name, record) : 0;
    if (l > 0) { level = l; break; }
    if (l === undefined && level === 0 && !weak.has(f.name)) level = unknownLevel;
  }
  for (const f of find("time", record, keys)) if (!Number.isNaN(time = timeOf(f.value))) break;
  if (level === 0 && (keys.of(record).has("@t") || keys.of(record).has("@mt"))) level = 30; // Serilog leaves it out
  return { level, time };
}

// understand returns what a record says: msg, name, component, hostname, pid, and the
// fields that are none of these as [key, value].
export function understand(record) {
  const out = { msg: "", name: "", component: "", hostname: "", pid: "", fields: [] };
  const own = new Set(["v"]);
  const keys = new Keys();
  for (const role of ["msg", "name", "hostname"]) {
    for (const f of find(role, record, keys)) {
      if (typeof f.value !== "string") continue;
      out[role] = f.value;
      if (f.top !== null) own.add(f.top);
      break;
    }
  }
  for (const f of find("pid", record, keys)) {
    if (typeof f.value !== "number" && !(typeof f.value === "string" && /^\d+$/.test(f.value))) continue;
    out.pid = String(f.value);
    if (f.top !== null) own.add(f.top);
    break;
  }
  for (const role of ["level", "time"]) {
    for (const f of find(role, record, keys)) {
      if (role === "level" ? levelOf(f.value, f.name, record) === undefined : Number.isNaN(timeOf(f.value))) continue;
      if (f.top !== null) own.add(f.top);
      break;
    }
  }
  if (typeof record.component === "string") {
    out.component = record.component;
    own.add("component");
  }
  for (const key of Object.keys(record)) if (!own.has(key)) out.fields.push([key, record[key]]);
  return out;
}
