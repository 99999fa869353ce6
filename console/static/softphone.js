// The telephone in a page: SIP by a WebSocket to the engine, sound straight between the browser and Asterisk.
// It is called and calls nobody. One call at a time.
//
// connect({url, user, password, media}, listener): `media` is a stream of the microphone, opened once by
// openMicrophone(). The listener's methods, each optional:
//   registered(), unregistered()   calls can and cannot come; it comes back by itself
//   refused()                      the password is void: connect anew with another, or renew() in a call
//   incoming({headers, caller})    it rings; headers are the X- ones, by their names in small letters
//   accepted(), stream(sound)      talking; what is heard
//   ended({cause, byUs})           over, whether it was answered or not; cause is Q.850's, 0 when unknown

import JsSIP from "./vendor/jssip/jssip.js";

const REGISTER_SECONDS = 120;
const RING_SECONDS = 180; // the engine stops ringing long before
// After a restart Asterisk is told of telephones a moment after it takes connections.
const REFUSALS_MS = 20000;
const RETRY_MS = 1000;
// Who hears it takes the agent for lost, not for somebody who hung up.
const PAGE_CLOSED = 'Reason: Q.850;cause=41;text="page closed"';
const REFUSED = new Set([401, 403, 404, 407]);

export class MicrophoneRefused extends Error {
  // why: "insecure" (not https), "refused" (by the person), "missing" (there is none), "busy" (not to be had)
  constructor(why) {
    super(`the microphone is ${why}`);
    this.why = why;
  }
}

const WHY = { NotAllowedError: "refused", SecurityError: "refused", NotFoundError: "missing", OverconstrainedError: "missing" };

// Throws MicrophoneRefused. Browsers give no microphone to a page that came by http from another machine.
export async function openMicrophone(deviceId) {
  if (!globalThis.isSecureContext || !navigator.mediaDevices) throw new MicrophoneRefused("insecure");
  const audio = { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 };
  if (deviceId) audio.deviceId = { exact: deviceId };
  try {
    return await navigator.mediaDevices.getUserMedia({ audio });
  } catch (failure) {
    throw new MicrophoneRefused(WHY[failure.name] ?? "busy");
  }
}

export function connect(settings, listener = {}) {
  return new Softphone(settings, listener);
}

class Softphone {
  #agent; // JsSIP's
  #session = null;
  #media;
  #listener;
  #refusedSince = 0;
  #wasRegistered = false;
  #closed = false;
  #onPageHide = () => this.close({ gone: true });

