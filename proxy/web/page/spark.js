// The rate and the errors of the last five minutes, drawn.

import { draw } from "./pulse.js";
import { plural, rate } from "./words.js";

const width = 120, height = 16, cell = 5; // seconds
const space = "http://www.w3.org/2000/svg";

export class Spark {
  constructor(pulse) {
    this.pulse = pulse;
    this.svg = document.createElementNS(space, "svg");
    this.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.svg.setAttribute("class", "spark");
    this.svg.setAttribute("role", "img");
    this.paths = ["all", "errors"].map((name) => {
      const path = document.createElementNS(space, "path");
      path.setAttribute("class", name);
      this.svg.append(path);
      return path;
    });
  }

  update(now) {
    const { all, errors } = draw(this.pulse.read(cell, now), width, height);
    this.paths[0].setAttribute("d", all);
    this.paths[1].setAttribute("d", errors);
    this.svg.setAttribute("aria-label", "the last five minutes: now " + rate(this.pulse.rate(now)) + ", " + plural(this.pulse.errors(now), "error") + " in the last minute");
  }
}
