// Requests to the hotline and the stream of what is new; a hotline that is away is asked again, ever more seldom.

import { forget, keep, kept } from "./keeping.js";

const { site, language } = document.body.dataset;
const REQUEST_MS = 15000;
const SILENCE_MS = 45000; // three heartbeats
const LONGEST_PAUSE_MS = 30000;
const LASTED_MS = 5000; // a stream that ends at once is asked for ever more seldom too
const STAMP_MS = 2500; // a stamp is good after two seconds

export const at = `/chat/${site}`;

export class Refused extends Error {
  constructor(status, body) {
    super(body.sentence ?? "");
    Object.assign(this, { status, code: body.code ?? "", sentence: body.sentence ?? "", errors: body.errors, stamp: body.stamp });
  }
}

async function answer(response) {
  const body = response.status === 204 ? {} : await response.json().catch(() => ({}));
  if (!response.ok) throw new Refused(response.status, body);
  return body;
}

// Throws Refused, or TypeError and DOMException when the hotline is not reached.
export async function ask(name, body) {
  return answer(await fetch(`${at}/${name}?language=${language}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json" },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(REQUEST_MS),
  }));
}

export async function askForm(address, body) {
  return answer(await fetch(address, {
    method: "POST",
    headers: { Accept: "application/json" },
    body: new URLSearchParams(body),
    signal: AbortSignal.timeout(REQUEST_MS),
  }));
}

export async function askInvitation(page, seen) {
  const query = new URLSearchParams({ page, seen, language });
  const response = await fetch(`${at}/invitation?${query}`, { signal: AbortSignal.timeout(REQUEST_MS) });
  return response.status === 200 ? (await response.json()).text : "";
}

// A stamp that is too fresh, or of an engine that was started anew, is replaced once without asking anybody.
export async function stamped(send) {
  try {
    return await send();
  } catch (refused) {
    if (refused.code !== "again" || !refused.stamp) throw refused;
    document.body.dataset.stamp = refused.stamp;
    await rest(STAMP_MS);
    return send();
  }
}

export function rest(ms) {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      removeEventListener("online", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    addEventListener("online", done);
  });
}

export function longer(pause) {
  return Math.min(LONGEST_PAUSE_MS, pause * 2) * (0.8 + Math.random() * 0.4);
}

export class Stream {
  #stopped = false;
  #aborting = new AbortController();
  #last = 0;

  // onNews(news) -> whether the chat is over; onReached(yes); onRefused(code).
  constructor({ chat, secret, onNews, onReached, onRefused }) {
    Object.assign(this, { chat, secret, onNews, onReached, onRefused });
    this.#run();
  }

  stop() {
    this.#stopped = true;
    this.#aborting.abort();
  }

  async #run() {
    let pause = 500;
    let failures = 0;
    while (!this.#stopped) {
      let begunAt = Infinity;
      try {
        await this.#follow(() => {
          begunAt = Date.now();
          failures = 0;
          this.onReached(true);
        });
      } catch (error) {
        if (this.#stopped) return;
        if (error instanceof Refused && error.status === 404) return this.onRefused(error.code);
        failures += 1;
      }
      if (this.#stopped) return;
      if (failures > 1) this.onReached(false);
      if (Date.now() - begunAt > LASTED_MS) pause = 500;
      await rest(pause);
      pause = longer(pause);
    }
  }

  async #follow(onBegun) {
    this.#aborting = new AbortController();
    let silence = setTimeout(() => this.#aborting.abort(), SILENCE_MS);
    try {
      const response = await fetch(`${at}/events?language=${language}`, {
        headers: { "X-Chat": this.chat, "X-Chat-Secret": this.secret, "Last-Event-ID": String(this.#last) },
        cache: "no-store",
        signal: this.#aborting.signal,
      });
      if (!response.ok) await answer(response);
      onBegun();
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      let text = "";
      for (;;) {
        const { value, done } = await reader.read();
        clearTimeout(silence);
        if (done) return;
        silence = setTimeout(() => this.#aborting.abort(), SILENCE_MS);
        const events = (text + value).split("\n\n");
        text = events.pop();
        for (const event of events) this.#take(event);
      }
    } finally {
      clearTimeout(silence);
    }
  }

  #take(event) {
    const fields = Object.fromEntries(event.split("\n").map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon), line.slice(colon + 1).trimStart()];
    }));
    if (fields.event === "refused") {
      if (fields.data !== "gone") throw new Refused(503, { code: fields.data });
      this.stop();
      this.onRefused(fields.data);
    }
    if (fields.event !== "news") return;
    this.#last = Math.max(this.#last, Number(fields.id));
    if (this.onNews(JSON.parse(fields.data))) this.stop();
  }
}

// What was written and is not at the hotline yet, in order. It outlives a reload of the page.
export class Outbox {
  #busy = false;
  #waiting = [];

  // onChanged(waiting); onRefused(one, refused).
  constructor({ of, onChanged, onReached, onRefused }) {
    Object.assign(this, { of, onChanged, onReached, onRefused });
  }

  get waiting() {
    return this.#waiting;
  }

  restore() {
    this.#waiting = kept("unsent") ?? [];
  }

  add(one) {
    this.#waiting.push(one);
    this.#changed();
    this.send();
  }

  arrived(clientId) {
    if (!this.#waiting.some((one) => one.client_id === clientId)) return;
    this.#waiting = this.#waiting.filter((one) => one.client_id !== clientId);
    this.#changed();
  }

  clear() {
    this.#waiting = [];
    forget("unsent");
    this.onChanged(this.#waiting);
  }

  async send() {
    if (this.#busy) return;
    this.#busy = true;
    let pause = 500;
    while (this.#waiting.length && this.of()) {
      const [one] = this.#waiting;
      const { name, shown, ...body } = one;
      try {
        await ask(name, { ...this.of(), ...body });
        pause = 500;
        this.onReached(true);
        this.arrived(one.client_id);
      } catch (error) {
        const later = !(error instanceof Refused) || error.status === 429 || error.status >= 500;
        if (later) {
          if (!(error instanceof Refused) || error.status >= 500) this.onReached(false);
          await rest(pause);
          pause = longer(pause);
        } else {
          this.arrived(one.client_id);
          this.onRefused(one, error);
        }
      }
    }
    this.#busy = false;
  }

  #changed() {
    keep("unsent", this.#waiting);
    this.onChanged(this.#waiting);
  }
}
