// The contact form, sent without leaving the page; without this script the browser sends it by itself.

import { askForm, Refused, stamped } from "./link.js";
import { told } from "./log.js";

const byId = (id) => document.getElementById(id);

export function serveForm() {
  const form = byId("form");
  if (!form) return;
  try {
    form.elements.time_zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
  } catch { /* then the number's country tells it */ }
  byId("from").addEventListener("input", () => { byId("when-at").checked = true; });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button.main");
    button.disabled = true;
    clear(form);
    try {
      const answer = await stamped(() => {
        form.elements.stamp.value = document.body.dataset.stamp;
        return askForm(form.action, new FormData(form));
      });
      form.hidden = true;
      const done = byId("form-done");
      done.textContent = answer.sentence;
      done.hidden = false;
      done.tabIndex = -1;
      done.focus();
    } catch (error) {
      mark(form, error);
    } finally {
      button.disabled = false;
    }
  });
}

function clear(form) {
  for (const sentence of form.querySelectorAll(".wrong")) {
    sentence.hidden = true;
    sentence.textContent = "";
  }
  for (const field of form.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
}

function mark(form, error) {
  const above = byId("form-wrong");
  above.textContent = error instanceof Refused && error.sentence ? error.sentence : told("failed");
  above.hidden = false;
  let first = null;
  for (const [name, sentence] of Object.entries(error.errors ?? {})) {
    const beside = byId(`${name}-wrong`);
    if (!beside || name === "form") continue;
    beside.textContent = sentence;
    beside.hidden = false;
    const field = byId(name);
    field?.setAttribute("aria-invalid", "true");
    if (field && (!first || field.compareDocumentPosition(first) & Node.DOCUMENT_POSITION_FOLLOWING)) first = field;
  }
  first?.focus();
}
