// The picker: the live streams with their rates, found by a few letters of their names.

import { letters, Names } from "./fuzzy.js";
import { element } from "./list.js";
import { safe } from "./safe.js";
import { count, rate } from "./words.js";
import { start } from "./workers.js";

const shown = 100; // of those that match

export class Picker {
  #worker = start("streams-worker.js");
  #names = new Names([]);
  #rates = [];
  #sources = [];
  #known = false;
  #found = []; // names of the options, as they are shown
  #at = 0;
  #beside = false;

  // onPick gets a name, and whether it is to be opened beside; onRefused a status.
  constructor(dialog, { url, token, onPick, onRefused }) {
    this.dialog = dialog;
    this.ask = () => this.#worker.postMessage({ watch: this.dialog.open, url, token: token() });
    this.onPick = onPick;
    this.input = dialog.querySelector("input");
    this.list = dialog.querySelector(".names");
    this.foot = dialog.querySelector(".foot");
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
      if (option) this.#pick(Number(option.dataset.at), e.ctrlKey || e.metaKey);
    });
  }

  #why = "";

  open(beside) {
    this.#beside = beside;
    this.input.value = "";
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
    } else if (e.key === "Enter") {
      e.preventDefault();
      this.#pick(this.#at, e.ctrlKey || e.metaKey);
    }
    e.stopPropagation();
  }

  #pick(at, beside) {
    if (at >= this.#found.length) return;
    this.dialog.close();
    this.onPick(this.#found[at], beside || this.#beside);
  }

  // search shows what matches; with keep, what was chosen stays so.
  #search(keep) {
    const typed = this.input.value.trim();
    const chosen = keep ? this.#found[this.#at] : undefined;
    const { total, best } = this.#names.search(typed, shown);
    const most = best.reduce((m, i) => Math.max(m, this.#rates[i] ?? 0), 0);
    this.#found = best.map((i) => this.#names.all[i]);
    const options = best.map((i) => this.#option(this.#names.all[i], typed, i, most));
    if (typed !== "" && !this.#names.all.includes(typed)) {
      this.#found.push(typed);
      options.push(this.#option(typed, typed, -1, most));
    }
    options.forEach((o, at) => {
      o.dataset.at = at;
      o.id = "name-" + at;
    });
    this.list.replaceChildren(...options);
    this.#at = Math.max(this.#found.indexOf(chosen), 0);
    const live = this.#known ? count(total) + " of " + count(this.#names.all.length) + " live" : "asking for the live streams";
    this.foot.textContent = (this.#why || live) + (total > shown ? "; the best " + shown + " are shown" : "") + " · enter opens · ctrl enter beside";
    this.#choose();
  }

  #option(name, typed, i, most) {
    const option = element("div", "option");
    option.setAttribute("role", "option");
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
    if (i < 0) {
      option.append(element("span", "not", "not live now"));
      return option;
    }
    const meter = element("span", "meter"), bar = element("span", "bar");
    bar.style.width = (most > 0 ? Math.max(this.#rates[i] / most * 100, 2) : 0) + "%";
    meter.append(bar);
    option.append(element("span", "sources", this.#sources[i] + "×"), meter, element("span", "rate", rate(this.#rates[i])));
    return option;
  }

  #choose() {
    [...this.list.children].forEach((o, at) => o.setAttribute("aria-selected", String(at === this.#at)));
    const chosen = this.list.children[this.#at];
    chosen?.scrollIntoView({ block: "nearest" });
    if (chosen) this.input.setAttribute("aria-activedescendant", chosen.id);
    else this.input.removeAttribute("aria-activedescendant");
  }
}
