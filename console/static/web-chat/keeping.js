// What this tab keeps over a reload. Browsers may refuse storage to a frame: then it lasts as long as the page.

const site = document.body.dataset.site;
const memory = new Map();

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
const key = (name) => `infolinia-chat-${site}-${name}`;

export function kept(name) {
  try {
    return JSON.parse(session ? session.getItem(key(name)) : memory.get(name) ?? null);
  } catch {
    return null;
  }
}

export function keep(name, value) {
  memory.set(name, JSON.stringify(value));
  try {
    session?.setItem(key(name), JSON.stringify(value));
  } catch { /* full: the page itself still knows it */ }
}

export function forget(name) {
  memory.delete(name);
  session?.removeItem(key(name));
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
