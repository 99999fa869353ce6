// A flow's page: the typed rehearsal, and its path on the picture. The page keeps what was typed and sends all of
// it each time; the server replays it and keeps nothing.

import { csrf } from "./csrf.js";

const byId = (id) => document.getElementById(id);
const panel = byId("rehearsal");
const talk = byId("talk");
const pad = byId("pad");
const said = byId("said");
const about = byId("about");
const KEYS = /^[0-9*#]+$/;
const LONGEST_KEYS = 64;

let version = panel.dataset.version;
let acts = [];
let answers = {};
let sent = 0;
let fits = false;

const ended = () => byId("rehearsed")?.dataset.ended === "yes";

async function post(path, body) {
  const response = await fetch(`/flows/${panel.dataset.flow}/${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...csrf },
    body: JSON.stringify({ version, ...body }),
  });
  const text = await response.text();
  if (response.ok) return text;
  let sentence = "";
  try { sentence = JSON.parse(text).error; } catch { /* not ours */ }
  throw new Error(sentence);
}

function tell(error) {
  const trouble = byId("rehearsal-trouble");
  trouble.hidden = !error;
  if (error) trouble.querySelector("span").textContent = [panel.dataset.failed, error.message].join(" ");
}

function settings() {
  const form = new FormData(about);
  return { language: form.get("language"), caller: form.get("caller").replace(/[ -]/g, ""), at: form.get("at") };
}

async function rehearse() {
  const mine = ++sent;
  byId("saved").replaceChildren();
  try {
    const html = await post("rehearsal", { acts, answers, ...settings() });
    if (mine !== sent) return;
    tell(null);
    show(html);
    talk.scrollTop = talk.scrollHeight;
    light();
    follow();
  } catch (error) {
    if (mine !== sent) return;
    tell(error);
  }
  const over = ended();
  for (const control of [said, byId("silence"), byId("hang-up"), ...pad.children]) control.disabled = over;
}

// Only what is new is put in, so that a screen reader tells just that, and the focus stays where it was.
function show(html) {
  const fresh = new DOMParser().parseFromString(html, "text/html").body;
  const lines = talk.querySelector(".bubbles");
  const focused = document.activeElement?.dataset ?? {};
  if (lines) {
    const wanted = [...fresh.querySelector(".bubbles").children];
    let same = 0;
    while (same < wanted.length && lines.children[same]?.isEqualNode(wanted[same])) same += 1;
    while (lines.children.length > same) lines.lastElementChild.remove();
    lines.append(...wanted.slice(same));
    byId("rehearsed").replaceWith(fresh.querySelector("#rehearsed"));
  } else {
    talk.replaceChildren(...fresh.childNodes);
  }
  for (const kind of ["work", "reply"]) {
    if (focused[kind]) talk.querySelector(`[data-${kind}="${CSS.escape(focused[kind])}"]`)?.focus();
  }
}

function act(one) {
  if (ended()) return;
  acts = [...acts, one];
  rehearse();
}

async function again() {
  version = byId("flow-head")?.dataset.version ?? version;
  byId("rehearsal-version").textContent = version.slice(0, 8);
  byId("newer").hidden = true;
  acts = [];
  answers = {};
  await rehearse();
}

// --- the picture ---

function light() {
  const rehearsed = byId("rehearsed");
  if (!rehearsed) return;
  const steps = new Set(JSON.parse(rehearsed.dataset.steps));
  const ways = new Set(JSON.parse(rehearsed.dataset.ways).map((way) => JSON.stringify(way)));
  const taken = (step, way) => ways.has(JSON.stringify([step, way]));
  for (const card of document.querySelectorAll("#picture .step")) {
    card.classList.toggle("lit", steps.has(card.dataset.step));
    card.classList.toggle("here", rehearsed.dataset.here === card.dataset.step);
    for (const cell of card.querySelectorAll(".cell")) {
      cell.classList.toggle("lit", taken(card.dataset.step, cell.dataset.way));
    }
  }
  for (const way of document.querySelectorAll("#picture .way")) {
    way.classList.toggle("lit", taken(way.dataset.step, way.dataset.way));
  }
  document.querySelector("#picture .entry").classList.toggle("lit", steps.size > 0);
}

// Bring the step where the rehearsal stands into the pane, if it is not there.
function follow() {
  const pane = byId("pane");
  const steps = JSON.parse(byId("rehearsed").dataset.steps);
  const name = byId("rehearsed").dataset.here || steps.at(-1);
  const card = name && document.querySelector(`#picture .step[data-step="${CSS.escape(name)}"] .step-card`);
  if (!card) return;
  const box = card.getBoundingClientRect();
  const view = pane.getBoundingClientRect();
  const smooth = matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";
  const over = (low, high, least, most) => (low < least || high > most ? (low + high - least - most) / 2 : 0);
  pane.scrollBy({
    left: over(box.left, box.right, view.left, view.right),
    top: over(box.top, box.bottom, view.top, view.bottom),
    behavior: smooth,
  });
}

function zoom() {
  const picture = byId("picture");
  const box = picture.viewBox.baseVal;
  const scale = fits ? Math.min(1, byId("pane").clientWidth / box.width) : 1;
  picture.setAttribute("width", Math.floor(box.width * scale));
  picture.setAttribute("height", Math.floor(box.height * scale));
  const button = document.querySelector("[data-zoom]");
  button.dataset.fit ??= button.textContent;
  button.textContent = fits ? button.dataset.other : button.dataset.fit;
}

function startInView() {
  const pane = byId("pane");
  const entry = document.querySelector("#picture .entry rect").getBoundingClientRect();
  const view = pane.getBoundingClientRect();
  pane.scrollLeft += entry.left + entry.width / 2 - view.left - view.width / 2;
}

// --- what the person does ---

byId("say").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = said.value.trim();
  said.value = "";
  if (!text) act({ silence: true });
  else if (KEYS.test(text) && text.length <= LONGEST_KEYS) act({ dials: text });
  else act({ says: text });
});
byId("silence").addEventListener("click", () => act({ silence: true }));
byId("hang-up").addEventListener("click", () => act({ hangs_up: true }));
byId("again").addEventListener("click", async () => {
  await again();
  said.focus(); // it could not have the focus while the call was over
});
about.addEventListener("change", again);
about.addEventListener("submit", (event) => event.preventDefault());
pad.addEventListener("click", (event) => {
  const key = event.target.closest("[data-key]")?.dataset.key;
  if (key) act({ dials: key });
});
pad.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.key.length !== 1 || !KEYS.test(event.key)) return;
  event.preventDefault();
  if (!event.repeat) act({ dials: event.key });
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "F7") return;
  event.preventDefault();
  pad.focus();
});

