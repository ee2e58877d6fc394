// What passes a filter, and what is found by a search, of pieces of rows in their order.

import { kinds } from "./store.js";
import { Test } from "./query.js";
import { start } from "./workers.js";

const patience = 10_000; // milliseconds for one piece
const inFlight = 4; // pieces that the worker has at a time

export class Matcher {
  #worker = null;
  #sent = []; // who waits for what the worker has
  #queue = []; // what it has not got yet
  #watchdog = 0;
  #ready = false; // the worker has started, so that it is the expression that takes its time

  // A query that cannot be read is an Error. onStuck is called when an expression takes
  // too long.
  constructor(query, onStuck) {
    this.query = query;
    this.test = new Test(query);
    this.onStuck = onStuck;
  }

  // each hands on 0, 1 or 3 for each row of a piece, see Test.of: at once when only
  // levels are asked for.
  each(piece, then) {
    if (this.test.empty) {
      then(piece.kinds.map((kind, i) => kind !== kinds.record || this.test.passesLevel(piece.levels[i]) ? 1 : 0));
      return;
    }
    if (!this.#worker) this.#start();
    this.#queue.push({ piece, then });
    this.#fill();
  }

  // waiting is how many pieces have not been tested yet.
  get waiting() { return this.#queue.length + this.#sent.length; }

  #fill() {
    while (this.#ready && this.#queue.length > 0 && this.#sent.length < inFlight) {
      const { piece, then } = this.#queue.shift();
      this.#worker.postMessage(piece);
      this.#sent.push(then);
      if (this.#sent.length === 1) this.#watch();
    }
  }

  #start() {
    this.#worker = start("match-worker.js");
    this.#worker.postMessage({ query: this.query });
    this.#worker.onmessage = ({ data }) => {
      if (data === "ready") {
        this.#ready = true;
        this.#fill();
        return;
      }
      const then = this.#sent.shift();
      clearTimeout(this.#watchdog);
      if (this.#sent.length > 0) this.#watch();
      then(data);
      if (this.#worker) this.#fill();
    };
  }

  #watch() {
    this.#watchdog = setTimeout(() => {
      this.close();
      this.onStuck();
    }, patience);
  }

  close() {
    clearTimeout(this.#watchdog);
    this.#worker?.terminate();
    this.#worker = null;
    this.#ready = false;
    this.#sent = [];
    this.#queue = [];
  }
}
