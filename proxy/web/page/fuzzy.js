// Names by a few of their letters: those that have the letters of the pattern in their
// order, whatever their case. Runs and beginnings of words count more, short names too.

const isWordEnd = (c) => c === 47 || c === 45 || c === 95 || c === 46; // / - _ .

// letters returns the score of a pattern in a name, both in small letters, or -Infinity;
// with found, the places of the letters are put there.
export function letters(pattern, name, found) {
  let best = -Infinity;
  const first = pattern.charCodeAt(0);
  for (let start = name.indexOf(pattern[0]); start >= 0; start = name.indexOf(pattern[0], start + 1)) {
    let score = 0, j = 0, last = -2, want = first;
    const places = found ? [] : null;
    for (let i = start; i < name.length && j < pattern.length; i++) {
      if (name.charCodeAt(i) !== want) continue;
      score++;
      if (i === 0 || isWordEnd(name.charCodeAt(i - 1))) score += 4;
      else if (last === i - 1) score += 6;
      last = i;
      places?.push(i);
      want = pattern.charCodeAt(++j);
    }
    if (j < pattern.length) break; // nor from any later place
    score = score * 8 - name.length;
    if (score <= best) continue;
    best = score;
    if (found) found.splice(0, found.length, ...places);
  }
  return best;
}

// Names is a list that is searched as one types.
export class Names {
  #lower = [];

  constructor(names) {
    this.all = names;
    this.#lower = names.map((n) => n.toLowerCase());
  }

  // search returns the indices of the names that match, the best first, and at most
  // max of them, with the number of all. A pattern without letters matches all, by
  // the order of the list.
  search(pattern, max) {
    pattern = pattern.toLowerCase();
    if (pattern === "") {
      return { total: this.all.length, best: Array.from({ length: Math.min(max, this.all.length) }, (_, i) => i) };
    }
    const scores = [];
    for (let i = 0; i < this.#lower.length; i++) {
      const score = letters(pattern, this.#lower[i]);
      if (score > -Infinity) scores.push([score, i]);
    }
    scores.sort((a, b) => b[0] - a[0] || a[1] - b[1]);
    return { total: scores.length, best: scores.slice(0, max).map((s) => s[1]) };
  }
}
