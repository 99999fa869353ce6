// The desk's telephone: rings, answers, shows how loud both sides are and how good the line is.

import { beep, measure, Ringer, showLevel } from "./desk_sound.js";
import { connect, openMicrophone } from "./softphone.js";

const WEAK = { lost: 0.01, jitter_seconds: 0.03, round_trip_seconds: 0.25 };
const BAD = { lost: 0.05, jitter_seconds: 0.06, round_trip_seconds: 0.5 };
const LEVELS_MS = 200;
const TRY_AGAIN_MS = 3000;
const SENTENCES = { insecure: "no_microphone_here", refused: "mic_refused", missing: "mic_missing", busy: "mic_missing" };

const kept = (name) => localStorage.getItem(`desk-${name}`) ?? "";
const byId = (id) => document.getElementById(id);

function look() {
  for (const part of ["band", "status", "customer", "timeline"]) document.body.dispatchEvent(new CustomEvent(`desk-${part}`));
}

export class DeskPhone {
  #phone = null;
  #media = null;
  #ringer = new Ringer();
  #line = byId("line");
  #voice = byId("voice");
  #stopTest = null;
  #silent = false; // without a microphone, so that no call may come
  #leave = null; // the browser's, to use it
  #starts = 0;
  #over = false; // for good, whatever still waits
  #awaited = null; // the call that is answered already, and has not come yet
  #opening = null; // the microphone: asked for once at a time

