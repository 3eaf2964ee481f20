// The page's side of worker.js.

/** Only this makes an address into a script. */
const policy = globalThis.trustedTypes?.createPolicy("bewit", {
  createScriptURL: (url) => {
    if (new URL(url, location.href).origin !== location.origin) throw new TypeError("scripts are the page's own");
    return url;
  },
}) ?? { createScriptURL: (url) => url };

/** A worker that answers requests, and tells `onBatch` what it has read so far. */
export class Client {
  #worker = new Worker(policy.createScriptURL("worker.js"), { type: "module" });
  #waiting = new Map();
  #calls = 0;

  constructor(onBatch) {
    this.#worker.onmessage = ({ data }) => {
      if (data.event === "batch") return onBatch(data);
      const { resolve, reject } = this.#waiting.get(data.call);
      this.#waiting.delete(data.call);
      if (data.fault === undefined) resolve(data.result);
      else reject(new Error(data.fault));
    };
    this.#worker.onerror = (event) => {
      for (const { reject } of this.#waiting.values()) reject(new Error(event.message || "the worker does not start"));
      this.#waiting.clear();
    };
  }

  /** Asks for one of the worker's `requests`. */
  ask(request, argument) {
    const call = (this.#calls += 1);
    return new Promise((resolve, reject) => {
      this.#waiting.set(call, { resolve, reject });
      this.#worker.postMessage({ call, request, argument });
    });
  }
}
