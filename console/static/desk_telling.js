// What the desk says to its agent, and sends to the server: every answer and refusal is one sentence.

import { csrf } from "./csrf.js";

const TOAST_MS = 6000;

// The page's own sentences, in its language.
export const word = (name) => document.querySelector(`[data-word="${name}"]`).textContent;

export function toast(text, { bad = false, language = "" } = {}) {
  if (!text) return;
  for (const other of [...document.getElementById("toasts").children]) {
    if (other.firstChild.textContent === text) other.remove();
  }
  const box = document.createElement("div");
  box.className = bad ? "toast bad" : "toast";
  const told = document.createElement("span");
  told.textContent = text;
  if (language) told.lang = language;
  const close = document.createElement("button");
  close.type = "button";
  close.className = "button small";
  close.textContent = "×";
  close.setAttribute("aria-label", document.getElementById("drawer").querySelector("[data-close] span").textContent);
  close.addEventListener("click", () => box.remove());
  box.append(told, close);
  if (bad) box.setAttribute("role", "alert"); // and stays
  else setTimeout(() => box.remove(), TOAST_MS);
  const toasts = document.getElementById("toasts");
  while (toasts.children.length > 3) toasts.firstChild.remove();
  toasts.append(box);
}

// What was refused before something else was done is old.
function forgetRefusals() {
  for (const old of document.querySelectorAll("#toasts .toast.bad")) old.remove();
}

export const tellWord = (name) => toast(word(name), { bad: true });

// The answer; null when it was refused, which is told; undefined when the server was not reached.
export async function send(path, fields = {}, { quiet = false } = {}) {
  let answer;
  try {
    answer = await fetch(path, {
      method: "POST",
      headers: { ...csrf, Accept: "application/json" },
      body: new URLSearchParams(fields),
    });
  } catch {
    if (!quiet) tellWord("server_away");
    return undefined;
  }
  if (answer.status === 401) return location.reload();
  const told = answer.status === 204 ? {} : await answer.json().catch(() => ({}));
  if (answer.ok) {
    if (!quiet) forgetRefusals();
    toast(told.done);
    return told;
  }
  if (answer.status >= 500 && quiet) return undefined;
  toast(told.error ?? word("server_away"), { bad: true, language: told.language ?? "en" });
  return null;
}

export const talk = (action, fields = {}) => send("/desk/talk", { action, ...fields });

export function leave(path, fields) {
  navigator.sendBeacon(path, new URLSearchParams({ ...fields, csrf: csrf["X-CSRF-Token"] ?? "" }));
}
