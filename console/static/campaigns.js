// A campaign's pages: the rules behind a lead in a popover, and a list that is sent.

import { csrf } from "./csrf.js";

const why = document.getElementById("why");
let opener = null;

async function explain(button) {
  const answer = await fetch(button.dataset.why, { headers: { Accept: "text/html" } });
  if (answer.status === 401) location.reload();
  if (!answer.ok) return;
  why.innerHTML = await answer.text();
  opener = button;
  why.showPopover();
  const at = button.getBoundingClientRect();
  const left = Math.min(Math.max(12, at.right + 12), innerWidth - why.offsetWidth - 12);
  const below = left < at.right + 8 ? at.bottom + 6 : at.top - 24;
  why.style.left = `${left}px`;
  why.style.top = `${Math.max(12, Math.min(below, innerHeight - why.offsetHeight - 12))}px`;
  why.focus();
}

document.body.addEventListener("click", (event) => {
  const button = event.target.closest("[data-why]");
  if (button) explain(button);
});
why?.addEventListener("toggle", (event) => {
  const open = event.newState === "open";
  opener?.setAttribute("aria-expanded", String(open));
  if (!open) opener?.focus();
});

const upload = document.getElementById("upload");
upload?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const said = document.getElementById("upload-said");
  const button = upload.querySelector("button");
  const file = upload.elements.file.files[0];
  said.textContent = upload.dataset.sending;
  button.disabled = true;
  try {
    const answer = await fetch(`${upload.dataset.to}?name=${encodeURIComponent(file.name)}`, {
      method: "POST",
      headers: { ...csrf, Accept: "application/json", "Content-Type": "application/octet-stream" },
      body: file,
    });
    const told = await answer.json();
    if (answer.ok) location.assign(told.place);
    else said.textContent = told.error;
  } catch {
    said.textContent = upload.dataset.failed;
  }
  button.disabled = false;
});

// What is ticked stays so: the list is not fetched anew meanwhile.
document.body.addEventListener("htmx:before:request", (event) => {
  if (event.target.id === "leads" && document.querySelector("#orders .tick input:checked")) event.preventDefault();
});

// One move's question at a time, and none after Esc.
document.addEventListener("keydown", (event) => {
  const open = document.querySelector(".campaign-move[open]");
  if (event.key === "Escape" && open) {
    open.open = false;
    open.querySelector("summary").focus();
  }
});

// A forecast that has come to its end is shown.
document.body.addEventListener("htmx:after:swap", () => {
  const running = document.querySelector(".forecast-running");
  if (running && !running.querySelector("progress")) location.reload();
});
