// One whole record: its own fields, the message, an error with its stack as lines,
// requests and responses as HTTP, the rest as JSON.

import { kinds } from "./store.js";
import { Exact, maxDepth, parse, text as textOf } from "./json.js";
import { understand } from "./reading.js";
import { lines, safe, shorten } from "./safe.js";
import { element, hue } from "./list.js";
import { count, levelClass, levelName } from "./words.js";

const maxLines = 20_000;
const maxText = 256 << 10;

const isObject = (v) => typeof v === "object" && v !== null && !Array.isArray(v) && !(v instanceof Exact);

const patience = 12; // milliseconds of a frame for lines

let shown = null; // the page that is written now

// Page is the text of a record as elements, a line each. A record may have thousands: those
// that a frame has no time for come with the next.
class Page {
  #lines = 0;
  #waiting = []; // functions that make an element each

  constructor(root, narrow) {
    this.root = root;
    this.narrow = narrow;
    shown = this;
  }

  // write puts the lines there, the first ones at once.
  write() {
    if (shown !== this) return;
    const made = document.createDocumentFragment();
    const began = performance.now();
    let n = 0;
    while (n < this.#waiting.length && performance.now() - began < patience) made.append(this.#waiting[n++]());
    this.#waiting = this.#waiting.slice(n);
    this.root.append(made);
    if (this.#waiting.length > 0) requestAnimationFrame(() => this.write());
  }

  #add(make) { this.#waiting.push(make); }

  section(title) {
    this.#add(() => element("h3", "", safe(title)));
  }

  // line writes parts, [class, text] each, which are safe; with a field, it offers to
  // filter by that.
  line(parts, field, value, indent = 0) {
    if (this.#lines === maxLines) this.#add(() => element("div", "gap", "Only the first " + count(maxLines) + " lines are shown; y copies all."));
    if (++this.#lines > maxLines) return;
    this.#add(() => {
      const line = element("div", "line");
      if (indent > 0) line.style.paddingLeft = Math.min(indent, 30) * 1.2 + "em";
      for (const [className, text] of parts) line.append(element("bdi", className, text));
      if (field) line.append(this.#offers(field, value));
      return line;
    });
  }

  // text writes foreign text of several lines; first is the class of the first one.
  text(className, text, first = className) {
    lines(text).forEach((line, i) => this.line([[i === 0 ? first : className, line]]));
  }

  #offers(field, value) {
    const offers = element("span", "offers");
    for (const [sign, title, what] of [["+", "show only this value", "only"], ["−", "hide this value", "hide"], ["⧉", "copy the value", "copy"]]) {
      const b = element("button", "", sign);
      b.type = "button";
      b.title = title;
      b.setAttribute("aria-label", title + " of " + safe(field));
      b.addEventListener("click", () => this.narrow(what, field, value));
      offers.append(b);
    }
    return offers;
  }

  fact(name, value, className, field = name) {
    if (value === "" || value === undefined) return;
    this.line([["fact", name], [className ?? "", safe(shorten(String(value), 1024))]], field, String(value));
  }

  // json writes a value, indented; path is the field as a filter names it.
  json(key, value, path, indent = 0, end = "") {
    const head = key === null ? [] : [["key", safe(key) + ": "]];
    const open = Array.isArray(value) ? "[" : "{", close = Array.isArray(value) ? "]" : "}";
    if ((isObject(value) || Array.isArray(value)) && indent < maxDepth) {
      const all = Array.isArray(value) ? value.map((v) => [null, v, path]) : Object.keys(value).map((k) => [k, value[k], path === null ? null : path + "." + k]);
      if (all.length === 0) return this.line([...head, ["value", open + close + end]], null, null, indent);
      this.line([...head, ["value", open]], null, null, indent);
      all.forEach(([k, v, p], i) => this.json(k, v, p, indent + 1, i < all.length - 1 ? "," : ""));
      return this.line([["value", close + end]], null, null, indent);
    }
    const isText = typeof value === "string";
    const parts = isText ? lines(value) : [textOf(value)];
    if (isText && parts.length > 1 && indent === 0) {
      this.line([...head, ["value", ""]], path, value, indent);
      for (const line of parts) this.line([["str", line]], null, null, indent + 1);
      return undefined;
    }
    const shown = isText ? '"' + safe(value) + '"' : safe(textOf(value));
    return this.line([...head, [isText ? "str" : "num", shown + end]], path, textOf(value), indent);
  }

  // others writes the members of an object but for some.
  others(name, object, ...but) {
    for (const key of Object.keys(object)) if (!but.includes(key)) this.json(key, object[key], name + "." + key);
  }

  request(name, req) {
    if (typeof req.method !== "string" || req.method === "") return false;
    this.section("Request");
    this.line([["", safe(req.method + " " + textOf(req.url ?? "") + " HTTP/" + textOf(req.httpVersion ?? "1.1"))]], name + ".url", textOf(req.url ?? ""));
    this.#headers(name + ".headers", req.headers);
    this.#body(name + ".body", req.body);
    this.others(name, req, "method", "url", "httpVersion", "headers", "body");
    return true;
  }

  response(name, res) {
    if (!Number.isInteger(res.statusCode) || res.statusCode === 0) return false;
    this.section("Response");
    this.line([[res.statusCode >= 500 ? "err" : "", "HTTP/1.1 " + res.statusCode]], name + ".statusCode", String(res.statusCode));
    this.#headers(name + ".header", res.header);
    this.#headers(name + ".headers", res.headers);
    this.#body(name + ".body", res.body);
    this.others(name, res, "statusCode", "header", "headers", "body");
    return true;
  }

  error(name, err) {
    if (typeof err.message !== "string" && typeof err.stack !== "string") return false;
    this.section("Error");
    const said = (err.name ? textOf(err.name) + ": " : "") + textOf(err.message ?? "");
    this.text("stack", typeof err.stack === "string" && err.stack !== "" ? err.stack : said, "err");
    this.others(name, err, "name", "message", "stack");
    return true;
  }

  #headers(name, headers) {
    if (typeof headers === "string") {
      for (const line of lines(headers.replace(/[\r\n]+$/, ""))) if (line !== "" && !line.startsWith("HTTP/")) this.line([["dim", line]]);
    } else if (isObject(headers)) {
      for (const key of Object.keys(headers)) this.line([["key", safe(key) + ": "], ["dim", safe(textOf(headers[key]))]], name + "." + key, textOf(headers[key]));
    }
  }

  #body(name, body) {
    if (body === undefined || body === null || body === "") return;
    if (typeof body === "string") this.text("", body);
    else this.json(null, body, name);
  }
}

