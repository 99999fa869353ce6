// The visitor's page: before the chat, in it, and the form; by one state, which a reload finds again.

import { Calling } from "./calling.js";
import { serveForm } from "./form.js";
import { forget, keep, kept, keptByParent, lastingId, ownId, restore } from "./keeping.js";
import { ask, askInvitation, Outbox, Refused, stamped, Stream } from "./link.js";
import { Log, told } from "./log.js";
import { framed, hearParent, tellParent } from "./parent.js";

const byId = (id) => document.getElementById(id);
const data = document.body.dataset;
const TYPING_MS = 3000;
const HELLO_MS = 10000; // the customer's page may be busy; without its word an open chat is not found again
const LONGEST_ADDRESS = 2000; // as at the hotline
const LONGEST_TITLE = 200;

let chat = null; // {chat, secret}
let over = false;
let view = null;
let stream = null;
let visitor = null;
let path = [];
let invited = false;
let shown = !framed;
let unread = 0;
let typedAt = 0;
let wantsFocus = false;

const log = new Log(byId("log"), byId("waiting-lines"), byId("scroll"), Boolean(byId("call-now")));
const calling = new Calling({ of: () => (over ? null : chat), onTold: notice });
const outbox = new Outbox({
  of: () => (over ? null : chat),
  onChanged: (waiting) => log.showUnsent(waiting),
  onReached: reached,
  onRefused: (one, refused) => {
    notice(refused.sentence || told("failed"));
    if (one.name === "say" && !byId("words").value) byId("words").value = one.text;
    for (const button of byId("choices").children) button.disabled = false;
    if (refused.code === "gone") gone();
  },
});

function notice(sentence = "") {
  byId("notice").textContent = sentence;
  byId("notice").hidden = !sentence;
}

let away = false;
function reached(yes) {
  if (yes === !away) return;
  away = !yes;
  notice(away ? told("away") : "");
}

function show(name) {
  view = name;
  for (const one of ["begin", "talk", "leave"]) if (byId(one)) byId(one).hidden = one !== name;
  if (name === "talk") {
    byId("words").value = kept("draft") ?? "";
    grow();
    log.toEnd();
  }
}

function focusFirst() {
  const places = { begin: ["visitor-name", "agree"], talk: ["words", "again"], leave: ["number"] };
  const place = places[view].map(byId).find((one) => one && !one.disabled && one.offsetParent);
  (place ?? byId("hide")).focus({ preventScroll: true });
}

function chatView() {
  return chat ? "talk" : "begin";
}

// --- the chat's beginning and end ---

byId("start")?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const agree = byId("agree");
  if (agree && !agree.checked) {
    byId("agree-wrong").textContent = told("consent_wanted");
    byId("agree-wrong").hidden = false;
    agree.setAttribute("aria-invalid", "true");
    return agree.focus();
  }
  const button = form.querySelector("button");
  button.disabled = true;
  notice();
  try {
    const now = Date.now();
    const opened = await stamped(() => ask("open", {
      stamp: data.stamp,
      subject: form.elements.subject.value,
      visitor: visitor ?? lastingId(),
      name: form.elements.name.value.trim(),
      consent: data.consent,
      invited,
      path: path.filter(isShort).map((page) => ({ ...seen(page), ago: Math.max(0, now - page.at) / 1000 })),
    }));
    chat = opened;
    over = false;
    keep("chat", chat);
    begin();
    focusFirst();
  } catch (error) {
    if (error.code === "nobody" && byId("leave")) show("leave");
    notice(error instanceof Refused && error.sentence ? error.sentence : told("failed"));
  } finally {
    button.disabled = false;
  }
});

function isShort({ address }) {
  return address.length <= LONGEST_ADDRESS;
}

// The customer's page has any title, also half a letter at its end; what cannot be read would keep the visitor out.
function seen({ address, title }) {
  const letters = Array.from(title).filter((letter) => !/^[\ud800-\udfff]$/.test(letter));
  return { address, title: letters.slice(0, LONGEST_TITLE).join("") };
}

