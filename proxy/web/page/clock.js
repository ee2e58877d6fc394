// The time by the clock of the proxy: the one of this machine may be wrong, and may be set
// while the page is open.

const enough = 2000; // milliseconds: what the proxy says is in whole seconds, and takes a moment to come

export class Clock {
  #base;
  #ticks;

  // ahead is by how much this machine's clock is ahead of the proxy's, in milliseconds: 0
  // when the two agree.
  ahead = 0;

  // now and ticks return milliseconds, since 1970 and of a clock that nobody sets.
  constructor(now = () => Date.now(), ticks = () => performance.now()) {
    this.#ticks = ticks;
    this.#base = now() - ticks();
  }

  get now() { return this.#base + this.#ticks() - this.ahead; }

  // learn takes the time of an answer that has just come, in milliseconds; NaN when it has
  // none.
  learn(date) {
    if (Number.isNaN(date)) return;
    const ahead = this.#base + this.#ticks() - (date + 500);
    if (Math.abs(ahead) < enough) this.ahead = 0;
    else if (Math.abs(ahead - this.ahead) >= enough) this.ahead = ahead;
  }
}

export const clock = new Clock();
