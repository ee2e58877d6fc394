// A pane: one tail, of a stream or of several, its head, what chooses among its records, its rows and its foot.

import { clock } from "./clock.js";
import { element, List } from "./list.js";
import { ndjson, save } from "./save.js";
import { Pulse } from "./pulse.js";
import { Spark } from "./spark.js";
import { Past } from "./past.js";
import { kinds, Store } from "./store.js";
import { message } from "./rowtext.js";
import { safe, shorten } from "./safe.js";
import { Tail } from "./tail.js";
import { View } from "./view.js";
import { bytes, count, dropped, levels, plural, rate, some, span } from "./words.js";

const errorLevel = 50;
const settled = 5000; // milliseconds: by then a connection has brought what was there before
let panes = 0;

export class Pane {
  #losses = { count: 0, unknown: false };
  #skipped = 0;
  #newest = NaN; // time of the newest record
  #lag = NaN;
  #head = {};
  #asked = { level: 0, filter: "", search: "" }; // what the view shows
  #opened = Infinity; // when the connection came to be
  #way = "connecting"; // what there is instead of one

  // The page is told of what happens by its methods: see App.
  constructor(page, { stream, level = "", filter = "", search = "" }) {
    this.page = page;
    this.stream = stream;
    this.settings = { level, filter, search };
    this.root = document.getElementById("pane").content.firstElementChild.cloneNode(true);
    for (const e of this.root.querySelectorAll("[data-is]")) this.#head[e.dataset.is] = e;
    const h = this.#head;
    this.root.setAttribute("aria-label", "tail of " + safe(stream));
    h.list.id = "list-" + ++panes;
    h.name.textContent = safe(stream);
    h.name.title = safe(stream) + ": another stream (o)";
    const { url, name, many } = page.source(stream);
    this.name = name;
    h.level.append(...[["", "all levels"], ...levels.slice(1).map(([, name]) => [name, name + " and above"])].map(([value, text]) => new Option(text, value)));
    this.store = new Store();
    this.pulse = new Pulse();
    this.spark = new Spark(this.pulse);
    h.spark.append(this.spark.svg);
    this.view = new View(this.store, {
      onChange: () => { this.#counts(); this.list.draw(); },
      onStuck: () => this.#stuck(),
    });
    this.list = new List(h.list, this.view, { many, onOpen: (number) => page.openRecord(this, number), onMove: () => this.#counts(), onTop: () => void this.past.older() });
    this.past = new Past({
      url, many, token: () => page.token(), store: this.store,
      hold: (change) => this.list.hold(() => { change(); this.view.ask(this.#asked); }),
      show: (number) => this.list.show(number), onChange: () => this.#counts(),
    });
    this.#wire(page);
    this.#ask();
    this.tail = new Tail({
      url, many, token: page.token(),
      onBatch: (batch, losses) => this.#take(batch, losses),
      onState: (state) => this.#state(state),
    });
    this.tick();
  }

  #wire(page) {
    const h = this.#head;
    for (const name of ["level", "filter", "search"]) h[name].value = this.settings[name];
    h.name.addEventListener("click", () => page.pick(this));
    h.pause.addEventListener("click", () => this.pause());
    h.fresh.addEventListener("click", () => this.list.follow());
    h.save.addEventListener("click", () => this.save());
    h.close.addEventListener("click", () => page.close(this));
    h.next.addEventListener("click", () => this.find(true));
    h.previous.addEventListener("click", () => this.find(false));
    h.level.addEventListener("change", () => this.set({ level: h.level.value }));
    for (const name of ["filter", "search"]) {
      h[name].addEventListener("input", () => this.set({ [name]: h[name].value }));
      h[name].addEventListener("keydown", (e) => {
        if (e.key === "Escape") {
          if (name === "search") this.set({ search: "" });
          h.list.focus();
        } else if (e.key === "Enter") {
          if (name === "search") this.find(false);
          h.list.focus();
        } else return;
        e.preventDefault();
        e.stopPropagation();
      });
    }
    this.root.addEventListener("focusin", () => page.activate(this));
    this.root.addEventListener("pointerdown", () => page.activate(this));
  }

  // set changes level, filter or search.
  set(settings) {
    Object.assign(this.settings, settings);
    for (const name of Object.keys(settings)) if (this.#head[name].value !== settings[name]) this.#head[name].value = settings[name];
    this.#ask();
    this.page.changed();
  }

  #ask() {
    const h = this.#head, { level, filter, search } = this.settings;
    h.problem.hidden = true;
    h.filter.removeAttribute("aria-invalid");
    h.search.removeAttribute("aria-invalid");
    this.rank = 0;
    try {
      const n = levels.find(([, name]) => name === level)?.[0] ?? 0;
      const asked = { level: n, filter, search, stream: this.name };
      this.list.hold(() => this.view.ask(asked));
      this.#asked = asked;
      this.list.restyle();
    } catch (err) {
      h.problem.textContent = err.message;
      h.problem.hidden = false;
      h[err.part].setAttribute("aria-invalid", "true");
    }
    this.#counts();
  }

  #stuck() {
    const h = this.#head;
    this.#asked = { level: 0, filter: "", search: "", stream: this.name };
    this.view.ask(this.#asked);
    h.problem.textContent = "an expression takes too long, so nothing is filtered: write it without + or * inside of another";
    h.problem.hidden = false;
    this.list.restyle();
  }

  #take(batch, losses) {
    const now = clock.now;
    const isSettled = performance.now() - this.#opened > settled;
    this.#losses = losses;
    this.#skipped += batch.skipped;
    this.pulse.add(now, 0, now, batch.skipped);
    let newest = NaN;
    for (let i = 0; i < batch.kinds.length; i++) {
      if (batch.kinds[i] !== kinds.record) continue;
      this.pulse.add(isSettled ? now : batch.times[i], batch.levels[i], now);
      if (!Number.isNaN(batch.times[i])) newest = batch.times[i];
    }
    if (!Number.isNaN(newest)) {
      this.#newest = newest;
      this.#lag = Math.max(now - newest, 0);
    }
    this.store.add(batch);
    this.view.scan();
    if (this.store.full) {
      const horizon = this.store.horizon;
      this.list.hold(() => {
        this.view.makeRoom(horizon, this.list.top, this.list.bottom);
        this.store.evict();
      });
    }
    this.list.draw();
  }

  #state({ state, message, sources }) {
    const h = this.#head;
    if (state !== "open") this.#opened = Infinity;
    else if (this.#opened === Infinity) this.#opened = performance.now();
    const states = new Map(sources.map((s) => [s.consolidator, s.state]));
    const list = [...states].map(([name, s]) => {
      const e = element("span", "source " + (s === "live" ? "good" : s === "connecting" ? "wait" : "bad"), (s === "live" ? "● " : s === "connecting" ? "◌ " : s === "unaccounted" ? "◐ " : "✕ ") + safe(name));
      e.title = safe(name) + " is " + safe(s);
      return e;
    });
    h.sources.replaceChildren(...list.slice(0, 8));
    if (list.length > 8) h.sources.append(element("span", "source", "… " + list.length + " in all"));
    const gone = [...states].filter(([, s]) => s !== "live" && s !== "unaccounted").map(([name, s]) => safe(name) + " is " + safe(s));
    const uncounted = [...states].filter(([, s]) => s === "unaccounted").map(([name]) => safe(name));
    this.unknown = state !== "open" || states.size === 0 || gone.length > 0 || uncounted.length > 0;
    this.#way = { connecting: "connecting", reconnecting: "reconnecting", login: "a token is wanted", refused: "refused", open: "" }[state];
    let text = this.#way;
    if (message && state !== "open") text += ": " + safe(message);
    if (state === "open" && gone.length > 0) text = gone.length + " of " + plural(states.size, "consolidator") + " missing: " + some(gone);
    if (state === "open" && uncounted.length > 0) text += (text ? "; " : "") + "what is lost at " + some(uncounted) + " is unknown";
    h.state.title = h.state.textContent = text;
    h.state.className = "state " + (state === "refused" || state === "login" || gone.length > 0 ? "bad" : "wait");
    this.refused = state === "login";
    if (this.refused) this.page.login(message);
    this.page.account();
    this.#counts();
    this.tick();
  }

  // counts says whether one follows, and what is new if not.
  #counts() {
    const h = this.#head, v = this.view;
    const fresh = v.fresh;
    const kinds_ = [[fresh.error, "error"], [fresh.warn, "warn"]].filter(([n]) => n > 0).map(([n, name]) => count(n) + " " + name);
    const news = count(fresh.all) + " new" + (kinds_.length > 0 ? " (" + kinds_.join(", ") + ")" : "");
    h.follow.textContent = v.following ? this.#way || "following" : (this.list?.paused ? "PAUSED" : "SCROLLED") + " · " + news + " · " + dropped(this.#losses.count + this.#skipped, this.#losses.unknown) + " · G to " + (this.list?.paused ? "resume" : "follow");
    h.follow.classList.toggle("hot", !v.following || this.#way !== "");
    h.fresh.hidden = v.following;
    h.fresh.textContent = "↓ " + news;
    h.pause.setAttribute("aria-pressed", String(!v.following));
    const searching = this.settings.search !== "";
    h.found.hidden = h.next.hidden = h.previous.hidden = !searching;
    if (searching) h.found.textContent = (this.rank ? count(this.rank) + "/" : "") + count(v.hits);
    h.past.title = h.past.textContent = v.following ? "" : safe(this.past?.text ?? "");
    h.empty.hidden = v.length > 0;
    if (v.length === 0) h.empty.textContent = v.busy > 0 ? "looking" : this.store.rows > 0 ? "none of " + plural(this.store.rows, "row") + " passes: 0 shows all" : this.#way ? h.state.textContent : "nothing yet";
  }

  // tick is called once a second.
  tick() {
    const h = this.#head, now = clock.now;
    this.spark.update(now);
    h.rate.textContent = rate(this.pulse.rate(now));
    const errors = this.pulse.errors(now);
    h.errors.textContent = errors > 0 ? count(errors) + " err/min" : "";
    // What a narrow pane cuts off is the end.
    const parts = [dropped(this.#losses.count, this.#losses.unknown || this.unknown)];
    if (this.#skipped > 0) parts.push(count(this.#skipped) + " skipped");
    if (this.#lag < 1e6) parts.push("lag " + (this.#lag < 1000 ? Math.round(this.#lag) + " ms" : (this.#lag / 1000).toFixed(1) + " s"));
    if (this.view.busy > 0) parts.push("looking through " + plural(this.view.busy, "row"));
    if (this.view.unseen > 0) parts.push(count(this.view.unseen) + " let go before the filter came to them");
    if (clock.ahead !== 0) parts.push("this machine's clock is " + span(Math.abs(clock.ahead) / 1000) + (clock.ahead > 0 ? " ahead" : " behind"));
    if (this.store.evicted > 0) parts.push(plural(this.store.evicted, "older row") + " let go");
    parts.push(count(this.store.rows) + " kept in " + bytes(this.store.text));
    h.facts.textContent = parts.join(" · ");
  }

  // news says in words what has come since it was asked last, for who listens.
  news() {
    const { all, errors, last } = this.view.takeNews();
    if (!last) return "";
    let text = safe(this.stream) + ": " + plural(all, "new record") + (errors > 0 ? ", " + plural(errors, "error") : "");
    if (last) text += "; last " + safe(last.kind === kinds.record ? shorten(message(last.text), 200) : last.text);
    return text;
  }

  pause() {
    if (this.view.following) {
      this.list.paused = true;
      this.list.leave();
    } else {
      this.list.follow();
    }
    this.#counts();
  }

  // find goes to the next row that is found, or to the one before.
  find(forward) {
    const from = this.list.cursor ?? (this.view.length > 0 ? this.view.at(this.list.place).number + (forward ? 0 : 1) : 0);
    const hit = this.view.hit(from, forward);
    if (!hit) {
      this.page.say(this.settings.search ? "nothing is found" : "search with / first");
      return;
    }
    this.rank = hit.rank;
    this.list.go(this.view.place(hit.number), true);
    this.#counts();
    this.page.say("match " + count(hit.rank) + " of " + count(this.view.hits));
  }

  seekError(step) {
    const at = this.view.seek(this.list.place, step, errorLevel);
    if (at < 0) this.page.say("no error " + (step > 0 ? "after" : "before") + " this");
    else this.list.go(at, true);
  }

  // raise raises the level shown, or lowers it.
  raise(by) {
    const options = [...this.#head.level.options].map((o) => o.value);
    const at = Math.max(0, Math.min(options.indexOf(this.settings.level) + by, options.length - 1));
    this.set({ level: options[at] });
    this.page.say(options[at] ? options[at] + " and above" : "all levels");
  }

  focus(name) {
    this.#head[name].focus();
    this.#head[name].select?.();
  }

  // current is the row under the cursor; null when there is none.
  get current() {
    return this.view.length > 0 ? this.view.at(Math.min(this.list.place, this.view.length - 1)) : null;
  }

  save() {
    const rows = this.view.texts();
    save(this.stream, ndjson(rows, this.list.many));
    this.page.say(plural(rows.length, "row") + " saved");
  }

  close() {
    this.past.stop();
    this.tail.close();
    this.view.close();
    this.root.remove();
  }
}