// Work that ends otherwise: what came after it is no longer so.
talk.addEventListener("change", (event) => {
  const { work, reply, after } = event.target.dataset;
  const number = Number(work ?? reply);
  if (Number.isNaN(number)) return;
  acts = acts.slice(0, Number(after));
  answers = Object.fromEntries(Object.entries(answers).filter(([key]) => Number(key) < number));
  if (event.target.value) answers[number] = event.target.value;
  rehearse();
});

byId("save").addEventListener("click", async () => {
  try {
    const html = await post("rehearsal", { acts, answers, ...settings(), save: true });
    const parsed = new DOMParser().parseFromString(html, "text/html");
    byId("saved").replaceChildren(document.importNode(parsed.getElementById("as-test").content, true));
    tell(null);
    byId("test-text").focus();
  } catch (error) {
    tell(error);
  }
});
byId("run-tests").addEventListener("click", async (event) => {
  event.target.disabled = true;
  try {
    byId("tests").innerHTML = await post("tests", {});
    talk.scrollTop = talk.scrollHeight;
    tell(null);
  } catch (error) {
    tell(error);
  }
  event.target.disabled = false;
});

byId("flow").addEventListener("click", (event) => {
  if (!event.target.closest("[data-zoom]")) return;
  fits = !fits;
  zoom();
});
document.body.addEventListener("htmx:after:swap", () => {
  byId("newer").hidden = byId("flow-head").dataset.version === version;
  zoom();
  light();
});

startInView();
rehearse();
