// The agent's desk: what is pressed and typed is sent, and what has changed is shown.

import * as chats from "./desk_chats.js";
import * as keys from "./desk_keys.js";
import { Notes } from "./desk_notes.js";
import { DeskPhone } from "./desk_phone.js";
import { begin, isOver, now, signIn } from "./desk_presence.js";
import { leave, send, talk, tellWord, word } from "./desk_telling.js";
import "./desk_written.js";

const PANELS = ["#the-band", "#desk-chats", "#desk-customer", "#desk-timeline", "[data-note], #desk-side"];
const LIVE = new Set(["dialling", "talking", "held", "consulting", "conference"]);
const DIGIT_MS = 5000;

const body = document.body;
const byId = (id) => document.getElementById(id);
const band = () => byId("the-band");
const live = () => LIVE.has(band().dataset.kind);

const phone = new DeskPhone({ word, tell: tellWord, credentials: signIn });
new Notes({
  save: (fields) => send("/desk/note", fields, { quiet: true }),
  leave: (fields) => leave("/desk/note", fields),
});

// --- what can be done ---

async function mute() {
  const on = band().dataset.muted !== "yes";
  phone.mute(on);
  if (!(await talk("mute", { on: on ? "yes" : "no" }))) phone.mute(!on);
}

async function hangUp() {
  if (band().dataset.kind === "ringing") return phone.hangUp();
  if ((await talk("hang_up")) === undefined) phone.hangUp();
}

const ACTS = {
  answer: () => phone.answer(band().dataset.call),
  hang_up: hangUp,
  mute,
  hold: () => talk(band().dataset.kind === "held" ? "resume" : "hold"),
  resume: () => talk("resume"),
  keypad: () => toggle("keypad"),
  targets: () => toggle("drawer"),
  pause_recording: () => talk("pause_recording", { on: band().dataset.recording === "paused" ? "no" : "yes" }),
  complete: () => talk("complete"),
  conference: () => talk("conference"),
  cancel: () => talk("cancel"),
  drop: (button) => talk("drop", { leg: button.dataset.leg }),
  outcome: () => awaitDigit(),
};

function toggle(name, wanted = byId(name).hidden) {
  const panel = byId(name);
  if (wanted === !panel.hidden) return;
  if (wanted) for (const other of ["drawer", "keypad"]) if (other !== name) toggle(other, false);
  panel.hidden = !wanted;
  byId("desk-band").querySelectorAll("[aria-controls]").forEach(expanded);
  if (!wanted) return panelsButton(name)?.focus();
  const bottom = band().getBoundingClientRect().bottom - document.getElementById("main").getBoundingClientRect().top;
  panel.style.setProperty("--band-bottom", `${bottom + 8}px`);
  if (name === "drawer") {
    byId("target-find").value = "";
    findTarget();
    body.dispatchEvent(new CustomEvent("desk-targets-wanted"));
    byId("target-find").focus();
  } else {
    byId("keys-sent").textContent = "";
    panel.focus();
  }
}

const panelsButton = (name) => byId("desk-band").querySelector(`[aria-controls="${name}"]`);

function expanded(button) {
  button.setAttribute("aria-expanded", String(!byId(button.getAttribute("aria-controls")).hidden));
}

// Keys go out one after another, in the order in which they were pressed.
let keysGoing = Promise.resolve();
function press(key) {
  const button = byId("keypad").querySelector(`[data-press="${CSS.escape(key)}"]`);
  button.classList.add("pressed");
  setTimeout(() => button.classList.remove("pressed"), 200);
  keysGoing = keysGoing.then(async () => {
    if (await talk("keys", { keys: key })) byId("keys-sent").textContent += key;
  });
}

function findTarget() {
  const sought = byId("target-find").value.trim();
  for (const row of byId("desk-targets").children) {
    row.hidden = Boolean(sought) && row.dataset.find !== undefined && !row.dataset.find.includes(sought.toLowerCase());
  }
  const number = /^\+?[\d ()-]{2,}$/.test(sought);
  const found = [...byId("desk-targets").children].some((row) => !row.hidden);
  byId("targets-none").hidden = !sought || number || found;
  byId("outside-number").hidden = !number;
  byId("outside-shown").textContent = number ? sought : "";
}

async function give(button) {
  const { target, kind } = button.dataset;
  const name = button.dataset.name ?? byId("outside-shown").textContent.replace(/[ ()-]/g, "");
  if (await talk(target, { kind, name })) toggle("drawer", false);
}

