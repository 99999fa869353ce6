// What every page does: timers on the server's clock, the theme, word of a lost connection, copying.

import { csrf } from "./csrf.js";

let clockOffsetMs = 0;

function shown(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const pad = (n) => String(n).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  return hours ? `${hours}:${pad(minutes)}:${pad(whole % 60)}` : `${minutes}:${pad(whole % 60)}`;
}

function tick() {
  const now = Date.now() + clockOffsetMs;
  for (const there of document.querySelectorAll("[data-zone]")) {
    const text = new Intl.DateTimeFormat("en-GB", { timeZone: there.dataset.zone, hour: "2-digit", minute: "2-digit" }).format(now);
    if (there.textContent !== text) there.textContent = text;
  }
  for (const timer of document.querySelectorAll("[data-since]")) {
    const text = shown((now - Number(timer.dataset.since)) / 1000);
    if (timer.textContent !== text) timer.textContent = text;
  }
}

const body = document.body;
const stale = document.getElementById("stale");
body.addEventListener("clock", (event) => {
  clockOffsetMs = Number(event.detail.data) - Date.now();
  stale.hidden = true;
  tick();
});
// Whoever was signed out meanwhile is led to the sign-in page, and from there back to this one.
body.addEventListener("signed-out", () => location.reload());
body.addEventListener("htmx:response:error", (event) => {
  if (event.detail.ctx.response?.status === 401) location.reload();
});
body.addEventListener("htmx:config:request", (event) => Object.assign(event.detail.ctx.request.headers, csrf));
body.addEventListener("htmx:sse:error", () => { stale.hidden = false; });
body.addEventListener("htmx:sse:before:connection", (event) => {
  if (event.detail.connection.attempt > 0 && !document.hidden) stale.hidden = false;
});
body.addEventListener("htmx:after:swap", tick);
setInterval(tick, 1000);
tick();

document.getElementById("theme").addEventListener("click", () => {
  const root = document.documentElement;
  const dark = root.dataset.theme
    ? root.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  document.cookie = `theme=${root.dataset.theme}; path=/; max-age=31536000; samesite=strict`;
});

body.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent.trim());
  const word = button.textContent;
  button.textContent = button.dataset.copied;
  setTimeout(() => { button.textContent = word; }, 2000);
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey && !event.altKey && !event.shiftKey && event.code === "KeyK") {
    const find = document.getElementById("find");
    const contacts = document.querySelector('.rail a[href="/contacts"]');
    if (find || contacts) event.preventDefault();
    if (find) find.select();
    else if (contacts) location.assign("/contacts");
  }
  const health = document.querySelector(".health[open]");
  if (event.key === "Escape" && health) {
    health.open = false;
    health.querySelector("summary").focus();
  }
});
