// The first-run page's call: its button, keypad, line ahead and the words said, by one state.
// idle -> asking (microphone) -> calling -> talking -> ended -> asking ...

import { Microphone } from "./microphone.js";
import { CallFailed, Peer } from "./peer.js";

const byId = (id) => document.getElementById(id);
const caller = byId("caller");
const callButton = byId("call");
const hangUpButton = byId("hang-up");
const keypad = byId("keypad");
const readable = "readable" in caller.dataset; // whether this person may see the pages of calls
const dialled = byId("dialled"); // only where there are several numbers
const KEYS = "0123456789*#";
const HEARD_LEVEL = 0.35;

let peer = null;
let callId = null;
let visitor = null; // of the last call, also after its end
let heardAt = 0;

const microphone = new Microphone((level) => {
  const bars = byId("mic-level").children;
  [...bars].forEach((bar, index) => bar.classList.toggle("on", level * bars.length > index + 0.5));
  if (level > HEARD_LEVEL) heardAt = Date.now();
  const heard = Date.now() - heardAt < 3000;
  const word = byId("mic-word");
  word.classList.toggle("heard", heard);
  word.textContent = heard ? word.dataset.heard : word.dataset.quiet;
});

function enter(state) {
  caller.dataset.state = state;
  const busy = state === "asking" || state === "calling" || state === "talking";
  callButton.hidden = busy;
  hangUpButton.hidden = !busy;
  byId("band").hidden = state === "idle";
  byId("mic-test").hidden = busy || Boolean(microphone.stream && !microphone.silent);
  byId("keys-only").hidden = busy;
  if (dialled) dialled.disabled = busy;
  byId("band-open").hidden = !(state === "ended" && callId && readable);
  showAhead(state);
}

function showAhead(state) {
  const mine = byId("mine").querySelector("[data-call]");
  const steps = Number(mine?.dataset.steps ?? 0);
  const heard = Number(mine?.dataset.heard ?? 0);
  let here = 1;
  if (state === "talking") here = heard > 0 ? 4 : steps > 0 ? 3 : 2;
  if (state === "ended" && callId) here = 5;
  for (const stop of document.querySelectorAll("[data-stop]")) {
    stop.classList.toggle("here", Number(stop.dataset.stop) === here);
    stop.classList.toggle("passed", Number(stop.dataset.stop) < here);
  }
  byId("read-back").hidden = here !== 5;
  byId("read-back-plain").hidden = here === 5;
}

function tell(sentence, detail = "") {
  const trouble = byId("trouble");
  const text = sentence ? document.querySelector(`[data-sentence="${sentence}"]`).textContent : "";
  trouble.querySelector("span").textContent = [text, detail].filter(Boolean).join(" ");
  trouble.hidden = !text;
}

async function openMicrophone() {
  byId("mic-level").hidden = false;
  try {
    await microphone.open();
    byId("mic-name").textContent = microphone.name;
  } catch (error) {
    byId("mic-level").hidden = true;
    throw new CallFailed(error.name === "NotFoundError" ? "mic_missing" : "mic_refused");
  }
}

async function startCall({ keysOnly = false } = {}) {
  if (callButton.disabled || callButton.hidden) return;
  tell(null);
  callId = visitor = null;
  byId("mine").replaceChildren();
  const timer = byId("band-timer");
  delete timer.dataset.since;
  timer.textContent = "0:00";
  if (!window.RTCPeerConnection || !navigator.mediaDevices) return tell("no_webrtc");
  enter("asking");
  const mine = new Peer({
    onConnected: () => {
      if (peer !== mine || caller.dataset.state === "talking") return;
      timer.dataset.since = String(Date.now());
      enter("talking");
      if (document.activeElement === document.body || document.activeElement === hangUpButton) keypad.focus();
      showWords();
    },
    onEnded: (sentence) => { if (peer === mine) endCall(sentence); },
    onAudio: (stream) => { byId("voice").srcObject = stream; },
  });
  peer = mine;
  try {
    if (keysOnly) {
      microphone.openSilent();
      byId("mic-level").hidden = true;
      byId("mic-name").textContent = byId("mic-name").dataset.keysOnly;
      byId("mic-word").textContent = "";
    } else {
      await openMicrophone();
    }
    if (peer !== mine) return;
    enter("calling");
    await mine.call(microphone.stream, caller.dataset.number);
  } catch (error) {
    if (peer !== mine) return;
    endCall(error.sentence ?? "call_failed", error.detail ?? error.message);
  }
}

