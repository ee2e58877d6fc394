// A worker that watches the live streams while somebody looks at them: it is told what
// changes. Names are handed on when they change, rates each time.

const every = 3000; // milliseconds between two answers

let asked = 0;
let abort = new AbortController();
let timer = 0;

self.onmessage = ({ data }) => {
  clearTimeout(timer);
  abort.abort();
  asked++;
  if (data.watch) void watch(data.url, data.token, asked);
};

async function watch(url, token, mine) {
  abort = new AbortController();
  let status = 0;
  try {
    const response = await fetch(url + "?watch=changes", {
      headers: token ? { Authorization: "Bearer " + token } : {}, cache: "no-store", redirect: "error", signal: abort.signal,
    });
    status = response.status;
    if (response.ok) {
      await read(response.body, (answer) => { if (mine === asked) self.postMessage(answer); });
      status = 0;
    } else if (mine === asked) self.postMessage({ refused: status });
  } catch {
    if (mine === asked) self.postMessage({ refused: 0 });
  }
  if (mine === asked && status !== 401) timer = setTimeout(() => void watch(url, token, mine), every);
}

// read hands on the list whenever it is whole. A line is one object.
async function read(body, show) {
  const list = new Live(), reader = body.getReader(), decoder = new TextDecoder();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const lines = (rest + decoder.decode(value, { stream: true })).split("\n");
    rest = lines.pop();
    let whole = false;
    for (const line of lines) whole = list.take(JSON.parse(line)) || whole;
    if (whole) show(list.answer());
  }
}

// Live is the list, put together from what has changed.
class Live {
  #streams = new Map(); // by name
  #names = null; // sorted; null when they have changed

  // take reports whether the list is whole.
  take({ all, changed = [], gone = [], more }) {
    if (all) {
      this.#streams.clear();
      this.#names = null;
    }
    for (const { name, rate, sources } of changed) {
      if (!this.#streams.has(name)) this.#names = null;
      this.#streams.set(name, { rate, sources });
    }
    for (const name of gone) if (this.#streams.delete(name)) this.#names = null;
    return !more;
  }

  answer() {
    const answer = {};
    if (!this.#names) answer.names = this.#names = [...this.#streams.keys()].sort();
    const streams = this.#names.map((name) => this.#streams.get(name));
    answer.rates = Float32Array.from(streams, (s) => s.rate);
    answer.sources = Uint16Array.from(streams, (s) => s.sources);
    return answer;
  }
}
