// Whether a reader falls behind: all that it reads was there before it asked.

const patience = 750; // milliseconds without having read all
const wait = 2; // milliseconds: who waits that long had read all
const little = 16 << 10; // UTF-16 units: so little at a time is all that there was

export class Pace {
  #since; // when all was read last

  constructor(now) { this.#since = now; }

  // behind notes that size units came now, which were asked for then, and tells whether
  // the reader is too far behind. Times are in milliseconds.
  behind(asked, now, size) {
    if (now - asked > wait || size < little) this.#since = now;
    return now - this.#since > patience;
  }
}
