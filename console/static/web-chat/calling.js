// A call from the browser to the site's number, which carries the chat along.

import { Microphone } from "../microphone.js";
import { Peer } from "../peer.js";
import { at } from "./link.js";
import { told } from "./log.js";

const byId = (id) => document.getElementById(id);

export class Calling {
  #peer = null;
  #microphone = new Microphone(() => {});

  // of() -> {chat, secret} or null; onTold(sentence): what went wrong, or "".
  constructor({ of, onTold }) {
    Object.assign(this, { of, onTold });
    byId("call-now")?.addEventListener("click", () => this.start());
    byId("hang-up").addEventListener("click", () => this.#end());
    byId("call").addEventListener("click", (event) => {
      const key = event.target.closest("[data-key]")?.dataset.key;
      if (key && byId("call").dataset.state === "on") this.#peer?.press(key);
    });
    addEventListener("pagehide", () => this.#peer?.hangUp());
  }

  async start() {
    if (this.#peer || !this.of()) return;
    if (!window.RTCPeerConnection || !navigator.mediaDevices) return this.onTold(told("no_webrtc"));
    this.onTold("");
    const peer = new Peer({
      at: `${at}/call`,
      proof: this.of(),
      onConnected: () => this.#show("on"),
      onEnded: (word) => { if (this.#peer === peer) this.#end(word ? told(word) : told("call_ended")); },
      onAudio: (stream) => { byId("voice").srcObject = stream; },
    });
    this.#peer = peer;
    this.#show("connecting");
    byId("hang-up").focus();
    try {
      await this.#microphone.open();
    } catch (error) {
      return this.#end(told(error.name === "NotFoundError" ? "mic_missing" : "mic_refused"));
    }
    try {
      if (this.#peer === peer) await peer.call(this.#microphone.stream);
    } catch (error) {
      if (this.#peer === peer) this.#end(error.detail || told("call_failed"));
    }
  }

  #show(state) {
    const band = byId("call");
    band.hidden = state === null;
    band.dataset.state = state ?? "";
    byId("call-state").textContent = state ? told(`call_${state}`) : "";
    if (byId("call-now")) byId("call-now").disabled = state !== null;
  }

  #end(sentence = "") {
    const peer = this.#peer;
    if (!peer) return;
    this.#peer = null;
    const focused = byId("call").contains(document.activeElement);
    peer.hangUp();
    byId("voice").srcObject = null;
    this.#microphone.close();
    this.#show(null);
    this.onTold(sentence);
    if (focused) byId("call-now")?.focus();
  }
}
