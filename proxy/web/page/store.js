// The records of a pane, and what stands between them: bounded in number and in size,
// the oldest are let go first. Each has a number, which grows by one.

export const kinds = { record: 0, gap: 1, state: 2, skip: 3, seam: 4 };

// Bounds of a store: rows, and UTF-16 units of text.
export const maxRows = 50_000;
export const maxText = 32 << 20;

// Bounds of a chunk, which is let go as one.
const chunkRows = 512;
const chunkText = 256 << 10;

export class Store {
  #chunks = [];
  #next = 0;
  #names = new Map();

  constructor(rows = maxRows, text = maxText) {
    this.bounds = { rows, text };
    this.text = 0;
    this.evicted = 0;
  }

  get first() { return this.#chunks.length > 0 ? this.#chunks[0].first : this.#next; }
  get next() { return this.#next; }
  get rows() { return this.#next - this.first; }

  // add takes a batch: arrays of texts, kinds, levels, times, and of the names of their
  // streams, or null when all are of one.
  add(batch) {
    for (let i = 0; i < batch.texts.length; i++) {
      let c = this.#chunks.at(-1);
      if (!c || c.texts.length >= chunkRows || c.size >= chunkText) {
        c = { first: this.#next, size: 0, texts: [], kinds: [], levels: [], times: [], streams: batch.streams ? [] : null };
        this.#chunks.push(c);
      }
      c.texts.push(batch.texts[i]);
      c.kinds.push(batch.kinds[i]);
      c.levels.push(batch.levels[i]);
      c.times.push(batch.times[i]);
      if (c.streams) c.streams.push(this.#nameOf(batch.streams[i]));
      c.size += batch.texts[i].length;
      this.text += batch.texts[i].length;
      this.#next++;
    }
  }

  // prepend takes a batch that stands before all that is there: its numbers go on downwards.
  prepend(batch) {
    const chunks = [];
    let first = this.first - batch.texts.length;
    for (let from = 0; from < batch.texts.length; from += chunkRows) {
      const to = from + chunkRows;
      const texts = batch.texts.slice(from, to);
      const size = texts.reduce((n, text) => n + text.length, 0);
      chunks.push({
        first, size, texts, kinds: batch.kinds.slice(from, to), levels: batch.levels.slice(from, to), times: batch.times.slice(from, to),
        streams: batch.streams ? batch.streams.slice(from, to).map((s) => this.#nameOf(s)) : null,
      });
      first += texts.length;
      this.text += size;
    }
    this.#chunks.unshift(...chunks);
  }

  // drop lets go of the rows before a number at which a batch ends.
  drop(number) {
    while (this.#chunks.length > 0 && this.first < number) {
      this.text -= this.#chunks.shift().size;
    }
  }

  // each calls f with all rows, in their order; what it is given is good for that call.
  each(f) {
    for (const c of this.#chunks) {
      for (let i = 0; i < c.texts.length; i++) f({ number: c.first + i, kind: c.kinds[i], time: c.times[i], text: c.texts[i], stream: c.streams?.[i] ?? "" });
    }
  }

  // find returns the number of the first record that passes; null when none does.
  find(passes) {
    for (const c of this.#chunks) {
      for (let i = 0; i < c.texts.length; i++) if (c.kinds[i] === kinds.record && passes({ time: c.times[i] })) return c.first + i;
    }
    return null;
  }

  // nameOf is a name that all rows of a stream share.
  #nameOf(stream) {
    const known = this.#names.get(stream);
    if (known === undefined) this.#names.set(stream, stream);
    return known ?? stream;
  }

  // full tells whether something has to go; evict then lets go of the oldest chunks.
  // The newest chunk stays whatever its size.
  get full() { return this.#chunks.length > 1 && (this.rows > this.bounds.rows || this.text > this.bounds.text); }

  // horizon is the number that will be the first once what has to go is gone.
  get horizon() {
    let rows = this.rows, text = this.text, n = 0;
    while (n < this.#chunks.length - 1 && (rows > this.bounds.rows || text > this.bounds.text)) {
      rows -= this.#chunks[n].texts.length;
      text -= this.#chunks[n++].size;
    }
    return n < this.#chunks.length ? this.#chunks[n].first : this.#next;
  }

  evict() {
    const horizon = this.horizon;
    while (this.first < horizon) {
      const c = this.#chunks.shift();
      this.text -= c.size;
      this.evicted += c.texts.length;
    }
  }

  // row returns a row that is held.
  row(number) {
    const c = this.#chunkOf(number);
    const i = number - c.first;
    return { number, kind: c.kinds[i], level: c.levels[i], time: c.times[i], text: c.texts[i], stream: c.streams?.[i] ?? "" };
  }

  // piece returns rows from a number on, which are held, as arrays: those of its chunk.
  piece(number) {
    const c = this.#chunkOf(number);
    const i = number - c.first;
    return { first: number, texts: c.texts.slice(i), kinds: c.kinds.slice(i), levels: c.levels.slice(i), streams: c.streams?.slice(i) };
  }

  #chunkOf(number) {
    let low = 0, high = this.#chunks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#chunks[middle].first <= number) low = middle;
      else high = middle - 1;
    }
    return this.#chunks[low];
  }
}
