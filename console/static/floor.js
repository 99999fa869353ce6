// A supervisor's line: the page's own telephone, and the three ways of being on somebody's talk.
// The telephone is connected when it is first needed, so that nobody is asked for a microphone in vain.

import { csrf } from "./csrf.js";
import { connect, openMicrophone } from "./softphone.js";

const wrong = document.getElementById("floor-wrong");
const words = document.getElementById("floor-words").dataset;
const READY_MS = 15000;

// Of several pages of one supervisor the latest that needed a telephone has it.
const page = Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");
let phone = null; // a promise of the telephone, while it is connected
const speaker = new Audio();
speaker.autoplay = true;

class Told extends Error {}

function tell(sentence) {
  wrong.hidden = !sentence;
  wrong.querySelector("span").textContent = sentence ?? "";
}

async function ask(path, fields = {}) {
  const answer = await fetch(path, {
    method: "POST",
    headers: { ...csrf, Accept: "application/json" },
    body: new URLSearchParams(fields),
  });
  if (answer.status === 204) return {};
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Told(body.error ?? words.failed);
  return body;
}

function socketAddress() {
  const url = new URL("/phone", location.href);
  url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}

async function openPhone() {
  const media = await openMicrophone().catch((refusal) => {
    throw new Told(refusal.why === "insecure" ? words.insecure : words.microphone);
  });
  const stop = () => media.getTracks().forEach((track) => track.stop());
  const { user, password } = await ask("/floor/phone", { page }).catch((failure) => { stop(); throw failure; });
  return new Promise((resolve, reject) => {
    // Its password is void, or Asterisk away: the next line is asked for with another telephone.
    const fail = () => {
      clearTimeout(late);
      phone = null;
      if (!made.inCall) {
        made.close();
        stop();
      }
      reject(new Told(words.unsigned));
    };
    const late = setTimeout(fail, READY_MS);
    const made = connect({ url: socketAddress(), user, password, media }, {
      registered() { clearTimeout(late); resolve(made); },
      refused: fail,
      incoming() { made.answer(); },
      stream(sound) { speaker.srcObject = sound; },
      ended() { speaker.srcObject = null; },
    });
  });
}

async function join(button) {
  tell(null);
  button.disabled = true;
  const { mode, call, agent } = button.dataset;
  try {
    phone ??= openPhone();
    await phone.catch((failure) => { phone = null; throw failure; });
    await ask("/floor/line", { mode, call, agent });
  } catch (failure) {
    tell(failure instanceof Told ? failure.message : words.failed);
  } finally {
    button.disabled = false;
  }
}

document.getElementById("floor").addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.dataset.mode) join(button);
  else if (button.id === "leave-line") ask("/floor/line/end").catch(() => tell(words.failed));
});

addEventListener("pagehide", () => {
  if (!phone) return;
  fetch("/floor/phone/gone", { method: "POST", headers: csrf, keepalive: true, body: new URLSearchParams({ page }) });
});
