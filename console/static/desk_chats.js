// Chats at the desk: which is open, what is unread, what is being typed. A line that comes in takes nothing away.

import { csrf } from "./csrf.js";
import { beep } from "./desk_sound.js";
import { send } from "./desk_telling.js";

const KEPT = "desk-chats";
const TYPING_MS = 3000;
const NEAR_END = 60; // pixels: whoever has scrolled further up reads what was

const body = document.body;
const part = document.getElementById("desk-chats");
const byId = (id) => document.getElementById(id);
const panels = () => [...(part?.querySelectorAll("[data-chat-panel]") ?? [])];
const tabs = () => [...(part?.querySelectorAll("[data-chat-tab]") ?? [])];
const box = (chat) => byId(`chat-text-${chat}`);

const kept = read(); // {drafts, seen}: by chat
const offers = new Set(); // that were heard of
const unread = new Map(); // chat -> how many of the visitor's lines
const going = new Map(); // chat -> the sending of its last line
let open = "";
let who = ""; // its contact
let wanted = ""; // it was taken just now
let toldAt = 0;
let drawn = false;
let grown = false; // what is unread, by the last drawing

function read() {
  try {
    return { drafts: {}, seen: {}, ...JSON.parse(sessionStorage.getItem(KEPT) ?? "{}") };
  } catch {
    return { drafts: {}, seen: {} };
  }
}

function keep() {
  try {
    sessionStorage.setItem(KEPT, JSON.stringify(kept));
  } catch {
    // A browser without it forgets drafts when the page is loaded anew.
  }
}

// --- what is shown ---

export function show(chat, { focus = false } = {}) {
  const changed = open !== chat;
  const contact = panels().find((panel) => panel.dataset.chatPanel === chat)?.dataset.contact ?? "";
  const other = changed || contact !== who; // a visitor who gives a number is somebody else from then on
  open = chat;
  who = contact;
  for (const tab of tabs()) {
    const mine = tab.dataset.chatTab === chat;
    tab.setAttribute("aria-selected", String(mine));
    tab.tabIndex = mine ? 0 : -1;
  }
  for (const panel of panels()) panel.hidden = panel.dataset.chatPanel !== chat;
  if (changed) toEnd(chat);
  if (other) {
    byId("chat-open").value = chat;
    for (const name of ["customer", "timeline"]) body.dispatchEvent(new CustomEvent(`desk-${name}`));
  }
  if (focus) box(chat)?.focus();
  mark();
}

function toEnd(chat) {
  const log = byId(`chat-log-${chat}`);
  if (log) log.scrollTop = log.scrollHeight;
}

// What the visitor has said and the agent has not seen.
function mark() {
  const there = new Set();
  for (const panel of panels()) {
    const chat = panel.dataset.chatPanel;
    there.add(chat);
    if (chat === open && !document.hidden) kept.seen[chat] = Number(panel.dataset.heard);
    const seen = kept.seen[chat] ?? 0;
    const count = [...panel.querySelectorAll("[data-said]")].filter((line) => Number(line.dataset.said) > seen).length;
    if (count > (unread.get(chat) ?? 0)) grown = true;
    unread.set(chat, count);
    const badge = byId(`chat-unread-${chat}`);
    badge.hidden = count === 0;
    badge.textContent = count ? String(count) : "";
  }
  for (const chat of [...unread.keys()]) if (!there.has(chat)) unread.delete(chat);
  for (const name of ["seen", "drafts"]) {
    for (const chat of Object.keys(kept[name])) if (drawn && !there.has(chat)) delete kept[name][chat];
  }
  keep();
}

// Before the page's title: how many lines wait to be read, and whether somebody is offered.
export function waiting() {
  const count = [...unread.values()].reduce((sum, one) => sum + one, 0);
  return offers.size ? "● " : count ? `(${count}) ` : "";
}

function sound() {
  beep(localStorage.getItem("desk-ring") ?? "").catch(() => {}); // a browser that was not touched yet is silent
}

let ends = new Map(); // chat -> whether its last line was in sight
body.addEventListener("htmx:before:swap", () => {
  ends = new Map(panels().map((panel) => {
    const log = byId(`chat-log-${panel.dataset.chatPanel}`);
    return [panel.dataset.chatPanel, log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_END];
  }));
});

// Which one is open is this page's alone to say.
body.addEventListener("htmx:before:morph:attr", (event) => {
  const ours = event.target.matches?.("[data-chat-tab], [data-chat-panel]");
  if (ours && ["hidden", "aria-selected", "tabindex"].includes(event.detail.attrName)) event.preventDefault();
});