function endCall(sentence = null, detail = "") {
  const ended = peer;
  peer = null;
  ended?.hangUp();
  byId("voice").srcObject = null;
  const timer = byId("band-timer");
  delete timer.dataset.since;
  visitor = ended?.visitor ?? null;
  enter(caller.dataset.state === "talking" ? "ended" : "idle");
  tell(sentence, detail);
  microphone.close();
  byId("mic-level").hidden = true;
  const word = byId("mic-word");
  word.textContent = word.dataset.later;
  word.classList.remove("heard");
  byId("mic-test").hidden = false;
  callButton.focus();
}

// What the line says and hears in this call; asked for again at each change, and when it has ended: the last
// words are written down when they have been said.
async function showWords() {
  const state = caller.dataset.state;
  const mineIs = state === "talking" ? peer?.visitor : state === "ended" && callId ? visitor : null;
  if (!mineIs) return;
  const known = callId ? `?call=${encodeURIComponent(callId)}` : "";
  await htmx.ajax("GET", `/parts/mine/${mineIs}${known}`, { target: "#mine", swap: "innerMorph" });
  const mine = byId("mine").querySelector("[data-call]");
  if (mine) {
    callId = mine.dataset.call;
    if (readable) byId("band-open").href = byId("read-back").href = `/calls/${encodeURIComponent(callId)}`;
  }
  showAhead(caller.dataset.state);
  byId("mine").scrollTop = byId("mine").scrollHeight;
}

function press(key) {
  if (caller.dataset.state !== "talking" || !KEYS.includes(key)) return;
  peer.press(key);
  const button = keypad.querySelector(`[data-key="${CSS.escape(key)}"]`);
  button.classList.add("pressed");
  setTimeout(() => button.classList.remove("pressed"), 250);
}

function chooseNumber() {
  caller.dataset.number = byId("band-number").textContent = dialled.value;
}

callButton.addEventListener("click", () => startCall());
dialled?.addEventListener("change", chooseNumber);
if (dialled && dialled.value !== caller.dataset.number) chooseNumber(); // a reload keeps what was chosen
hangUpButton.addEventListener("click", () => endCall());
byId("keys-only").addEventListener("click", () => startCall({ keysOnly: true }));
byId("mic-test").addEventListener("click", async () => {
  tell(null);
  try {
    await openMicrophone();
    enter(caller.dataset.state);
  } catch (error) {
    tell(error.sentence);
  }
});
keypad.addEventListener("click", (event) => {
  const key = event.target.closest("[data-key]")?.dataset.key;
  if (key) press(key);
});
keypad.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || !KEYS.includes(event.key)) return;
  event.preventDefault();
  if (!event.repeat) press(event.key);
});
document.addEventListener("keydown", (event) => {
  if (event.key === "F2" && !event.repeat) {
    event.preventDefault();
    if (event.shiftKey) { if (peer) endCall(); } else startCall();
  }
  if (event.key === "F7") {
    event.preventDefault();
    keypad.focus();
  }
});
document.body.addEventListener("live", showWords);
document.body.addEventListener("history", showWords);
document.body.addEventListener("htmx:after:swap", () => {
  callButton.disabled = document.getElementById("readiness")?.dataset.ready !== "yes";
});
addEventListener("beforeunload", (event) => { if (peer) event.preventDefault(); });
addEventListener("pagehide", () => peer?.hangUp());
