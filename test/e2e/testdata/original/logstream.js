// A client of the original service that reads as the npm package webtask-log-stream 3
// does, and forgives as little: line by line; an event ends where two line ends stand
// side by side in what came at one time; one with a name is passed over.
"use strict";

const http = require("http");
const { Transform } = require("stream");

class Events extends Transform {
  #rest = Buffer.alloc(0);
  #event = null;

  constructor() {
    super({ readableObjectMode: true });
  }

  _transform(chunk, _encoding, done) {
    const bytes = Buffer.concat([this.#rest, chunk]);
    let start = 0;
    for (let at = bytes.indexOf("\n"); at >= 0; at = bytes.indexOf("\n", start)) {
      const line = bytes.toString("utf8", start, at);
      start = at + 1;
      const field = /^([^:]*):(.*)$/.exec(line);
      if (field) {
        this.#event ??= { event: "data" };
        if (field[1]) this.#event[field[1]] = field[2];
      } else {
        console.error("no field: " + JSON.stringify(line));
      }
      if (bytes[start] === 10) {
        // Without an event this throws, and ends the program, as it does there.
        if (this.#event.event === "data") this.#push(this.#event.data);
        this.#event = null;
        start++;
      }
    }
    this.#rest = bytes.subarray(start);
    done();
  }

  #push(data) {
    let record;
    try {
      record = JSON.parse(data);
    } catch {
      return;
    }
    this.push(record);
  }
}

module.exports = function logStream(url) {
  const events = new Events();
  const request = http.get(url, { headers: { Accept: "text/event-stream" } }, (response) => response.pipe(events));
  request.once("error", (error) => events.emit("error", error));
  request.once("close", () => events.emit("error", new Error("Connection closed")));
  return events;
};
