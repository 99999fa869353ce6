// One WebRTC call: offer to the engine, its answer, keys, hang-up. No outside servers are asked.

import { csrf } from "./csrf.js";

const CONNECT_LIMIT_MS = 15000;
const GATHER_LIMIT_MS = 2000;
const ASK_MS = 2000;
// The telephone's own codecs: Asterisk and the engine need not re-code Opus.
const CODECS = ["audio/g722", "audio/pcmu", "audio/pcma", "audio/telephone-event"];

export class CallFailed extends Error {
  constructor(sentence, detail = "") {
    super(detail || sentence);
    this.sentence = sentence; // the name of a sentence that the page has in its language
    this.detail = detail;
  }
}

export class Peer {
  #connection = null;
  #visitor = null;
  #keys = Promise.resolve();
  #ended = false;
  #asking = null;

  // `at`: where the engine takes offers; `proof`: what the offer bears beside.
  constructor({ onConnected, onEnded, onAudio, at = "/visitor", proof = {} }) {
    Object.assign(this, { onConnected, onEnded, onAudio, at, proof });
  }

  get visitor() {
    return this.#visitor;
  }

  async call(stream, number) {
    const connection = new RTCPeerConnection({ iceServers: [] });
    this.#connection = connection;
    const [track] = stream.getAudioTracks();
    const transceiver = connection.addTransceiver(track, { direction: "sendrecv", streams: [stream] });
    preferTelephoneCodecs(transceiver);
    connection.addEventListener("track", (event) => this.onAudio(event.streams[0] ?? new MediaStream([event.track])));
    connection.addEventListener("connectionstatechange", () => this.#changed());
    await connection.setLocalDescription(await connection.createOffer());
    await gathered(connection);

    const response = await fetch(`${this.at}/offer`, {
      method: "POST",
      headers: { "Content-Type": "application/json", ...csrf },
      body: JSON.stringify({ ...this.proof, sdp: connection.localDescription.sdp, number }),
      signal: AbortSignal.timeout(CONNECT_LIMIT_MS),
    });
    const answer = await response.json();
    if (!response.ok) throw new CallFailed("call_failed", answer.error ?? answer.sentence);
    this.#visitor = answer.visitor;
    if (this.#ended) return this.#tellEngine();
    await connection.setRemoteDescription({ type: "answer", sdp: answer.sdp });
    // The engine ends the call by closing DTLS, which shows here first; that is one packet, which may get lost,
    // so the engine is asked as well.
    this.#asking = setInterval(() => this.#ask(), ASK_MS);
    transceiver.sender.transport?.addEventListener("statechange", (event) => {
      if (event.target.state === "closed" || event.target.state === "failed") this.#finish();
    });
    setTimeout(() => {
      if (!this.#ended && connection.connectionState !== "connected") this.#finish("call_no_media");
    }, CONNECT_LIMIT_MS);
  }

  // Keys arrive in the order in which they were pressed.
  press(keys) {
    this.#keys = this.#keys.then(() =>
      fetch(`${this.at}/${this.#visitor}/keys`, {
        method: "POST",
        headers: { "Content-Type": "application/json", ...csrf },
        body: JSON.stringify({ keys }),
      }).catch(() => this.#finish("call_failed")));
  }

  hangUp() {
    this.#finish();
  }

  async #ask() {
    const response = await fetch(`${this.at}/${this.#visitor}`, { signal: AbortSignal.timeout(ASK_MS) }).catch(() => null);
    if (response?.ok && !(await response.json()).there) this.#finish();
  }

  #changed() {
    const state = this.#connection.connectionState;
    if (state === "connected") this.onConnected();
    if (state === "failed" || state === "closed") this.#finish();
  }

  #finish(sentence = null) {
    if (this.#ended) return;
    this.#ended = true;
    clearInterval(this.#asking);
    this.#connection?.close(); // none yet when the microphone was refused
    this.#tellEngine();
    this.onEnded(sentence);
  }

  #tellEngine() {
    // keepalive: it must arrive even while the page is being left.
    if (this.#visitor) fetch(`${this.at}/${this.#visitor}`, { method: "DELETE", headers: csrf, keepalive: true }).catch(() => {});
  }
}

function preferTelephoneCodecs(transceiver) {
  const known = RTCRtpReceiver.getCapabilities("audio").codecs;
  const wanted = CODECS.flatMap((name) => known.filter((codec) => codec.mimeType.toLowerCase() === name));
  if (wanted.some((codec) => codec.mimeType.toLowerCase() !== "audio/telephone-event")) {
    transceiver.setCodecPreferences(wanted);
  }
}

function gathered(connection) {
  if (connection.iceGatheringState === "complete") return Promise.resolve();
  return new Promise((resolve) => {
    const limit = setTimeout(resolve, GATHER_LIMIT_MS);
    connection.addEventListener("icegatheringstatechange", () => {
      if (connection.iceGatheringState === "complete") {
        clearTimeout(limit);
        resolve();
      }
    });
  });
}
