// Which rows of a store are shown, in their order, and where one stands in them. Rows
// that are on the screen of somebody who does not follow stay, also when the store lets
// them go; then a row says how many are no longer held behind them.

import { kinds } from "./store.js";
import { plural } from "./words.js";
import { Matcher } from "./matcher.js";

const errorLevel = 50, warnLevel = 40;

export class View {
  #numbers = []; // of the rows that pass and are held, from #head on
  #head = 0;
  #hits = []; // numbers of those that are found, from #hitsHead on
  #hitsHead = 0;
  #kept = []; // rows that the store does not hold any more
  #scanned = 0; // up to here rows have been given to the matcher
  #tested = 0; // and up to here it has answered
  #generation = 0;
  #heard = 0; // rows from here on are news

  constructor(store, { onChange, onStuck }) {
    this.store = store;
    this.onChange = onChange;
    this.onStuck = onStuck;
    this.fresh = { all: 0, warn: 0, error: 0 }; // what came since one stopped following
    this.news = { all: 0, errors: 0, last: null }; // what came since it was taken: see takeNews
    this.unseen = 0; // rows that were let go before the matcher came to them
    this.following = true;
    this.#matcher = new Matcher({});
  }

  #matcher;

  get query() { return this.#matcher.query; }
  get test() { return this.#matcher.test; }

  // ask shows what passes another query. A query that cannot be read is an Error, and
  // changes nothing.
  ask(query) {
    const matcher = new Matcher(query, { onRoom: () => this.scan(), onStuck: () => this.onStuck() });
    this.#matcher.close();
    this.#matcher = matcher;
    this.#generation++;
    this.#numbers = [];
    this.#hits = [];
    this.#kept = [];
    this.#head = this.#hitsHead = 0;
    this.#scanned = this.#tested = this.store.first;
    this.#heard = this.store.next;
    this.unseen = 0;
    this.fresh = { all: 0, warn: 0, error: 0 };
    this.scan();
  }

  // scan has rows tested that have not been yet, as many as the matcher takes.
  scan() {
    const generation = this.#generation;
    if (this.#scanned < this.store.first) {
      this.unseen += this.store.first - this.#scanned;
      this.#scanned = this.store.first;
    }
    while (this.#scanned < this.store.next && this.#matcher.room) {
      const piece = this.store.piece(this.#scanned);
      this.#scanned += piece.texts.length;
      this.#matcher.each(piece, (passes) => {
        if (generation === this.#generation) this.#take(piece, passes);
      });
    }
  }

  #take(piece, passes) {
    for (let i = 0; i < passes.length; i++) {
      const number = piece.first + i;
      if (passes[i] === 0 || number < this.store.first) continue;
      this.#numbers.push(number);
      if (passes[i] === 3) this.#hits.push(number);
      if (number >= this.#heard) this.#hear(piece, i);
      if (!this.following && piece.kinds[i] === kinds.record && number >= this.since) {
        this.fresh.all++;
        if (piece.levels[i] >= errorLevel) this.fresh.error++;
        else if (piece.levels[i] >= warnLevel) this.fresh.warn++;
      }
    }
    this.#tested = piece.first + passes.length;
    this.onChange();
  }

  #hear(piece, i) {
    const isRecord = piece.kinds[i] === kinds.record, isError = piece.levels[i] >= errorLevel;
    if (isRecord) this.news.all++;
    if (isError) this.news.errors++;
    if (!isRecord || isError || !this.news.last?.important) this.news.last = { kind: piece.kinds[i], text: piece.texts[i], important: !isRecord || isError };
  }

  // takeNews returns how many records and errors came and passed since it was called last,
  // and the last row of them, the last that is an error or no record if there was one.
  takeNews() {
    const news = this.news;
    this.news = { all: 0, errors: 0, last: null };
    return news;
  }

  // busy tells how much of the store has not been tested yet, in rows.
  get busy() { return this.store.next - Math.max(this.#tested, this.store.first); }

  // leave stops following, and follow starts it again.
  leave() {
    if (!this.following) return;
    this.following = false;
    this.since = this.store.next;
    this.fresh = { all: 0, warn: 0, error: 0 };
  }

  follow() {
    this.following = true;
    this.#kept = [];
  }

  // makeRoom lets go of rows before a number; those between top and bottom, places in
  // the view, are kept.
  makeRoom(horizon, top, bottom) {
    if (!this.following) {
      const kept = [];
      for (let at = Math.max(top, 0); at <= bottom && at < this.length; at++) {
        const row = this.at(at);
        if (row.kind !== kinds.seam && row.number < horizon) kept.push(row);
      }
      this.#kept = kept;
    }
    while (this.#head < this.#numbers.length && this.#numbers[this.#head] < horizon) this.#head++;
    while (this.#hitsHead < this.#hits.length && this.#hits[this.#hitsHead] < horizon) this.#hitsHead++;
    if (this.#head > 8192) {
      this.#numbers.splice(0, this.#head);
      this.#head = 0;
    }
    if (this.#hitsHead > 8192) {
      this.#hits.splice(0, this.#hitsHead);
      this.#hitsHead = 0;
    }
  }

  // release lets go of kept rows when none of them is in sight.
  release(top) {
    if (this.#kept.length === 0 || top <= this.#kept.length) return 0;
    const n = this.#kept.length + 1;
    this.#kept = [];
    return n;
  }

  get #keptRows() { return this.#kept.length > 0 ? this.#kept.length + 1 : 0; }

  // length is how many rows are shown.
  get length() { return this.#keptRows + this.#numbers.length - this.#head; }

  // at returns the row at a place.
  at(place) {
    if (place < this.#kept.length) return this.#kept[place];
    if (place < this.#keptRows) return this.#seam();
    return this.store.row(this.#numbers[this.#head + place - this.#keptRows]);
  }

  #seam() {
    const missing = this.store.first - this.#kept.at(-1).number - 1;
    const text = (missing === 1 ? "1 row is" : plural(missing, "row") + " are") + " no longer held";
    return { number: this.#kept.at(-1).number + 0.5, kind: kinds.seam, level: 0, time: NaN, text };
  }

  // place returns where a number stands, or where the next one does.
  place(number) {
    for (let i = 0; i < this.#kept.length; i++) if (this.#kept[i].number >= number) return i;
    let low = this.#head, high = this.#numbers.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#numbers[middle] < number) low = middle + 1;
      else high = middle;
    }
    return low - this.#head + this.#keptRows;
  }

  get hits() { return this.#hits.length - this.#hitsHead; }

  // hit returns the number of the next row that is found, from a number on, or before
  // it; at the end it goes round. rank is which one that is, from 1.
  hit(number, forward) {
    const n = this.hits;
    if (n === 0) return null;
    let low = this.#hitsHead, high = this.#hits.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#hits[middle] < number || forward && this.#hits[middle] === number) low = middle + 1;
      else high = middle;
    }
    let i = low - this.#hitsHead - (forward ? 0 : 1);
    i = (i + n) % n;
    return { number: this.#hits[this.#hitsHead + i], rank: i + 1 };
  }

  // seek returns the place of the next row at or above a level, from a place on; -1
  // when there is none.
  seek(place, step, level) {
    for (let at = place + step; at >= 0 && at < this.length; at += step) {
      const row = this.at(at);
      if (row.kind === kinds.record && row.level >= level) return at;
    }
    return -1;
  }

  // texts returns all that is shown, in its order, as [kind, text, time, stream].
  texts() {
    return Array.from({ length: this.length }, (_, i) => {
      const row = this.at(i);
      return [row.kind, row.text, row.time, row.stream];
    });
  }

  close() { this.#matcher.close(); }
}