body.addEventListener("htmx:after:swap", () => {
  if (!part) return;
  const there = panels().map((panel) => panel.dataset.chatPanel);
  const now = [...part.querySelectorAll("[data-chat-offer]")].map((one) => one.dataset.chatOffer);
  const offered = now.some((one) => !offers.has(one));
  offers.clear();
  for (const one of now) offers.add(one);
  for (const chat of there) {
    const text = box(chat);
    if (text && !text.dataset.drawn) { // new on this page: what was typed before it was loaded anew
      text.dataset.drawn = "yes";
      text.value ||= kept.drafts[chat] ?? "";
    }
  }
  const taken = there.includes(wanted) ? wanted : "";
  if (taken) wanted = "";
  const before = open;
  const first = !drawn && !offered;
  grown = false;
  show(taken || (there.includes(open) ? open : there[0] ?? ""), { focus: Boolean(taken) });
  if (open === before && ends.get(open)) toEnd(open);
  if ((offered || grown) && !first) sound();
  drawn ||= there.length > 0;
});

document.addEventListener("visibilitychange", () => { if (!document.hidden) mark(); });

// --- what is done ---

export function take() {
  const button = part?.querySelector("[data-chat-take] button");
  button?.click();
  return button;
}

export function decline() {
  const button = part?.querySelector("[data-chat-decline] button");
  button?.click();
  return button;
}

export function next(step = 1) {
  const found = tabs();
  const here = found.findIndex((tab) => tab.dataset.chatTab === open);
  const tab = found.at((here + step + found.length) % found.length);
  if (tab) show(tab.dataset.chatTab, { focus: true });
}

// Sent one after another; what could not be sent comes back into the box, before what was typed meanwhile.
function say(chat) {
  const text = box(chat);
  const said = text.value.trim();
  if (!said) return;
  const line = crypto.randomUUID?.() ?? String(Math.random()).slice(2);
  text.value = "";
  draft(chat);
  const before = going.get(chat) ?? Promise.resolve();
  going.set(chat, before.then(async () => {
    if (await send("/desk/chat-say", { chat, text: said, line })) return;
    const there = box(chat);
    if (!there) return;
    there.value = there.value ? `${said}\n${there.value}` : said;
    draft(chat);
  }));
}

function draft(chat) {
  if (box(chat).value) kept.drafts[chat] = box(chat).value;
  else delete kept.drafts[chat];
  keep();
}

function typing(chat) {
  if (Date.now() - toldAt < TYPING_MS) return;
  toldAt = Date.now();
  fetch("/desk/chat-typing", { method: "POST", headers: csrf, body: new URLSearchParams({ chat }) }).catch(() => {});
}

function insert(chat, words) {
  const text = box(chat);
  if (!text) return;
  text.setRangeText(words, text.selectionStart, text.selectionEnd, "end");
  draft(chat);
  byId(`chat-canned-${chat}`).open = false;
  text.focus();
}

part?.addEventListener("submit", (event) => {
  const { chatSay, chatTake } = event.target.dataset;
  if (chatTake) wanted = chatTake;
  if (!chatSay) return;
  event.preventDefault();
  say(chatSay);
});

part?.addEventListener("click", (event) => {
  const button = event.target.closest("[data-chat-tab], [data-chat-answer]");
  if (!button) return;
  const { chatTab, chatAnswer, text } = button.dataset;
  if (chatTab) show(chatTab, { focus: event.detail > 0 });
  if (chatAnswer) insert(chatAnswer, text);
});

part?.addEventListener("input", (event) => {
  const { chatText, chatFind } = event.target.dataset;
  if (chatText) {
    draft(chatText);
    if (event.target.value) typing(chatText);
  }
  if (chatFind) {
    const sought = event.target.value.trim().toLowerCase();
    for (const row of byId(`chat-answers-${chatFind}`).children) row.hidden = !row.dataset.find.includes(sought);
  }
});

part?.addEventListener("keydown", (event) => {
  const { chatText, chatFind, chatTab } = event.target.dataset;
  if (event.isComposing) return;
  if (chatText && event.key === "Enter" && !event.shiftKey && !event.altKey) {
    event.preventDefault();
    event.stopPropagation();
    say(chatText);
  }
  if (chatFind && event.key === "Enter") {
    event.preventDefault();
    event.stopPropagation();
    byId(`chat-answers-${chatFind}`).querySelector("li:not([hidden]) button")?.click();
  }
  if (chatFind && event.key === "Escape") {
    byId(`chat-canned-${chatFind}`).open = false;
    box(chatFind)?.focus();
  }
  if (chatTab && ["ArrowLeft", "ArrowRight"].includes(event.key)) {
    event.preventDefault();
    next(event.key === "ArrowRight" ? 1 : -1);
    tabs().find((tab) => tab.dataset.chatTab === open)?.focus();
  }
});

part?.addEventListener("toggle", (event) => {
  if (event.target.matches(".chat-canned[open]")) event.target.querySelector("input").focus();
}, true);
