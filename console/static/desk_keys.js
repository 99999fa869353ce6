// The desk's keys. No bare letters: they break in Cyrillic and in notes. People may change them; it is kept in
// the browser.

const KEPT = "desk-keys";
const USUAL = {
  answer: "F2", hang_up: "Shift+F2", mute: "F3", hold: "F4", panel: "F6", keypad: "F7", transfer: "F8",
  recording: "F9", outcome: "F10", find: "Ctrl+KeyK", main: "Ctrl+Enter", chat: "Alt+PageDown",
  keys: "F1",
};
const SHOWN = { Shift: "⇧", Enter: "⏎", NumpadEnter: "⏎" };

let keys = read();

function read() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEPT) ?? "{}");
    const known = Object.entries(kept).filter(([name, key]) => name in USUAL && typeof key === "string");
    return { ...USUAL, ...Object.fromEntries(known) };
  } catch {
    return { ...USUAL };
  }
}

// As it is kept: "Shift+F2". By the place on the keyboard, whatever letter is written there.
export function pressed(event) {
  const held = [event.ctrlKey && "Ctrl", event.altKey && "Alt", event.shiftKey && "Shift"].filter(Boolean);
  return [...held, event.code === "NumpadEnter" ? "Enter" : event.code].join("+");
}

export function actionOf(event) {
  const key = pressed(event);
  return Object.keys(keys).find((name) => keys[name] === key);
}

// Only function keys, and others with Ctrl or Alt.
export function usable(event) {
  if (["Shift", "Control", "Alt", "Meta", "AltGraph"].includes(event.key)) return false;
  return /^F\d+$/.test(event.code) || event.ctrlKey || event.altKey;
}

// False: another action has it.
export function change(name, event) {
  const key = pressed(event);
  if (Object.keys(keys).some((other) => other !== name && keys[other] === key)) return false;
  keys[name] = key;
  localStorage.setItem(KEPT, JSON.stringify(keys));
  return true;
}

export function reset() {
  localStorage.removeItem(KEPT);
  keys = { ...USUAL };
}

export function show(root = document) {
  for (const place of root.querySelectorAll("[data-key-of]")) {
    const parts = keys[place.dataset.keyOf].split("+");
    const text = parts.map((part) => SHOWN[part] ?? part.replace(/^(Key|Digit)/, "")).join(" ");
    if (place.textContent !== text) place.textContent = text;
  }
}
