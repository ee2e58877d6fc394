// A tail as the page has it: it is handed what came once a frame, and at once while the
// page is hidden, when there are no frames.

import { clock } from "./clock.js";
import { start } from "./workers.js";

export class Tail {
  #worker = start("tail-worker.js");
  #waiting = null;
  #frame = 0;

  // many tells that each record comes with the name of its stream. onBatch gets each batch with the losses so far, onState the state of the connection
  // and of the consolidators.
  constructor({ url, many, token, onBatch, onState }) {
    this.state = { state: "connecting", message: "", sources: [] };
    const take = () => {
      cancelAnimationFrame(this.#frame);
      this.#frame = 0;
      const waiting = this.#waiting;
      this.#waiting = null;
      if (!waiting) return;
      try {
        onBatch(waiting.batch, waiting.losses);
      } finally {
        this.#worker.postMessage({ type: "taken" });
      }
    };
    this.#worker.onmessage = ({ data }) => {
      if (data.type === "state") {
        this.state = data;
        clock.learn(data.date);
        onState(data);
        return;
      }
      this.#waiting = data;
      if (document.hidden) take();
      else this.#frame = requestAnimationFrame(take);
    };
    this.hidden = () => { if (document.hidden) take(); };
    document.addEventListener("visibilitychange", this.hidden);
    this.#worker.postMessage({ type: "start", url, many, token });
  }

  // login goes on with another token, where it stopped.
  login(token) { this.#worker.postMessage({ type: "token", token }); }

  close() {
    document.removeEventListener("visibilitychange", this.hidden);
    cancelAnimationFrame(this.#frame);
    this.#worker.terminate();
  }
}
