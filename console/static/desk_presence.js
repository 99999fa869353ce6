// The page is an agent's desk: it signs in, is told what has changed, and finds back when the server was away.

import { csrf } from "./csrf.js";
import { leave, toast, word } from "./desk_telling.js";

const PARTS = ["status", "band", "customer", "timeline", "side", "strip", "queues", "targets", "written", "chats"];
const SILENT_MS = 25000; // the server tells its time every ten seconds
const RETRY_MS = 2000;

const body = document.body;
const page = body.dataset.desk;
const byId = (id) => document.getElementById(id);
const stale = byId("stale");

let refusedAs = "";

// This page is the desk from now on; its telephone's credentials go to the one who began.
export async function signIn() {
  if (over) return;
  let answer;
  try {
    answer = await fetch("/desk/phone", {
      method: "POST",
      headers: { ...csrf, "Content-Type": "application/json", Accept: "application/json" },
      body: JSON.stringify({ page }),
    });
  } catch {
    return setTimeout(signIn, RETRY_MS);
  }
  if (answer.status === 401) return location.reload();
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) { // told once, and tried until it works
    if (told.error !== refusedAs) toast(told.error, { bad: true, language: told.language ?? "en" });
    refusedAs = told.error;
    return setTimeout(signIn, RETRY_MS);
  }
  refusedAs = "";
  if (!source) listen();
  await begun.credentials(told);
}

let source = null;
let heardAt = Date.now();
let offset = 0;
let over = false;
let begun = null; // {credentials(told), live(), ended()}

// The server's time, in ms.
export const now = () => Date.now() + offset;
export const isOver = () => over;

export function begin(listener) {
  begun = listener;
  return signIn();
}

function listen() {
  source = new EventSource(`/desk/events?page=${encodeURIComponent(page)}`);
  source.addEventListener("clock", (event) => {
    heardAt = Date.now();
    offset = Number(event.data) - heardAt;
    body.dispatchEvent(new CustomEvent("clock", { detail: { data: event.data } }));
  });
  for (const name of PARTS) {
    source.addEventListener(`desk-${name}`, () => {
      const wanted = name === "targets" ? "targets-wanted" : name;
      if (name !== "targets" || !byId("drawer").hidden) body.dispatchEvent(new CustomEvent(`desk-${wanted}`));
    });
  }
  source.addEventListener("desk-idle", () => {
    if (!byId("past-form")) body.dispatchEvent(new CustomEvent("desk-timeline"));
  });
  source.addEventListener("desk-phone", signIn);
  source.addEventListener("desk-elsewhere", () => end("elsewhere"));
  source.addEventListener("desk-dismissed", () => end("dismissed"));
  source.addEventListener("signed-out", () => location.reload());
  source.addEventListener("error", () => {
    if (over) return;
    away();
    if (source.readyState === EventSource.CLOSED) again();
  });
}

function away() {
  if (begun.live()) stale.lastChild.textContent = word("reconnecting");
  stale.hidden = false;
}

function again() {
  source?.close();
  source = null;
  setTimeout(() => { if (!over && !source) listen(); }, RETRY_MS);
}

setInterval(() => {
  if (!source || over || Date.now() - heardAt < SILENT_MS) return;
  heardAt = Date.now();
  away();
  again();
}, 1000);

function end(why) {
  over = true;
  source?.close();
  begun.ended();
  byId("over-title").textContent = word(`${why}_title`);
  byId("over-text").textContent = word(`${why}_text`);
  const dialog = byId("over");
  dialog.addEventListener("cancel", (event) => event.preventDefault());
  dialog.showModal();
}

addEventListener("pagehide", () => { if (!over) leave("/desk/gone", { page }); });
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); }); // its telephone is gone
addEventListener("beforeunload", (event) => { if (!over && begun?.live()) event.preventDefault(); });
