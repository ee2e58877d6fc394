// What was said before the tail began: pages of older records, in front of those that are
// there, by the proxy's last= and to=, and a time that one jumps to.

import { Events } from "./sse.js";
import { kinds } from "./store.js";
import { lost } from "./words.js";
import { peekEvent } from "./wrapped.js";

export const pageRows = 500;
const retryAfter = 5000; // milliseconds: what failed is not asked for again before
const patience = 30_000; // milliseconds, for a page

export class Past {
  #busy = null; // what ends the reading that is under way
  #failed = -Infinity; // when one failed last
  #begins = null; // number of the row before which nothing is held
  #gap = null; // { number, from, to }: what is not loaded between two times
  text = ""; // what there is to say

  // hold calls what changes the rows, show brings one in sight, and onChange is called when
  // there is something else to say.
  constructor({ url, many, token, store, hold, show, onChange }) {
    Object.assign(this, { url, many, token, store, hold, show, onChange });
  }

  // older loads the page before the oldest row.
  async older() {
    if (this.#busy || this.#begins === this.store.first || performance.now() - this.#failed < retryAfter) return;
    const oldest = this.#oldest();
    if (Number.isNaN(oldest)) return;
    if (this.#isFull()) {
      this.#say("as many rows are held as there is room for: what is older is not loaded beside them");
      return;
    }
    await this.#load(async (signal) => {
      const known = this.#upTo(oldest);
      const page = await this.#read({ last: pageRows + known.size, to: iso(oldest) }, Infinity, signal);
      known.takeOut(page);
      this.#put(page);
      if (page.texts.length < pageRows && !page.trouble) this.#begins = this.store.first;
      this.#say(page.trouble ? "older records: " + page.trouble : this.#begins === this.store.first ? "nothing older is held" : "");
      if (page.trouble) this.#failed = performance.now();
    });
  }

  // jump brings a time in sight. It loads what is around it, unless that is there.
  async jump(time) {
    this.stop();
    if (this.#gap && this.store.first > this.#gap.number) this.#gap = null;
    if (this.#gap && time < this.#gap.to) { // what is before the gap gives way
      const { number } = this.#gap;
      this.hold(() => this.store.drop(number + 1));
      this.#gap = null;
    }
    const oldest = this.#oldest();
    if (Number.isNaN(oldest)) return;
    if (time < oldest && this.#begins !== this.store.first && !this.#isFull()) {
      await this.#load(async (signal) => {
        const before = await this.#read({ last: pageRows / 2, to: iso(time - 1) }, Infinity, signal);
        const known = this.#upTo(oldest);
        const behind = await this.#read({ since: iso(time), to: iso(oldest) }, pageRows + known.size, signal);
        const complete = !behind.cut && !behind.trouble;
        if (complete) known.takeOut(behind);
        else if (behind.texts.length > 0 || before.texts.length > 0) {
          const from = lastTime(behind) || lastTime(before);
          add(behind, kinds.seam, 0, from, "not loaded: " + show(from) + " to " + show(oldest) + "; enter goes on from here");
          this.#gap = { from, to: oldest };
        }
        this.#put(behind);
        if (this.#gap) this.#gap.number = this.store.first + behind.texts.length - 1;
        this.#put(before);
        const trouble = before.trouble || behind.trouble;
        if (before.texts.length < pageRows / 2 && !trouble) this.#begins = this.store.first;
        this.#say(trouble ? "older records: " + trouble : "");
      });
    }
    const number = this.store.find((row) => row.time >= time);
    if (number !== null) this.show(number);
  }

  // opens goes on loading where a row is the gap, and tells whether it is.
  opens(number) {
    if (!this.#gap || this.#gap.number !== number) return false;
    void this.jump(this.#gap.from);
    return true;
  }

  stop() {
    this.#busy?.abort();
    this.#busy = null;
  }

  async #load(read) {
    const busy = this.#busy = new AbortController();
    const timer = setTimeout(() => busy.abort(), patience);
    this.#say("loading older records");
    try {
      await read(busy.signal);
    } catch (err) {
      if (this.#busy !== busy) return; // another one took its place
      this.#failed = performance.now();
      this.#say("older records: " + (busy.signal.aborted ? "no answer" : err.message));
    } finally {
      clearTimeout(timer);
      if (this.#busy === busy) this.#busy = null;
    }
  }

  #say(text) {
    this.text = text;
    this.onChange();
  }

  #isFull() { return this.store.rows + 2 * pageRows > this.store.bounds.rows || this.store.text > this.store.bounds.text * 0.9; }

  // oldest is the earliest time of a record that is there; NaN when none has one.
  #oldest() {
    let oldest = NaN;
    this.store.each((row) => { if (row.kind === kinds.record && !(row.time >= oldest)) oldest = Number.isNaN(row.time) ? oldest : row.time; });
    return oldest;
  }

  // upTo is the records up to a time that are there, to be taken out of what comes: of those
  // that are the same, as many.
  #upTo(time) {
    const had = new Map();
    let size = 0;
    this.store.each((row) => {
      if (row.kind !== kinds.record || !(row.time <= time)) return;
      const key = row.stream + "\n" + row.text;
      had.set(key, (had.get(key) ?? 0) + 1);
      size++;
    });
    return {
      size,
      takeOut(batch) {
        const left = batch.texts.map((text, i) => {
          const key = (batch.streams?.[i] ?? "") + "\n" + text, n = had.get(key) ?? 0;
          if (n > 0) had.set(key, n - 1);
          return n === 0;
        });
        for (const name of ["texts", "kinds", "levels", "times", "streams"]) if (batch[name]) batch[name] = batch[name].filter((_, i) => left[i]);
      },
    };
  }

  #put(batch) {
    if (batch.texts.length > 0) this.hold(() => this.store.prepend(batch));
  }

  // read reads one answer, up to so many records.
  async #read(parameters, most, signal) {
    const url = new URL(this.url);
    url.searchParams.delete("last");
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
    const headers = { Accept: "text/event-stream" };
    if (this.token()) headers.Authorization = "Bearer " + this.token();
    const response = await fetch(url, { headers, cache: "no-store", credentials: "same-origin", redirect: "manual", signal });
    if (response.status !== 200) {
      void response.body?.cancel().catch(() => {});
      throw new Error("the proxy answers " + (response.status || "nothing"));
    }
    const batch = { texts: [], kinds: [], levels: [], times: [], streams: this.many ? [] : null, trouble: "", cut: false };
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    const events = new Events();
    let ended = false;
    const each = (name, _, data) => {
      if (name === "end") ended = true;
      else if (name === "dropped") batch.trouble ||= lost(parse(data));
      else if (name === "") {
        if (batch.texts.length >= most) batch.cut = true;
        else {
          const { text, stream, level, time } = peekEvent(data, this.many);
          add(batch, kinds.record, level, time, text, stream);
        }
      }
    };
    while (!ended && !batch.cut) {
      const { done, value } = await reader.read();
      if (done) break;
      events.push(value, each);
    }
    void reader.cancel().catch(() => {});
    return batch;
  }
}

function parse(data) {
  try {
    return JSON.parse(data) ?? {};
  } catch {
    return {};
  }
}

function add(batch, kind, level, time, text, stream = "") {
  batch.texts.push(text);
  batch.kinds.push(kind);
  batch.levels.push(level);
  batch.times.push(time);
  batch.streams?.push(stream);
}

const iso = (time) => new Date(time).toISOString();
const show = (time) => new Date(time).toLocaleString();
const lastTime = (batch) => batch.times.findLast((t) => !Number.isNaN(t)) ?? 0;