function begin() {
  show("talk");
  live(true);
  stream = new Stream({ ...chat, onNews: hear, onReached: reached, onRefused: gone });
  outbox.onChanged(outbox.waiting);
  outbox.send();
  tellState();
}

// There is no such chat any more: what is on the page stays to be read and saved.
function gone() {
  over = true;
  live(false);
  tellState();
}

function live(yes) {
  for (const id of ["say", "call-me", "end"]) byId(id).hidden = !yes;
  if (byId("call-now")) byId("call-now").hidden = !yes;
  byId("again").hidden = yes;
  if (!yes) {
    byId("choices").replaceChildren();
    byId("typing").textContent = byId("who").textContent = "";
    closeDrawers();
  }
}

byId("again").addEventListener("click", () => {
  stream?.stop();
  chat = null;
  over = false;
  outbox.clear();
  for (const name of ["chat", "seen", "draft"]) forget(name);
  tellState();
  location.reload(); // for a stamp, and whether somebody could answer now
});

// --- what comes ---

function hear(news) {
  let fresh = 0;
  const seen = kept("seen") ?? 0;
  for (const line of news.lines) {
    if (line.client_id) outbox.arrived(line.client_id);
    if (log.add(line) && line.by !== "visitor" && line.seq > seen) fresh += 1;
  }
  if (shown && !document.hidden) keep("seen", log.last);
  else unread += fresh;
  over = news.phase === "closed";
  if (over) {
    live(false);
    outbox.clear();
  } else {
    showWho(news);
    byId("typing").textContent = news.typing ? told("typing") : "";
    showChoices(news.buttons);
    byId("words").readOnly = byId("send").disabled = !news.free_text;
    byId("say").dataset.phase = news.phase;
  }
  tellState();
  return over;
}

function showWho(news) {
  const parts = [];
  if (news.phase === "talking") parts.push(news.agent);
  if (news.phase === "waiting") {
    parts.push(told("waiting"));
    if (news.position) parts.push(told("waiting_place", { place: news.position }));
    if (news.wait_minutes) parts.push(told("waiting_minutes", { minutes: news.wait_minutes }));
  }
  const text = parts.filter(Boolean).join(" ");
  if (byId("who").textContent !== text) byId("who").textContent = text;
}

function showChoices(buttons) {
  const choices = byId("choices");
  const now = JSON.stringify(buttons);
  if (choices.dataset.now === now) return;
  choices.dataset.now = now;
  const focused = choices.contains(document.activeElement);
  choices.replaceChildren(...buttons.map(({ value, label }) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = label;
    button.addEventListener("click", () => {
      for (const one of choices.children) one.disabled = true;
      outbox.add({ name: "press", value, shown: label, client_id: ownId() });
    });
    return button;
  }));
  if (focused) (choices.querySelector("button") ?? byId("words")).focus();
  log.toEnd();
}

// --- what is written ---

const words = byId("words");

function grow() {
  words.style.height = "auto";
  words.style.height = `${Math.min(120, words.scrollHeight + 2)}px`;
}

byId("say").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = words.value.trim();
  if (!text || over || words.readOnly) return;
  if (!away) notice();
  outbox.add({ name: "say", text, shown: text, client_id: ownId() });
  words.value = "";
  forget("draft");
  grow();
  log.toEnd();
  words.focus();
});

words.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  byId("say").requestSubmit();
});

words.addEventListener("input", () => {
  keep("draft", words.value);
  grow();
  if (byId("say").dataset.phase !== "talking" || Date.now() - typedAt < TYPING_MS) return;
  typedAt = Date.now();
  ask("typing", chat).catch(() => {}); // it matters no more when it is late
});

// --- what else can be done ---

byId("log").addEventListener("click", (event) => {
  if (event.target.closest("[data-calls]")) calling.start();
});