let digitTimer = 0;
let awaiting = false; // also while the outcomes are drawn anew
let before = null;
function awaitDigit() {
  const outcomes = byId("outcomes");
  if (!outcomes) return;
  before = document.activeElement;
  awaiting = true;
  outcomes.classList.add("awaiting");
  outcomes.focus();
  outcomes.scrollIntoView({ block: "nearest" });
  clearTimeout(digitTimer);
  digitTimer = setTimeout(stopDigit, DIGIT_MS);
}

function stopDigit() {
  clearTimeout(digitTimer);
  awaiting = false;
  byId("outcomes")?.classList.remove("awaiting");
  if (document.activeElement === byId("outcomes")) before?.focus?.();
}

async function choose(button) {
  stopDigit();
  const { outcome: disposition, next } = button.dataset;
  const { call } = byId("outcomes").dataset;
  if (!(await send("/desk/outcome", { call, disposition }))) return;
  for (const other of document.querySelectorAll("[data-outcome]")) {
    other.setAttribute("aria-pressed", String(other.dataset.outcome === disposition));
  }
  // Not one of its buttons: a time for a callback is chosen, never taken by a key that was meant for another.
  if (next === "callback") byId("callback").focus();
  const more = document.querySelector(`[data-next-part="${next}"]`);
  if (more) {
    more.open = true;
    more.querySelector("input:not([type=hidden]), select").focus();
  }
}

function nextPanel(backwards) {
  const found = PANELS.map((selector) => document.querySelector(selector)).filter((one) => one?.offsetParent);
  const here = found.findIndex((one) => one.contains(document.activeElement) || one === document.activeElement);
  found.at((here + (backwards ? -1 : 1) + found.length) % found.length).focus();
}

// In wrap-up it is "Done", wherever the focus is.
function mainAction() {
  const form = band().dataset.kind === "wrap" ? null : document.activeElement.closest?.("form[data-form]");
  const button = form?.querySelector("button:not([type=button])") ?? band().querySelector("[data-main]");
  button?.click();
}

const BY_KEY = {
  answer: () => {
    const { kind } = band().dataset;
    if (kind === "ringing") ACTS.answer();
    else if (chats.take()) return;
    else if (kind === "lead") band().querySelector("[data-main]").click();
  },
  hang_up: () => {
    const { kind } = band().dataset;
    if (live() || kind === "ringing") return hangUp();
    if (chats.decline()) return;
    // A lead is skipped with a reason: it is written first.
    if (kind === "lead") band().querySelector('[name="why"]').focus();
  },
  mute: () => bandButton("mute"),
  hold: () => bandButton("hold") ?? bandButton("resume"),
  panel: (event) => nextPanel(event.shiftKey),
  keypad: () => bandButton("keypad"),
  transfer: () => bandButton("targets"),
  recording: () => bandButton("pause_recording"),
  outcome: awaitDigit,
  main: mainAction,
  chat: () => chats.next(),
  keys: () => byId("keys").showModal(),
  find: () => byId("find")?.select(),
};

function bandButton(act) {
  const button = band().querySelector(`[data-act="${act}"]:not(:disabled)`);
  button?.click();
  return button;
}

// --- what is pressed ---

body.addEventListener("click", async (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const { act, status, reason, send: path, outcome, press: key, target, open, close, show } = button.dataset;
  if (act) return ACTS[act](button);
  if (outcome) return choose(button);
  if (key) return press(key);
  if (target) return give(button);
  if (open) return byId(open).showModal();
  if (close) return byId(close).matches("dialog") ? byId(close).close() : toggle(close, false);
  if (show) {
    const shown = byId(show).hidden;
    byId(show).hidden = !shown;
    button.setAttribute("aria-expanded", String(shown));
    if (shown) byId(show).querySelector("input").focus();
  }
  if (status || path) {
    button.closest("details")?.removeAttribute("open");
    await send(path ?? "/desk/status", status ? { status, reason: reason ?? "" } : {});
  }
  if (button.dataset.remap) remap(button);
});

body.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("[data-form], #past-form, .outside-number")) return;
  event.preventDefault();
  if (!form.matches("[data-form]")) return;
  const fields = new FormData(form, event.submitter);
  if (event.submitter?.matches("[data-take-at]")) fields.set("at", form.querySelector("[data-at]").value);
  const button = event.submitter ?? form.querySelector("button");
  button.disabled = true;
  const done = await send(form.getAttribute("action"), fields);
  button.disabled = false;
  if (done) {
    form.closest("details:not([data-stays])")?.removeAttribute("open");
    if (form.matches(".dial, [data-written]")) form.reset();
  }
});