// notices are what stands below those of a kind.
const notices = {
  [kinds.gap]: ["Gap", "These records were published and did not reach this page. Their number is exact unless it says otherwise."],
  [kinds.state]: ["Source", "What had not been handed over is asked for again; what is gone by then is shown as a gap."],
  [kinds.skip]: ["Skipped", "These records reached this page faster than it could take them. They are counted, and not kept."],
  [kinds.seam]: ["No longer held", "They came, and were let go to make room for newer ones; what is above was kept, as it is on the screen."],
};

// show writes a row into root. narrow is called with what is to be done by a field.
export function show(root, row, stream, narrow) {
  root.replaceChildren();
  const page = new Page(root, narrow);
  try {
    fill(page, row, stream);
  } catch { // whatever a record is, it can be read
    page.section("Message");
    page.text("", row.text.slice(0, maxText));
  }
  page.write();
}

function fill(page, row, stream) {
  if (row.kind !== kinds.record) {
    const [title, text] = notices[row.kind];
    page.section(title);
    if (row.stream) page.fact("stream", row.stream, "", null);
    page.line([["gap", safe(row.text)]]);
    page.line([["dim", text]]);
    return;
  }
  const raw = row.text.slice(0, maxText);
  let record;
  try {
    record = parse(raw);
  } catch { /* shown as it is */ }
  if (!isObject(record)) {
    page.section("Message");
    page.text("", raw);
    return;
  }
  const r = understand(record);
  const own = !Number.isNaN(row.time);
  page.fact("time", own ? localTime(row.time) : "", "", null);
  page.fact("level", levelName(row.level) || "none", "l-" + levelClass(row.level) + " level");
  page.fact("name", r.name);
  page.fact("component", r.component);
  page.fact("host", r.hostname, hue(r.hostname), "hostname");
  page.fact("pid", r.pid);
  page.fact("stream", stream);
  page.section("Message");
  page.text("", r.msg);
  const rest = r.fields.filter(([key, value]) => !isObject(value) || !known(page, key, value));
  if (rest.length > 0) page.section("Fields");
  for (const [key, value] of rest) page.json(key, value, key);
}

function known(page, key, value) {
  switch (key) {
    case "req": case "client_req": return page.request(key, value);
    case "res": case "client_res": return page.response(key, value);
    case "err": return page.error(key, value);
  }
  return false;
}

// localTime is a time with its date and its zone: "2026-03-01 12:00:00.000 +01:00".
export function localTime(time) {
  const t = new Date(time), offset = -t.getTimezoneOffset();
  const local = new Date(time + offset * 60_000).toISOString();
  const zone = Math.abs(offset);
  return local.slice(0, 10) + " " + local.slice(11, 23) + " " + (offset < 0 ? "-" : "+") +
    String(Math.floor(zone / 60)).padStart(2, "0") + ":" + String(zone % 60).padStart(2, "0");
}
