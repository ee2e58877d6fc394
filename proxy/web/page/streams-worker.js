// A worker that asks for the live streams, again and again while somebody looks at them.
// Names are handed on when they change, rates each time.

const every = 3000; // milliseconds

let names = [];
let timer = 0;
let asked = 0;

self.onmessage = ({ data }) => {
  clearTimeout(timer);
  asked++;
  if (data.watch) void list(data.url, data.token, asked);
};

async function list(url, token, mine) {
  let answer;
  try {
    const response = await fetch(url, { headers: token ? { Authorization: "Bearer " + token } : {}, cache: "no-store", redirect: "error" });
    answer = response.ok ? read(await response.json()) : { refused: response.status };
  } catch {
    answer = { refused: 0 };
  }
  if (mine !== asked) return;
  self.postMessage(answer);
  if (answer.refused !== 401) timer = setTimeout(() => void list(url, token, mine), every);
}

function read({ streams }) {
  const answer = { rates: Float32Array.from(streams, (s) => s.rate), sources: Uint16Array.from(streams, (s) => s.sources) };
  if (streams.length !== names.length || streams.some((s, i) => s.name !== names[i])) {
    answer.names = names = streams.map((s) => String(s.name));
  }
  return answer;
}