body.addEventListener("change", (event) => {
  if (event.target.id === "sms-template") {
    const chosen = event.target.selectedOptions[0];
    byId("sms-language").value = chosen.dataset.language;
    for (const text of document.querySelectorAll(".sms-text")) text.hidden = text.dataset.template !== chosen.value;
  }
  if (event.target.closest("#past-form")) look();
});

let looking = 0;
function look() {
  clearTimeout(looking);
  looking = setTimeout(() => body.dispatchEvent(new CustomEvent("desk-look")), 250);
}

body.addEventListener("input", (event) => {
  if (event.target.id === "past-q") look();
  if (event.target.id === "target-find") findTarget();
});

document.addEventListener("keydown", (event) => {
  if (isOver() || remapping) return;
  if (awaiting && byId("outcomes")) {
    if (event.key === "Escape") return stopDigit();
    const digit = /^(?:Digit|Numpad)(\d)$/.exec(event.code)?.[1];
    const button = digit && document.querySelector(`[data-digit="${digit}"]`);
    if (button) {
      event.preventDefault();
      return choose(button);
    }
  }
  const open = ["drawer", "keypad"].find((name) => !byId(name).hidden);
  if (event.key === "Escape") {
    if (open) toggle(open, false);
    const menu = byId("status-menu");
    if (menu.open) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  }
  if (event.target.id === "target-find" && (event.key === "Enter" || event.key === "ArrowDown")) {
    event.preventDefault();
    return byId("drawer").querySelector("li:not([hidden]) button, form:not([hidden]) button")?.focus();
  }
  if (open === "keypad" && byId("keypad").contains(event.target) && /^[0-9*#]$/.test(event.key)) {
    event.preventDefault();
    if (!event.repeat) press(event.key);
    return;
  }
  const backwards = event.shiftKey && event.code === "F6";
  const action = backwards ? "panel" : keys.actionOf(event);
  if (!action || (document.querySelector("dialog[open]") && action !== "answer" && action !== "hang_up")) return;
  event.preventDefault();
  if (!event.repeat) BY_KEY[action](event);
});

// --- keys as people want them ---

let remapping = null;
function remap(button) {
  remapping = button;
  const place = button.querySelector("kbd");
  place.textContent = word("press_key");
  const take = (event) => {
    if (["Shift", "Control", "Alt", "Meta"].includes(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    removeEventListener("keydown", take, true);
    remapping = null;
    if (event.key !== "Escape" && keys.usable(event) && !keys.change(button.dataset.remap, event)) tellWord("key_taken");
    keys.show();
  };
  addEventListener("keydown", take, true);
}
byId("keys-reset").addEventListener("click", () => { keys.reset(); keys.show(); });

// --- what is shown ---

let shownCall = band().dataset.call;
let shownKind = band().dataset.kind;
let focusIn = null;
body.addEventListener("htmx:before:swap", () => {
  focusIn = PANELS.slice(0, 1).map((one) => document.querySelector(one)).find((one) => one?.contains(document.activeElement));
});
body.addEventListener("htmx:after:swap", () => {
  keys.show();
  byId("desk-band").querySelectorAll("[aria-controls]").forEach(expanded);
  if (awaiting) byId("outcomes")?.classList.add("awaiting");
  if (focusIn && document.activeElement === body) band().focus({ preventScroll: true });
  focusIn = null;
  const { call, kind } = band().dataset;
  if (!live()) for (const name of ["drawer", "keypad"]) toggle(name, false);
  if (live()) phone.mute(band().dataset.muted === "yes");
  // Nothing has rung on an open line: somebody is there from now on.
  if (kind === "talking" && shownKind === "idle") phone.beep();
  shownKind = kind;
  if (call !== shownCall) {
    shownCall = call;
    const past = byId("past-form");
    if (call && past) {
      past.querySelector("#past-all").checked = true;
      past.querySelector("#past-q").value = "";
    }
  }
  document.title = kind === "ringing" ? `● ${band().querySelector("h1").textContent}` : `${chats.waiting()}${title}`;
  findTarget();
});
const title = document.title;

// Pages of others open beside the desk, so that it stays.
document.querySelector(".rail").addEventListener("click", (event) => {
  const link = event.target.closest("a");
  if (link && live()) link.target = "_blank";
});

setInterval(() => {
  for (const timer of document.querySelectorAll("[data-until]")) {
    const left = Math.max(0, Math.ceil((Number(timer.dataset.until) - now()) / 1000));
    const text = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    if (timer.textContent !== text) timer.textContent = text;
    timer.classList.toggle("late", left <= 10);
  }
}, 250);

keys.show();
begin({ credentials: (told) => phone.start(told), live, ended: () => phone.close() });
