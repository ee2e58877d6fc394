// The rate of a stream and of its errors over the last five minutes, by the second.

const seconds = 300;
const backwards = 2; // seconds that a clock may go back and still be right
const errorLevel = 50;

export class Pulse {
  #all = new Uint32Array(seconds);
  #errors = new Uint32Array(seconds);
  #now = 0; // the second that the last cell is of

  // add counts records of a time in milliseconds; one that has none, or one of the
  // future, counts as of now.
  add(time, level, now, records = 1) {
    this.#turn(Math.floor(now / 1000));
    let second = Math.floor(time / 1000);
    if (!(time > 0) || second > this.#now) second = this.#now;
    if (second <= this.#now - seconds) return;
    this.#all[second % seconds] += records;
    if (level >= errorLevel) this.#errors[second % seconds]++;
  }

  #turn(now) {
    if (now < this.#now - backwards) { // the clock was wrong, and so is what was counted by it
      this.#all.fill(0);
      this.#errors.fill(0);
      this.#now = now;
    }
    if (now <= this.#now) return;
    for (let s = Math.max(this.#now + 1, now - seconds + 1); s <= now; s++) this.#all[s % seconds] = this.#errors[s % seconds] = 0;
    this.#now = now;
  }

  // read returns the sums of cells of width seconds, the oldest first.
  read(width, now) {
    this.#turn(Math.floor(now / 1000));
    const cells = [];
    for (let from = this.#now - seconds + 1; from <= this.#now; from += width) {
      const cell = { all: 0, errors: 0 };
      for (let s = from; s < from + width; s++) {
        cell.all += this.#all[s % seconds];
        cell.errors += this.#errors[s % seconds];
      }
      cells.push(cell);
    }
    return cells;
  }

  // rate is records a second over the last five whole seconds.
  rate(now) {
    return this.#sum(this.#all, 5, now) / 5;
  }

  // errors is how many there were in the last minute.
  errors(now) {
    return this.#sum(this.#errors, 60, now);
  }

  #sum(cells, n, now) {
    this.#turn(Math.floor(now / 1000));
    let sum = 0;
    for (let s = this.#now - n; s < this.#now; s++) sum += cells[(s + seconds) % seconds];
    return sum;
  }
}

// draw returns the shapes of a sparkline of cells as the d of two SVG paths, in a box
// of width by height: all records, and in front of them the errors. Heights are square
// roots, so that a burst leaves what is usual in sight.
export function draw(cells, width, height) {
  const most = Math.max(...cells.map((c) => c.all), 1);
  const step = width / cells.length;
  let all = "", errors = "";
  cells.forEach((c, i) => {
    if (c.all === 0) return;
    const h = Math.max(Math.sqrt(c.all / most) * height, 1);
    const e = c.errors === 0 ? 0 : Math.max(Math.sqrt(c.errors / most) * height, 1.5);
    const x = (i * step).toFixed(2), w = Math.max(step - 0.4, 0.5).toFixed(2);
    all += `M${x} ${height}v-${h.toFixed(2)}h${w}v${h.toFixed(2)}z`;
    if (e > 0) errors += `M${x} ${height}v-${e.toFixed(2)}h${w}v${e.toFixed(2)}z`;
  });
  return { all, errors };
}
