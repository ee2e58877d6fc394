// The consolidators of a tail: how each stands, over all streams that are read of it, and
// what of that is to be told.

import { away } from "./words.js";

// order has the states from the best to the worst; one that is not known is worst.
const order = ["live", "connecting", "unaccounted"];
const rank = (state) => state === "lost" ? order.length + 1 : (order.indexOf(state) + 1 || order.length + 2) - 1;

export class Sources {
  #parts = new Map(); // by consolidator, then by stream, the latest number and state
  #told = new Map(); // what was said of each consolidator last: its state, and when it was back

  // clear forgets how they stand, since nobody says it any more; what was told stays.
  clear() { this.#parts.clear(); }

  // list is every consolidator with its state: the worst of its streams'.
  get list() {
    return Array.from(this.#parts, ([consolidator, parts]) => ({ consolidator, state: worst(parts) }));
  }

  // note takes the data of a source event, and returns what is to be told, or "", and
  // whether a number of losses is unknown from now on. What changes while one watches is
  // told; how it was at the beginning is not.
  note(s) {
    const name = String(s.consolidator), stream = String(s.stream ?? "");
    const parts = this.#parts.get(name) ?? new Map();
    this.#parts.set(name, parts);
    const known = parts.get(stream);
    if (!known || s.n >= known.n) parts.set(stream, { n: s.n, state: String(s.state) });
    const state = worst(parts);
    const before = this.#told.get(name) ?? { state: "", back: "" };
    this.#told.set(name, { state, back: s.back ?? before.back });
    if (s.away && s.back !== before.back) return { text: away({ ...s, consolidator: name }), unknown: true };
    if (state === "lost" && before.state !== "lost" && before.state !== "") return { text: name + " is lost; the proxy tries again", unknown: false };
    if (state === "live" && before.state === "lost") return { text: name + " is back", unknown: false };
    return { text: "", unknown: false };
  }
}

function worst(parts) {
  let found = "live";
  for (const { state } of parts.values()) if (rank(state) > rank(found)) found = state;
  return found;
}
