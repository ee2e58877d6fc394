// What a tail has read and the page has not taken yet. It is bounded: when the page does
// not keep up, the older half is counted and let go of. Losses and states are kept.

import { kinds } from "./store.js";
import { count, plural } from "./words.js";

export const maxPending = 4096; // rows
const maxText = 8 << 20; // UTF-16 units
const errorLevel = 50;

export class Pending {
  #rows = []; // { kind, level, time, text }; a skip has records and errors, too
  #text = 0;

  get length() { return this.#rows.length; }

  add(kind, level, time, text) {
    this.#rows.push({ kind, level, time, text });
    this.#text += text.length;
    if (this.#rows.length > maxPending || this.#text > maxText) this.#shed();
  }

  // skip notes records that were not even looked at.
  skip(records, errors = 0, looked = false) {
    const last = this.#rows.at(-1);
    if (last?.kind === kinds.skip && last.looked === looked) {
      last.records += records;
      last.errors += errors;
    } else {
      this.#rows.push({ kind: kinds.skip, level: 0, time: NaN, text: "", records, errors, looked });
    }
  }

  #shed() {
    const old = this.#rows;
    this.#rows = [];
    this.#text = 0;
    old.forEach((row, i) => {
      if (row.kind === kinds.record && i < old.length / 2) this.skip(1, row.level >= errorLevel ? 1 : 0, true);
      else if (row.kind === kinds.skip) this.skip(row.records, row.errors, row.looked);
      else {
        this.#rows.push(row);
        this.#text += row.text.length;
      }
    });
  }

  // take returns all of it as a batch: arrays of texts, kinds, levels and times, and
  // skipped, how many records are not in it.
  take() {
    const batch = { texts: [], kinds: [], levels: [], times: [], skipped: 0 };
    for (const row of this.#rows) {
      if (row.kind === kinds.skip) {
        batch.skipped += row.records;
        row.text = plural(row.records, "record") + " skipped" + (row.errors > 0 ? " (" + count(row.errors) + " error)" : "") + ": this page could not keep up";
      }
      batch.texts.push(row.text);
      batch.kinds.push(row.kind);
      batch.levels.push(row.level);
      batch.times.push(row.time);
    }
    this.#rows = [];
    this.#text = 0;
    return batch;
  }
}
