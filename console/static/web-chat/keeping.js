// What this tab keeps over a reload. Browsers may refuse storage to a frame of another site: then the customer's
// page keeps it for us, in its own storage.

import { framed, tellParent } from "./parent.js";

const site = document.body.dataset.site;
let memory = new Map();

function storage(kind) {
  try {
    const found = window[kind];
    found.setItem("infolinia-try", "");
    found.removeItem("infolinia-try");
    return found;
  } catch {
    return null;
  }
}

const session = storage("sessionStorage");

export const keptByParent = framed && !session;

export function restore(given) {
  memory = new Map(Object.entries(given ?? {}));
}

const key = (name) => `infolinia-chat-${site}-${name}`;

export function kept(name) {
  try {
    return JSON.parse(session ? session.getItem(key(name)) : memory.get(name) ?? null);
  } catch {
    return null;
  }
}

export function keep(name, value) {
  const text = JSON.stringify(value);
  if (memory.get(name) === text) return;
  memory.set(name, text);
  try {
    session?.setItem(key(name), text);
  } catch { /* full: the page itself still knows it */ }
  if (keptByParent) tellParent("keep", { kept: Object.fromEntries(memory) });
}

export function forget(name) {
  memory.delete(name);
  session?.removeItem(key(name));
  if (keptByParent) tellParent("keep", { kept: Object.fromEntries(memory) });
}

export function ownId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// Where the page is not in a frame, nobody else tells who the visitor is.
export function lastingId() {
  const local = storage("localStorage");
  const known = local?.getItem("infolinia-visitor");
  if (known) return known;
  const made = ownId();
  local?.setItem("infolinia-visitor", made);
  return made;
}
