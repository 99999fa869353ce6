// What a call's page shows of one moment: what is later is dimmed, what was said just then stands out, and the
// state is told. Also a link to the moment, the replay, and the search in what was said.

import { clock, current } from "./call-player.js";

const byId = (id) => document.getElementById(id);
let seen = []; // elements that stand out now

function stop(elements) {
  for (const element of seen) if (!elements.includes(element)) element.classList.remove("now");
  for (const element of elements) element.classList.add("now");
  seen = elements;
}

function lastUntil(elements, now, attribute) {
  let found = null;
  for (const element of elements) if (Number(element.dataset[attribute]) <= now + 0.05) found = element;
  return found;
}

function pill({ tone, icon, word }) {
  const made = document.createElement("span");
  made.className = `pill pill-${tone}`;
  const picture = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  picture.setAttribute("class", "icon");
  picture.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `/static/vendor/lucide/icons.svg#${icon}`);
  picture.append(use);
  made.append(picture, word);
  return made;
}

function fact(text) {
  const made = document.createElement("span");
  made.className = "tag tag-calm";
  made.textContent = text;
  return made;
}

let stateKey = "";

function tellState(row, now) {
  const box = byId("state-at");
  const when = byId("state-when");
  when.textContent = when.dataset.word.replace("{at}", clock(now));
  const key = row ? `${row.dataset.tone} ${row.dataset.word} ${row.dataset.facts}` : "";
  box.hidden = !row;
  if (key === stateKey && box.childElementCount > 1) return;
  stateKey = key;
  while (when.nextSibling) when.nextSibling.remove();
  if (row) box.append(pill(row.dataset), ...row.dataset.facts.split("\n").filter(Boolean).map(fact));
}

function moved(player) {
  const now = player.now;
  const link = byId("copy-link");
  link.hidden = byId("replay").hidden = false;
  if (!link.dataset.told) link.querySelector("span").textContent = link.dataset.word.replace("{at}", clock(now));
  const rows = [...document.querySelectorAll(".events .timed")];
  const count = byId("events-count");
  if (!player.moved) {
    count.textContent = String(rows.length);
    return;
  }
  let past = 0;
  for (const element of document.querySelectorAll(".timed")) {
    const later = Number(element.dataset.at) > now + 0.05;
    element.classList.toggle("later", later);
  }
  for (const row of rows) past += row.classList.contains("later") ? 0 : 1;
  count.textContent = count.dataset.of.replace("{past}", past).replace("{all}", rows.length);
  const row = lastUntil(rows, now, "at");
  const line = lastUntil(document.querySelectorAll(".spoken"), now, "at");
  const word = line && player.part ? lastUntil(line.querySelectorAll(".word"), now, "seek") : null;
  const before = seen.find((element) => element.matches(".spoken"));
  stop([row, line, word].filter(Boolean));
  tellState(row, now);
  if (player.playing && line && line !== before) line.scrollIntoView({ block: "nearest" });
}

function forget() {
  for (const element of document.querySelectorAll(".timed.later")) element.classList.remove("later");
  stop([]);
  byId("state-at").hidden = true;
  const rows = document.querySelectorAll(".events .timed");
  byId("events-count").textContent = String(rows.length);
}

async function copyLink(button) {
  const player = current();
  if (!player) return;
  const url = new URL(location.href);
  url.hash = `t=${Math.floor(player.now)}`;
  history.replaceState(null, "", url);
  await navigator.clipboard.writeText(url.href);
  button.dataset.told = "yes";
  button.querySelector("span").textContent = button.dataset.copied;
  setTimeout(() => {
    delete button.dataset.told;
    if (current()) moved(current());
  }, 2000);
}

function replay(button) {
  const player = current();
  if (!player) return;
  player.replaying = !player.replaying;
  button.setAttribute("aria-pressed", String(player.replaying));
  if (player.replaying) {
    player.seek(0);
    player.play();
  } else {
    player.stop();
    player.moved = false;
    forget();
  }
}

// --- the search -------------------------------------------------------------------------------------------

let hits = [];
let hit = -1;

const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

function search(words) {
  const wanted = plain(words.trim());
  for (const line of document.querySelectorAll(".talk .found")) line.classList.remove("found", "found-now");
  hits = wanted ? [...document.querySelectorAll(".talk > li")].filter((line) => plain((line.querySelector(".talk-text") ?? line).textContent).includes(wanted)) : [];
  for (const line of hits) line.classList.add("found");
  hit = -1;
  const found = byId("talk-found");
  found.textContent = wanted && !hits.length ? found.dataset.none : "";
  if (hits.length) next(1);
}

function next(way) {
  if (!hits.length) return;
  hits[hit]?.classList.remove("found-now");
  hit = (hit + way + hits.length) % hits.length;
  hits[hit].classList.add("found-now");
  hits[hit].scrollIntoView({ block: "nearest" });
  byId("talk-found").textContent = `${hit + 1}/${hits.length}`;
}

document.addEventListener("moved", (event) => moved(event.detail));
document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button?.id === "copy-link") copyLink(button);
  if (button?.id === "replay") replay(button);
});
document.addEventListener("input", (event) => { if (event.target.id === "talk-words") search(event.target.value); });
document.addEventListener("submit", (event) => {
  if (event.target.id !== "talk-search") return;
  event.preventDefault();
  next(1);
});
if (current()) moved(current()); // where the page opens
