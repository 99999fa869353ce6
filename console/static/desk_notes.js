// Notes are saved as they are typed: half a second after the last letter, and when the page goes.

const PAUSE_MS = 500;
const TRY_AGAIN_MS = 3000;

export class Notes {
  #drafts = new Map(); // call -> {text, seq, timer}

  // save(fields) answers {saved} or null when it could not be; leave(fields) sends it as the page goes.
  constructor({ save, leave }) {
    this.save = save;
    this.leave = leave;
    document.addEventListener("input", (event) => {
      if (event.target.matches("[data-note]")) this.#typed(event.target);
    });
    addEventListener("pagehide", () => {
      for (const [call, draft] of this.#drafts) this.leave({ call, text: draft.text, seq: draft.seq });
    });
  }

  #typed(area) {
    const call = area.dataset.note;
    clearTimeout(this.#drafts.get(call)?.timer);
    area.dataset.seq = Number(area.dataset.seq) + 1;
    const timer = setTimeout(() => this.#keep(call), PAUSE_MS);
    this.#drafts.set(call, { text: area.value, seq: Number(area.dataset.seq), timer });
  }

  async #keep(call) {
    const draft = this.#drafts.get(call);
    if (!draft) return;
    const answer = await this.save({ call, text: draft.text, seq: draft.seq });
    if (this.#drafts.get(call) !== draft) return; // more was typed meanwhile
    if (answer === undefined) { // not now
      draft.timer = setTimeout(() => this.#keep(call), TRY_AGAIN_MS);
      return;
    }
    this.#drafts.delete(call);
    const area = document.querySelector(`[data-note="${CSS.escape(call)}"]`);
    const told = document.getElementById("note-saved");
    if (area && told && answer) told.textContent = answer.saved;
  }
}
