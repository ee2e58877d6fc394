// The picker: the live streams with their rates, found by a few letters of their names. One
// may mark several, or type a pattern.

import { letters, Names } from "./fuzzy.js";
import { element } from "./list.js";
import { join, literal, Pattern, quote, split } from "./names.js";
import { safe } from "./safe.js";
import { count, rate, some } from "./words.js";
import { start } from "./workers.js";

const shown = 100; // of those that match

export class Picker {
  #worker = start("streams-worker.js");
  #names = new Names([]);
  #rates = [];
  #sources = [];
  #known = false;
  #found = []; // what the options stand for, each a list of names and patterns: see names.js
  #at = 0;
  #beside = false;
  #marked = new Set(); // names and patterns

  // onPick gets one stream or several, as names.js joins them, and whether they are to be
  // opened beside; onRefused a status.
  constructor(dialog, { url, token, onPick, onRefused }) {
    this.dialog = dialog;
    this.ask = () => this.#worker.postMessage({ watch: this.dialog.open, url, token: token() });
    this.onPick = onPick;
    this.input = dialog.querySelector("input");
    this.list = dialog.querySelector(".names");
    this.foot = dialog.querySelector(".foot");
    this.marks = dialog.querySelector(".marked");
    this.#worker.onmessage = ({ data }) => {
      if (data.refused !== undefined) {
        this.#why = data.refused === 403 ? "the token names no stream" : "the list of streams does not come; trying again";
        onRefused(data.refused);
      } else {
        if (data.names) this.#names = new Names(data.names);
        this.#rates = data.rates;
        this.#sources = data.sources;
        this.#known = true;
        this.#why = "";
      }
      this.#search(true);
    };
    this.input.addEventListener("input", () => this.#search(false));
    dialog.addEventListener("keydown", (e) => this.#key(e));
    dialog.addEventListener("close", () => this.ask());
    this.list.addEventListener("click", (e) => {
      const option = e.target.closest("[role=option]");
      if (!option) return;
      if (e.shiftKey || e.target.closest(".mark")) this.#mark(Number(option.dataset.at));
      else this.#pick(Number(option.dataset.at), e.ctrlKey || e.metaKey);
    });
  }

  #why = "";

  open(beside) {
    this.#beside = beside;
    this.input.value = "";
    this.#marked.clear();
    this.dialog.querySelector("h2").textContent = beside ? "Open a stream beside" : "Open a stream";
    if (!this.dialog.open) this.dialog.showModal();
    this.input.focus();
    this.#search(false);
    this.ask();
  }

  #key(e) {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 }[e.key];
    if (step) {
      e.preventDefault();
      this.#at = Math.max(0, Math.min(this.#at + step, this.#found.length - 1));
      this.#choose();
    } else if (e.key === "Enter" && !e.isComposing) {
      e.preventDefault();
      this.#pick(this.#at, e.ctrlKey || e.metaKey);
    } else if (e.key === " " && !e.isComposing) {
      e.preventDefault();
      this.#mark(this.#at);
      this.input.select();
    }
    e.stopPropagation();
  }

  #pick(at, beside) {
    const parts = this.#marked.size > 0 ? [...this.#marked] : this.#found[at];
    if (!parts) return;
    this.dialog.close();
    this.onPick(join(parts), beside || this.#beside);
  }

  // mark marks what an option stands for, or takes its mark away.
  #mark(at) {
    const parts = this.#found[at];
    if (!parts) return;
    const all = this.#isMarked(parts);
    for (const p of parts) {
      if (all) this.#marked.delete(p);
      else this.#marked.add(p);
    }
    this.#at = at;
    this.#choose();
  }

  #isMarked(parts) { return parts.every((p) => this.#marked.has(p)); }

  // search shows what matches; with keep, what was chosen stays so.
  #search(keep) {
    const typed = this.input.value.trim();
    const chosen = keep && this.#found[this.#at] ? join(this.#found[this.#at]) : undefined;
    const { total, best } = this.#names.search(typed, shown);
    const most = best.reduce((m, i) => Math.max(m, this.#rates[i] ?? 0), 0);
    this.#found = best.map((i) => [quote(this.#names.all[i])]);
    const options = best.map((i) => this.#option(this.#names.all[i], typed, i, most));
    const parts = split(typed);
    if (parts.length > 0 && !this.#names.all.includes(typed)) {
      this.#found.push(parts);
      options.push(this.#option(typed, typed, -1, most, parts));
    }
    options.forEach((o, at) => {
      o.dataset.at = at;
      o.id = "name-" + at;
    });
    this.list.replaceChildren(...options);
    this.#at = Math.max(this.#found.findIndex((p) => join(p) === chosen), 0);
    const live = this.#known ? count(total) + " of " + count(this.#names.all.length) + " live" : "asking for the live streams";
    this.foot.textContent = (this.#why || live) + (total > shown ? "; the best " + shown + " are shown" : "") + " · enter opens · ctrl enter beside · space marks several";
    this.#choose();
  }

  // option is one row; parts are those of what was typed, when it is that.
  #option(name, typed, i, most, parts) {
    const option = element("div", "option");
    option.setAttribute("role", "option");
    option.append(element("span", "mark"));
    const label = element("bdi", "name");
    const places = [];
    if (i >= 0 && typed !== "") letters(typed.toLowerCase(), name.toLowerCase(), places);
    const found = new Set(places);
    let run = "", isFound = false;
    const flush = () => { if (run) label.append(element("span", isFound ? "found" : "", safe(run))); run = ""; };
    for (let at = 0; at < name.length; at++) {
      if (found.has(at) !== isFound) {
        flush();
        isFound = !isFound;
      }
      run += name[at];
    }
    flush();
    option.append(label);
    if (parts) {
      option.append(element("span", "not", parts.length === 1 && literal(parts[0]) !== null ? "not live now" : this.#live(parts)));
      return option;
    }
    const meter = element("span", "meter"), bar = element("span", "bar");
    bar.style.width = (most > 0 ? Math.max(this.#rates[i] / most * 100, 2) : 0) + "%";
    meter.append(bar);
    option.append(element("span", "sources", this.#sources[i] + "×"), meter, element("span", "rate", rate(this.#rates[i])));
    return option;
  }

  // live says how many streams are live of those that parts stand for.
  #live(parts) {
    const names = parts.map(literal), patterns = parts.filter((p) => literal(p) === null).map((p) => new Pattern(p));
    const n = this.#names.all.filter((name) => names.includes(name) || patterns.some((p) => p.match(name))).length;
    return "all that match: " + count(n) + " live";
  }

  #choose() {
    [...this.list.children].forEach((o, at) => {
      const marked = this.#isMarked(this.#found[at]);
      o.setAttribute("aria-selected", String(at === this.#at));
      o.setAttribute("aria-checked", String(marked));
      o.firstChild.textContent = marked ? "✓" : "·";
    });
    const marks = this.#marked.size === 0 ? "" : count(this.#marked.size) + " marked: " + safe(some([...this.#marked])) + " · enter opens " + (this.#marked.size > 1 ? "them in one tail" : "it");
    if (this.marks.textContent !== marks) this.marks.textContent = marks;
    const chosen = this.list.children[this.#at];
    chosen?.scrollIntoView({ block: "nearest" });
    if (chosen) this.input.setAttribute("aria-activedescendant", chosen.id);
    else this.input.removeAttribute("aria-activedescendant");
  }
}
