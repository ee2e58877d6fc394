// A worker that follows one stream: it keeps the connection, goes on where it broke off,
// reads the events, and hands on what it has once the page has taken what came before.

import { peek } from "./reading.js";
import { Events } from "./sse.js";
import { kinds } from "./store.js";
import { away, lost } from "./words.js";
import { Pending } from "./pending.js";

const silence = 30_000; // three pings: the connection is dead
const tooBusy = 750; // milliseconds without waiting for the network: too far behind
const tooLong = 10_000; // for an answer
const retries = [250, 500, 1000, 2000, 5000];

const pending = new Pending();
let taken = true; // the page has what was sent last
let losses = { count: 0, unknown: false };
let sources = new Map(); // by the consolidator's name, its latest number and state
const told = new Map(); // what stands in the rows of each consolidator: its state, and when it was back
let lastID = null;
let settings, abort, attempt = 0, wasLost = false, wake = null, generation = 0;

self.onmessage = ({ data }) => {
  switch (data.type) {
    case "start":
      settings = data;
      void follow(++generation);
      break;
    case "token":
      settings.token = data.token;
      attempt = 0;
      if (wake) wake();
      else void follow(++generation);
      break;
    case "taken":
      taken = true;
      send();
      break;
  }
};

// send hands on a batch.
function send() {
  if (!taken || pending.length === 0) return;
  const batch = pending.take();
  taken = false;
  self.postMessage({ type: "batch", batch, losses });
}

function state(name, message = "") {
  self.postMessage({ type: "state", state: name, message, sources: [...sources.values()] });
}

function notice(kind, text) {
  pending.add(kind, 0, Date.now(), text);
  send();
}

// follow reads responses, one after the other, until it is refused.
async function follow(mine) {
  while (mine === generation) {
    state(attempt === 0 && !wasLost ? "connecting" : "reconnecting");
    let outcome;
    try {
      outcome = await connect();
    } catch (err) {
      outcome = { message: err instanceof RangeError ? err.message : "the connection broke off" };
    }
    if (outcome.refused) {
      state(outcome.refused, outcome.message);
      return;
    }
    if (!wasLost && !outcome.planned) notice(kinds.state, (outcome.message || "the connection broke off") + "; trying again");
    wasLost ||= !outcome.planned;
    sources = new Map();
    state("reconnecting", outcome.message);
    const wait = outcome.planned ? retries[0] * Math.random() : outcome.after ?? retries[Math.min(attempt, retries.length - 1)] * (0.75 + Math.random() / 2);
    attempt++;
    await new Promise((done) => {
      const timer = setTimeout(done, wait);
      wake = () => { clearTimeout(timer); done(); };
    });
    wake = null;
  }
}

// connect reads one response to its end.
async function connect() {
  abort = new AbortController();
  let watchdog;
  const alive = () => {
    clearTimeout(watchdog);
    watchdog = setTimeout(() => abort.abort(), silence);
  };
  alive();
  const waiting = setTimeout(() => state("connecting", "no answer yet; over plain HTTP a browser makes six connections to one server, for all its tabs"), tooLong);
  try {
    const headers = { Accept: "text/event-stream" };
    if (settings.token) headers.Authorization = "Bearer " + settings.token;
    if (lastID !== null) headers["Last-Event-ID"] = lastID;
    const response = await fetch(settings.url, { headers, cache: "no-store", credentials: "same-origin", redirect: "error", signal: abort.signal });
    clearTimeout(waiting);
    if (response.status !== 200) return await refusal(response);
    attempt = 0;
    if (wasLost) notice(kinds.state, "connected again; what is missing stands below");
    wasLost = false;
    state("open");
    return await read(response, alive);
  } finally {
    clearTimeout(waiting);
    clearTimeout(watchdog);
    abort.abort();
  }
}

// refusal is what becomes of a tail that is not given.
async function refusal(response) {
  const message = await reason(response);
  if (response.status === 401) return { refused: "login", message };
  if (response.status === 429 || response.status >= 500) {
    return { message, after: Math.min(Number(response.headers.get("Retry-After")) || 1, 60) * 1000 };
  }
  return { refused: "refused", message };
}

// reason is what a refusal says of itself.
async function reason(response) {
  const text = (await response.text()).slice(0, 4096).replace(/^data: /, "");
  try {
    const problem = JSON.parse(text);
    return String(problem.detail ?? problem.msg ?? problem.title).slice(0, 500);
  } catch {
    return "the proxy answers " + response.status;
  }
}

async function read(response, alive) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  const events = new Events();
  let planned = false;
  let idle = performance.now(); // when there was nothing to read last
  const each = (name, id, data) => {
    if (id !== null) lastID = id;
    planned = event(name, data) || planned;
  };
  for (;;) {
    const asked = performance.now();
    const { done, value } = await reader.read();
    if (done) return { planned };
    alive();
    const now = performance.now();
    if (now - asked > 2) idle = now;
    if (now - idle > tooBusy) {
      const { records, last } = events.skip(value, each);
      if (last !== null) lastID = last;
      if (records > 0) pending.skip(records);
    } else {
      events.push(value, each);
    }
    send();
  }
}

// event takes one event; true when the proxy ends the response on purpose.
function event(name, data) {
  switch (name) {
    case "":
      record(data);
      break;
    case "dropped":
      drop(parse(data));
      break;
    case "source":
      source(parse(data));
      break;
    case "end":
      return true;
  }
  return false;
}

function parse(data) {
  try {
    return JSON.parse(data) ?? {};
  } catch {
    return {};
  }
}

function record(data) {
  let head = { level: 0, time: NaN };
  try {
    head = peek(JSON.parse(data));
  } catch { /* shown as it is */ }
  pending.add(kinds.record, head.level, head.time, data);
}

function drop(d) {
  d.count = Number(d.count) || 0;
  losses = { count: losses.count + d.count, unknown: losses.unknown || Boolean(d.unknown) };
  notice(kinds.gap, lost(d));
}

// source notes the state of a consolidator. What changed while one watches stands in the
// rows; how it was at the beginning does not.
function source(s) {
  const name = String(s.consolidator);
  const known = sources.get(name);
  if (!known || s.n >= known.n) sources.set(name, { n: s.n, consolidator: name, state: String(s.state) });
  const before = told.get(name) ?? { state: "", back: "" };
  if (s.away && s.back !== before.back) {
    losses = { ...losses, unknown: true };
    notice(kinds.state, away({ ...s, consolidator: name }));
  } else if (s.state === "lost" && before.state !== "lost" && before.state !== "") {
    notice(kinds.state, name + " is lost; the proxy tries again");
  } else if (s.state === "live" && before.state === "lost") {
    notice(kinds.state, name + " is back");
  }
  told.set(name, { state: s.state, back: s.back ?? before.back });
  state("open");
}
