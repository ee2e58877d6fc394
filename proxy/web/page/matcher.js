// What passes a filter, and what is found by a search, of pieces of rows in their order.

import { kinds } from "./store.js";
import { Test } from "./query.js";
import { start } from "./workers.js";

const patience = 10; // seconds for one piece
const inFlight = 4; // pieces that the worker has at a time

export class Matcher {
  #worker = null;
  #sent = []; // who waits for what the worker has
  #watchdog = 0;
  #ready = false; // the worker has started, so that it is the expression that takes its time

  // A query that cannot be read is an Error, whose part says which part of it is meant.
  // onRoom is called when there is room again for a piece, and onStuck when an expression
  // takes too long.
  constructor(query, { onRoom = () => {}, onStuck = () => {} } = {}) {
    this.query = query;
    this.test = new Test(query);
    this.onRoom = onRoom;
    this.onStuck = onStuck;
    if (!this.test.empty) this.#start();
  }

  // room tells whether each takes another piece now.
  get room() { return this.test.empty || this.#ready && this.#sent.length < inFlight; }

  // each hands on 0, 1 or 3 for each row of a piece, see Test.of: at once when only
  // levels are asked for.
  each(piece, then) {
    if (this.test.empty) {
      then(piece.kinds.map((kind, i) => kind !== kinds.record || this.test.passesLevel(piece.levels[i]) ? 1 : 0));
      return;
    }
    this.#worker.postMessage(piece);
    this.#sent.push(then);
    if (this.#sent.length === 1) this.#watch();
  }

  #start() {
    this.#worker = start("match-worker.js");
    this.#worker.postMessage({ query: this.query });
    this.#worker.onmessage = ({ data }) => {
      if (data === "ready") {
        this.#ready = true;
      } else {
        const then = this.#sent.shift();
        clearTimeout(this.#watchdog);
        if (this.#sent.length > 0) this.#watch();
        then(data);
      }
      if (this.#worker) this.onRoom();
    };
  }

  // watch counts seconds one by one: a machine that slept has not waited for the worker.
  #watch(left = patience) {
    this.#watchdog = setTimeout(() => {
      if (left > 1) {
        this.#watch(left - 1);
        return;
      }
      this.close();
      this.onStuck();
    }, 1000);
  }

  close() {
    clearTimeout(this.#watchdog);
    this.#worker?.terminate();
    this.#worker = null;
    this.#ready = false;
    this.#sent = [];
  }
}