  constructor({ url, user, password, media }, listener) {
    this.#listener = listener;
    this.#media = media;
    this.#agent = new JsSIP.UA({
      sockets: [new JsSIP.WebSocketInterface(url)],
      uri: `sip:${user}@infolinia.invalid`,
      password,
      register: true,
      register_expires: REGISTER_SECONDS,
      session_timers: false,
      no_answer_timeout: RING_SECONDS,
      // With longer pauses an agent would stay away long after the network is back.
      connection_recovery_min_interval: 1,
      connection_recovery_max_interval: 5,
    });
    this.#agent.on("registered", () => this.#registered());
    this.#agent.on("unregistered", () => this.#tell("unregistered"));
    this.#agent.on("disconnected", () => this.#tell("unregistered"));
    this.#agent.on("registrationFailed", ({ response }) => this.#notRegistered(response?.status_code));
    this.#agent.on("newRTCSession", (event) => this.#began(event));
    addEventListener("pagehide", this.#onPageHide);
    this.#agent.start();
  }

  get registered() {
    return this.#agent.isRegistered();
  }

  get inCall() {
    return this.#session?.isEstablished() ?? false;
  }

  // False while nothing rings here.
  answer() {
    if (!this.#session?.isInProgress()) return false;
    this.#session.answer({ mediaStream: this.#media, pcConfig: { iceServers: [] } });
    return true;
  }

  // Ends the call, or declines it while it rings.
  hangUp() {
    if (!this.#session || this.#session.isEnded()) return;
    if (this.#session.isInProgress()) this.#session.terminate({ status_code: 603 });
    else this.#session.terminate();
  }

  mute(on) {
    if (on) this.#session?.mute({ audio: true });
    else this.#session?.unmute({ audio: true });
  }

  // 0-9, * and #, as tones that the other side can tell.
  sendKeys(keys) {
    if (this.inCall) this.#session.sendDTMF(keys, { transportType: "RFC2833" });
  }

  // Another microphone, at once: a call goes on with it.
  async useMicrophone(media) {
    const [track] = media.getAudioTracks();
    const sender = this.#session?.connection?.getSenders().find((one) => one.track?.kind === "audio");
    if (sender) {
      track.enabled = sender.track.enabled;
      await sender.replaceTrack(track);
    }
    this.#media = media;
  }

  // Of the call now: levels 0 to 1, the share of packets lost, and times in seconds. Null without one.
  async quality() {
    if (!this.inCall) return null;
    const found = { said: 0, heard: 0, lost: 0, jitter_seconds: 0, round_trip_seconds: 0 };
    for (const report of (await this.#session.connection.getStats()).values()) {
      if (report.type === "media-source") found.said = report.audioLevel ?? 0;
      if (report.type === "inbound-rtp") {
        found.heard = report.audioLevel ?? 0;
        found.jitter_seconds = report.jitter ?? 0;
        const sent = report.packetsReceived + report.packetsLost;
        found.lost = sent > 0 ? Math.max(0, report.packetsLost) / sent : 0;
      }
      if (report.type === "candidate-pair" && report.nominated) {
        found.round_trip_seconds = report.currentRoundTripTime ?? 0;
      }
    }
    return found;
  }

  // Another password from now on; a call goes on.
  renew(password) {
    if (this.#closed) return;
    this.#refusedSince = 0;
    this.#agent.set("password", password);
    this.#agent.register();
  }

  // gone: the page closes in the middle of whatever it did. Nothing is told after it.
  close({ gone = false } = {}) {
    if (this.#closed) return;
    this.#closed = true;
    removeEventListener("pagehide", this.#onPageHide);
    if (gone && this.inCall) this.#session.terminate({ extraHeaders: [PAGE_CLOSED] });
    this.#agent.stop();
  }

  // --- registration ---

  #registered() {
    this.#refusedSince = 0;
    this.#wasRegistered = true;
    this.#tell("registered");
    // Asterisk's requests go to the connection that the call began on until the call itself tells of a new one.
    if (this.inCall) this.#session.renegotiate({ useUpdate: true });
  }

  #notRegistered(status) {
    if (!REFUSED.has(status)) return this.#tell("unregistered");
    this.#refusedSince ||= Date.now();
    if (!this.#wasRegistered || Date.now() - this.#refusedSince > REFUSALS_MS) {
      this.#tell("refused");
      if (!this.inCall) this.close();
      return;
    }
    this.#tell("unregistered");
    setTimeout(() => this.#closed || this.#agent.register(), RETRY_MS);
  }

  // --- the call ---

  #began({ session, request, originator }) {
    if (originator !== "remote") return;
    if (this.#session) return session.terminate({ status_code: 486 });
    this.#session = session;
    session.on("peerconnection", ({ peerconnection }) => this.#connected(peerconnection));
    // The first address is enough: Asterisk learns the others as they are tried.
    session.on("icecandidate", ({ ready }) => ready());
    session.on("accepted", () => this.#tell("accepted"));
    session.on("ended", (event) => this.#ended(session, event));
    session.on("failed", (event) => this.#ended(session, event));
    this.#tell("incoming", { headers: headersOf(request), caller: request.from?.uri?.user ?? "" });
  }

  #connected(connection) {
    connection.addEventListener("track", ({ streams, track }) => {
      this.#tell("stream", streams[0] ?? new MediaStream([track]));
    });
  }

  #ended(session, { originator, message }) {
    if (session !== this.#session) return;
    this.#session = null;
    const reason = message?.getHeader?.("Reason") ?? "";
    this.#tell("ended", { cause: Number(/cause=(\d+)/.exec(reason)?.[1] ?? 0), byUs: originator === "local" });
  }

  #tell(what, ...rest) {
    if (!this.#closed || what === "refused") this.#listener[what]?.(...rest);
  }
}

function headersOf(request) {
  const found = {};
  for (const [name, values] of Object.entries(request.headers)) {
    if (name.toLowerCase().startsWith("x-")) found[name.toLowerCase()] = values[0].raw;
  }
  return found;
}
