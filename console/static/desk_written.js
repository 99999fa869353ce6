// Answers in writing: a canned one is put into the box, and its parts are counted as they will be paid for.

import { csrf } from "./csrf.js";

const COUNT_MS = 300;
let counting = 0;

document.body.addEventListener("change", (event) => {
  if (!event.target.matches("[data-canned]") || !event.target.value) return;
  const box = event.target.form.elements.text;
  box.value = event.target.value;
  box.dispatchEvent(new Event("input", { bubbles: true }));
  box.focus();
});

document.body.addEventListener("input", (event) => {
  if (!event.target.matches("[data-counted]")) return;
  clearTimeout(counting);
  counting = setTimeout(() => count(event.target), COUNT_MS);
});

async function count(box) {
  const place = box.form?.querySelector("[data-length]");
  if (!place) return;
  try {
    const answer = await fetch("/desk/written-length", {
      method: "POST",
      headers: { ...csrf, Accept: "application/json" },
      body: new URLSearchParams({ text: box.value, dialogue: box.form.elements.dialogue?.value ?? "" }),
    });
    if (answer.ok) place.textContent = (await answer.json()).said;
  } catch {
    // The desk itself says when the server is away.
  }
}
