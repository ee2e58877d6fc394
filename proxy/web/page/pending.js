// What a tail has read and the page has not taken yet. It is bounded: when the page does
// not keep up, the older half is counted and let go of.

import { kinds } from "./store.js";
import { count, plural } from "./words.js";

export const maxPending = 4096; // rows
const maxText = 8 << 20; // UTF-16 units
const errorLevel = 50;

export class Pending {
  #rows = []; // { kind, level, time, text, stream }; a skip has records, errors and notices, too
  #text = 0;

  get length() { return this.#rows.length; }

  add(kind, level, time, text, stream = "") {
    this.#rows.push({ kind, level, time, text, stream });
    this.#text += text.length;
    if (this.#rows.length > maxPending || this.#text > maxText) this.#shed();
  }

  // skip notes records that were not even looked at.
  skip(records) { this.#skip({ records, errors: 0, notices: 0, looked: false }); }

  #skip({ records, errors, notices, looked }) {
    const last = this.#rows.at(-1);
    if (last?.kind === kinds.skip && last.looked === looked) {
      last.records += records;
      last.errors += errors;
      last.notices += notices;
    } else {
      this.#rows.push({ kind: kinds.skip, level: 0, time: NaN, text: "", stream: "", records, errors, notices, looked });
    }
  }

  // shed lets go of the older half of the records; of losses and states, which are kept as
  // long as there is room, only when they alone are too many.
  #shed() {
    const old = this.#rows;
    const notices = old.reduce((n, row) => n + (row.kind === kinds.record ? 0 : 1), 0);
    this.#rows = [];
    this.#text = 0;
    old.forEach((row, i) => {
      const older = i < old.length / 2;
      if (row.kind === kinds.skip) this.#skip(row);
      else if (row.kind === kinds.record && older) this.#skip({ records: 1, errors: row.level >= errorLevel ? 1 : 0, notices: 0, looked: true });
      else if (older && notices > maxPending / 2) this.#skip({ records: 0, errors: 0, notices: 1, looked: true });
      else {
        this.#rows.push(row);
        this.#text += row.text.length;
      }
    });
  }

  // take returns all of it as a batch: arrays of texts, kinds, levels, times and streams,
  // and skipped, how many records are not in it.
  take() {
    const batch = { texts: [], kinds: [], levels: [], times: [], streams: [], skipped: 0 };
    for (const row of this.#rows) {
      if (row.kind === kinds.skip) {
        batch.skipped += row.records;
        row.text = skipped(row);
      }
      batch.texts.push(row.text);
      batch.kinds.push(row.kind);
      batch.levels.push(row.level);
      batch.times.push(row.time);
      batch.streams.push(row.stream);
    }
    this.#rows = [];
    this.#text = 0;
    return batch;
  }
}

function skipped({ records, errors, notices }) {
  const parts = [];
  if (records > 0 || notices === 0) parts.push(plural(records, "record"));
  if (notices > 0) parts.push(plural(notices, "notice"));
  return parts.join(" and ") + " skipped" + (errors > 0 ? " (" + count(errors) + " error)" : "") + ": this page could not keep up";
}