  // tell(word) shows one of the page's sentences; credentials() asks for new ones and starts anew.
  constructor({ word, tell, credentials }) {
    this.word = word;
    this.tell = tell;
    this.credentials = credentials;
    setInterval(() => this.#measure(), LEVELS_MS);
    this.#devices();
  }

  // A call goes on with the telephone that it is on.
  async start({ user, password }) {
    if (this.#phone?.inCall) return this.#phone.renew(password);
    this.#phone?.close();
    this.#phone = null;
    if (!user) return this.#show("own"); // it rings on the table
    const start = ++this.#starts;
    const speaks = await this.#canSpeak();
    if (start !== this.#starts || this.#over) return; // another one goes on, with newer credentials, or none
    this.#silent = !speaks;
    if (this.#silent) return this.#show("away");
    this.#listDevices(); // they have names now
    const url = new URL("/phone", location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    const mine = connect({ url: url.href, user, password, media: this.#media }, {
      registered: () => this.#show("good"),
      unregistered: () => this.#show("away"),
      refused: () => {
        this.#show("away");
        setTimeout(() => { if (this.#phone === mine) this.credentials(); }, TRY_AGAIN_MS);
      },
      incoming: ({ headers }) => this.#incoming(headers),
      accepted: () => {
        this.#ringer.stop();
        look();
      },
      stream: (sound) => { this.#voice.srcObject = sound; },
      ended: () => {
        this.#ringer.stop();
        this.#voice.srcObject = null;
        look();
      },
    });
    this.#phone = mine;
  }

  get inCall() { return this.#phone?.inCall ?? false; }

  // Who could not be heard declines: the caller goes on to somebody else. The page may show a call before it
  // has come to the telephone: it is answered as it comes.
  async answer(call) {
    this.#ringer.stop();
    if (!(await this.#canSpeak())) this.#phone?.hangUp();
    else if (!this.#phone?.answer()) this.#awaited = call ?? null;
  }

  hangUp() {
    this.#ringer.stop();
    this.#phone?.hangUp();
  }

  mute(on) { this.#phone?.mute(on); }

  beep() { beep(kept("ring")); }

  close() {
    this.#over = true;
    this.#ringer.stop();
    this.#phone?.close();
    this.#phone = null;
    this.#media?.getTracks().forEach((track) => track.stop());
    this.#media = null;
  }

  #incoming(headers) {
    look(); // a colleague's call is told by nobody else
    const awaited = this.#awaited !== null && headers["x-infolinia-call"] === this.#awaited;
    this.#awaited = null;
    if (awaited || headers["x-infolinia-answer"] === "auto") return this.answer(); // or a call of the agent's own
    if (kept("auto-answer") === "yes") {
      beep(kept("ring"));
      return this.answer();
    }
    this.#ringer.start(kept("ring"));
  }

  #show(state) {
    if (this.#line.dataset.line === state) return;
    this.#line.dataset.line = state;
    byId("line-word").textContent = this.word(`line_${state}`);
  }

  async #measure() {
    const found = await this.#phone?.quality().catch(() => null);
    showLevel(byId("level-them"), found ? Math.sqrt(found.heard) : 0);
    showLevel(byId("level-me"), found ? Math.sqrt(found.said) : 0);
    if (!found || this.#line.dataset.line === "away") return;
    const beyond = (limits) => Object.keys(limits).some((name) => found[name] > limits[name]);
    this.#show(beyond(BAD) ? "bad" : beyond(WEAK) ? "weak" : "good");
  }

  // --- microphone, voices and ring ---

  // False when there is no microphone, which is told. Since it was opened it may have been pulled out, or its
  // leave taken back.
  #canSpeak() {
    this.#opening ??= this.#open().finally(() => { this.#opening = null; });
    return this.#opening;
  }

  async #open() {
    if (this.#media?.getAudioTracks().some((track) => track.readyState === "live")) return true;
    try {
      const media = await openMicrophone(kept("mic"));
      if (this.#over) media.getTracks().forEach((track) => track.stop());
      else await this.#take(media);
      return !this.#over;
    } catch (failure) {
      this.tell(SENTENCES[failure.why] ?? "mic_missing");
      return false;
    }
  }

  async #take(media) {
    const before = this.#media;
    await this.#phone?.useMicrophone(media);
    this.#media = media;
    before?.getTracks().forEach((track) => track.stop());
    for (const track of media.getAudioTracks()) {
      track.addEventListener("ended", () => { if (this.#media === media) this.#lost(); });
    }
  }

  // Nobody is called who could not be heard; a call goes on, and its agent knows why.
  async #lost() {
    if (await this.#canSpeak() || this.inCall || !this.#phone) return;
    this.#silent = true;
    this.#phone.close();
    this.#phone = null;
    this.#ringer.stop();
    this.#show("away");
  }

  async #watchLeave() {
    this.#leave = await navigator.permissions?.query({ name: "microphone" }).catch(() => null);
    this.#leave?.addEventListener("change", () => {
      if (this.#leave.state !== "granted") return;
      if (this.#silent) this.credentials();
      else if (this.#phone) this.#canSpeak();
    });
  }

  #devices() {
    this.#watchLeave();
    const auto = byId("auto-answer");
    auto.checked = kept("auto-answer") === "yes";
    auto.addEventListener("change", () => localStorage.setItem("desk-auto-answer", auto.checked ? "yes" : "no"));
    for (const name of ["mic", "speaker", "ring"]) {
      byId(`device-${name}`).addEventListener("change", (event) => this.#choose(name, event.target.value));
    }
    byId("ring-test").addEventListener("click", () => beep(kept("ring")));
    byId("mic-test").addEventListener("click", () => this.#test());
    byId("sound").addEventListener("close", () => { this.#stopTest?.(); this.#stopTest = null; });
    navigator.mediaDevices?.addEventListener("devicechange", () => this.#listDevices());
    if (kept("speaker")) this.#voice.setSinkId?.(kept("speaker")).catch(() => {});
  }

  async #listDevices() {
    const found = await navigator.mediaDevices?.enumerateDevices().catch(() => []) ?? [];
    for (const name of ["mic", "speaker", "ring"]) {
      const list = byId(`device-${name}`);
      const fitting = found.filter((one) => one.kind === list.dataset.device && one.label && one.deviceId !== "default");
      list.replaceChildren(list.options[0], ...fitting.map((one) => new Option(one.label, one.deviceId)));
      list.value = fitting.some((one) => one.deviceId === kept(name)) ? kept(name) : "";
    }
  }

  async #choose(name, device) {
    localStorage.setItem(`desk-${name}`, device);
    if (name === "speaker") await this.#voice.setSinkId?.(device).catch(() => {});
    if (name !== "mic") return;
    try {
      await this.#take(await openMicrophone(device));
      if (this.#stopTest) this.#test();
    } catch (failure) {
      this.tell(SENTENCES[failure.why] ?? "mic_missing");
    }
  }

  async #test() {
    this.#stopTest?.();
    this.#stopTest = null;
    if (!(await this.#canSpeak())) return;
    const told = byId("mic-word");
    let heardAt = 0;
    this.#stopTest = measure(this.#media, (level) => {
      showLevel(byId("level-test"), level);
      if (level > 0.35) heardAt = Date.now();
      const text = Date.now() - heardAt < 3000 ? told.dataset.heard : told.dataset.quiet;
      if (told.textContent !== text) told.textContent = text;
    });
  }
}