function drawer(opener, id) {
  const open = byId(id).hidden;
  closeDrawers();
  byId(id).hidden = !open;
  byId(opener).setAttribute("aria-expanded", String(open));
  if (open) byId(id).querySelector("input, button").focus();
}

function closeDrawers() {
  let closed = false;
  for (const [opener, id] of [["call-me", "call-me-form"], ["end", "end-sure"]]) {
    if (byId(id).hidden) continue;
    byId(id).hidden = true;
    byId(opener).setAttribute("aria-expanded", "false");
    if (byId(id).contains(document.activeElement) || document.activeElement === document.body) byId(opener).focus();
    closed = true;
  }
  return closed;
}

byId("call-me").addEventListener("click", () => drawer("call-me", "call-me-form"));
byId("end").addEventListener("click", () => drawer("end", "end-sure"));
for (const closes of document.querySelectorAll("[data-closes]")) closes.addEventListener("click", closeDrawers);

byId("call-me-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const wrong = byId("call-number-wrong");
  wrong.hidden = true;
  try {
    const { number } = await ask("call-me", { ...chat, number: byId("call-number").value.trim() });
    closeDrawers();
    notice(told("called_back", { number }));
  } catch (error) {
    wrong.textContent = error instanceof Refused && error.sentence ? error.sentence : told("failed");
    wrong.hidden = false;
    byId("call-number").focus();
  }
});

byId("end-yes").addEventListener("click", async () => {
  try {
    await ask("end", chat);
    closeDrawers();
  } catch (error) {
    if (error instanceof Refused && error.status === 409) return closeDrawers();
    notice(error instanceof Refused && error.sentence ? error.sentence : told("failed"));
  }
});

byId("copy").addEventListener("click", () => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(["\ufeff", log.text()], { type: "text/plain;charset=utf-8" }));
  link.download = `chat-${data.site}.txt`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
});

for (const leads of document.querySelectorAll("[data-view]")) {
  leads.addEventListener("click", () => {
    show(leads.dataset.view === "leave" ? "leave" : chatView());
    focusFirst();
  });
}

// --- the customer's page around this one ---

function tellState() {
  tellParent("state", { open: Boolean(chat) && !over, unread });
}

byId("hide").hidden = !framed;
byId("hide").addEventListener("click", () => tellParent("hide"));
addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !closeDrawers()) tellParent("hide");
});
document.addEventListener("visibilitychange", () => { if (!document.hidden && shown) read(); });

function read() {
  unread = 0;
  keep("seen", log.last);
  tellState();
}

let greeted;
const hello = new Promise((resolve) => { greeted = resolve; });

hearParent({
  hello(message) {
    visitor = message.visitor;
    greeted(message.kept);
    path = message.path;
    if (message.invited && byId("invitation")) {
      invited = true;
      byId("invitation").hidden = false;
    }
  },
  page(message) {
    path = message.path;
    const here = path.at(-1);
    if (chat && !over && here && isShort(here)) ask("seen", { ...chat, page: seen(here) }).catch(() => {});
  },
  shown(message) {
    shown = true;
    read();
    if (view === "talk") log.toEnd();
    wantsFocus = message.focus && !view;
    if (message.focus && view) focusFirst();
  },
  hidden() {
    shown = false;
  },
  async invite(message) {
    const text = await askInvitation(message.page, message.seen).catch(() => "");
    if (text && !chat) tellParent("invitation", { text });
  },
});

document.documentElement.classList.add("scripted");
serveForm();
tellParent("ready");
if (keptByParent) restore(await Promise.race([hello, new Promise((resolve) => { setTimeout(resolve, HELLO_MS); })]));
chat = kept("chat");
outbox.restore();
if (chat) begin();
else show(byId("leave")?.dataset.first === "yes" ? "leave" : "begin");
if (wantsFocus) focusFirst();
