// A worker that follows one stream, or several as one: it keeps the connection, goes on
// where it broke off, reads the events, and hands on what it has once the page has taken
// what came before.

import { Pace } from "./pace.js";
import { Pending } from "./pending.js";
import { shorten } from "./safe.js";
import { Sources } from "./sources.js";
import { Events } from "./sse.js";
import { kinds } from "./store.js";
import { lost } from "./words.js";
import { peekEvent } from "./wrapped.js";

const silence = 30_000; // milliseconds, three pings: the connection is dead
const tooLong = 10_000; // milliseconds, for an answer
const lasting = 5_000; // milliseconds: a response that lasts so long was a good one
const retries = [250, 500, 1000, 2000, 5000]; // milliseconds
const maxNotice = 2048; // UTF-16 units
const maxRefusal = 4096; // bytes

const pending = new Pending();
const sources = new Sources();
let taken = true; // the page has what was sent last
let losses = { count: 0, unknown: false };
let lastID = null;
let date = NaN; // of the last answer, by the proxy's clock
let settings, running = false, attempt = 0, wasLost = false, wake = null;

self.onmessage = ({ data }) => {
  switch (data.type) {
    case "start":
      settings = data;
      void follow();
      break;
    case "token": // what is open goes on, as long as it may
      settings.token = data.token;
      attempt = 0;
      if (wake) wake();
      else if (!running) void follow();
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
  if (!settings.many) batch.streams = null;
  taken = false;
  self.postMessage({ type: "batch", batch, losses });
}

function state(name, message = "") {
  self.postMessage({ type: "state", state: name, message, sources: sources.list, date });
  date = NaN;
}

function notice(kind, text, stream = "") {
  pending.add(kind, 0, Date.now(), shorten(text, maxNotice), stream);
  send();
}

// follow reads responses, one after the other, until it is refused.
async function follow() {
  running = true;
  for (;;) {
    state(attempt === 0 && !wasLost ? "connecting" : "reconnecting");
    const asked = performance.now();
    let outcome;
    try {
      outcome = await connect();
    } catch (err) {
      outcome = { message: err instanceof RangeError ? err.message : "the connection broke off" };
    }
    sources.clear();
    if (outcome.refused) {
      running = false;
      state(outcome.refused, outcome.message);
      return;
    }
    if (performance.now() - asked > lasting) attempt = 0;
    if (!wasLost && !outcome.planned) notice(kinds.state, (outcome.message || "the connection broke off") + "; trying again");
    wasLost ||= !outcome.planned;
    state("reconnecting", outcome.message);
    const wait = retries[Math.min(attempt, retries.length - 1)];
    attempt++;
    await new Promise((done) => {
      const timer = setTimeout(done, outcome.planned ? wait * Math.random() : outcome.after ?? wait * (0.75 + Math.random() / 2));
      wake = () => { clearTimeout(timer); done(); };
    });
    wake = null;
  }
}

// connect reads one response to its end.
async function connect() {
  const abort = new AbortController();
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
    const response = await fetch(settings.url, { headers, cache: "no-store", credentials: "same-origin", redirect: "manual", signal: abort.signal });
    clearTimeout(waiting);
    if (response.type === "opaqueredirect") {
      return { message: "what stands before the proxy wants a login of its own: log in there in another tab, and this one goes on", after: 2000 };
    }
    date = Date.parse(response.headers.get("Date") ?? "");
    if (response.status !== 200) return await refusal(response);
    if (!/^text\/event-stream\b/i.test(response.headers.get("Content-Type") ?? "")) return { message: "what answers is no proxy of Sluice" };
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
  const said = await beginning(response);
  try {
    const problem = JSON.parse(said.replace(/^data: /, ""));
    return String(problem.detail ?? problem.msg ?? problem.title).slice(0, 500);
  } catch {
    return "the proxy answers " + response.status;
  }
}

// beginning is the first text of a body, which may have no end.
async function beginning(response) {
  const reader = response.body.getReader(), decoder = new TextDecoder();
  let text = "";
  while (text.length < maxRefusal) {
    const { done, value } = await reader.read();
    if (done) break;
    text += decoder.decode(value.subarray(0, maxRefusal), { stream: true });
  }
  void reader.cancel().catch(() => {});
  return text.slice(0, maxRefusal);
}

async function read(response, alive) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  const events = new Events();
  const pace = new Pace(performance.now());
  let planned = false;
  const each = (name, id, data) => {
    if (id !== null) lastID = id;
    planned = event(name, data) || planned;
  };
  for (;;) {
    const asked = performance.now();
    let done, value;
    try {
      ({ done, value } = await reader.read());
    } catch (err) {
      if (planned) return { planned };
      throw err;
    }
    if (done) return { planned };
    alive();
    if (pace.behind(asked, performance.now(), value.length)) {
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
    case "repeats": {
      const { stream, reason: why } = parse(data);
      notice(kinds.state, "what follows may hold records that came before" + (why ? ": " + why : ""), String(stream ?? ""));
      break;
    }
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
  const { text, stream, level, time } = peekEvent(data, settings.many);
  pending.add(kinds.record, level, time, text, stream);
}

function drop(d) {
  d.count = Number(d.count) || 0;
  losses = { count: losses.count + d.count, unknown: losses.unknown || Boolean(d.unknown) };
  notice(kinds.gap, lost(d), String(d.stream ?? ""));
}

function source(s) {
  const { text, unknown } = sources.note(s);
  if (unknown) losses = { ...losses, unknown: true };
  if (text) notice(kinds.state, text);
  state("open");
}
