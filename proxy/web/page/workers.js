// Workers are parts of this page and nothing else: the only places from which a script
// may be loaded while the page runs.

const parts = new Set(["tail-worker.js", "match-worker.js", "streams-worker.js"]);

function address(name) {
  if (!parts.has(name)) throw new TypeError("no worker is called " + name);
  return new URL(name, import.meta.url).href;
}

const policy = globalThis.trustedTypes?.createPolicy("sluice", { createScriptURL: address });

export const start = (name) => new Worker(policy ? policy.createScriptURL(name) : address(name), { type: "module" });
