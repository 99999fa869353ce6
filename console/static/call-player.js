// A call on its own clock: recorded talks are played, and what was not recorded is passed over.
// In a replay, or when nothing was recorded, the clock runs through it instead. Tells `moved` whenever it is
// somewhere else.

const SPEEDS = [1, 1.25, 1.5, 2, 0.75];
const KEPT_SECONDS = 0.05;
const TAKES_SPACE = "a, button, input, select, textarea, summary, audio, dialog, [contenteditable]";
const TAKES_ARROWS = "input, select, textarea, audio, dialog, [contenteditable]";

export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const rest = String(whole % 60).padStart(2, "0");
  const minutes = Math.floor(whole / 60);
  return minutes < 60 ? `${minutes}:${rest}` : `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${rest}`;
}

class Player {
  constructor(box) {
    this.box = box;
    this.total = Number(box.dataset.seconds);
    this.parts = [...box.querySelectorAll("audio")].map((audio) => ({
      audio,
      start: Number(audio.dataset.start),
      end: Number(audio.dataset.start) + Number(audio.dataset.seconds),
    })).sort((one, other) => one.start - other.start);
    this.place = this.parts[0]?.start ?? 0;
    this.playing = false;
    this.replaying = false;
    this.moved = false; // from where the page opened
    this.runsSince = null; // where the clock runs without a sound
    this.speed = 0;
    this.marks = [...box.querySelectorAll(".event-mark")].map((mark) => Number(mark.dataset.seek)).sort((a, b) => a - b);
    this.range = box.querySelector(".player-place");
    this.range.addEventListener("input", () => this.seek(Number(this.range.value)));
    for (const part of this.parts) {
      part.audio.addEventListener("ended", () => this.part === part && this.goOn(part));
      part.audio.addEventListener("timeupdate", () => this.show());
      part.audio.addEventListener("error", () => this.part === part && this.stop());
    }
    box.addEventListener("click", (event) => this.clicked(event));
    this.show();
  }

  get now() {
    if (this.part) return this.part.start + this.part.audio.currentTime;
    if (this.runsSince === null) return this.place;
    return Math.min(this.total, this.place + ((performance.now() - this.runsSince) / 1000) * SPEEDS[this.speed]);
  }

  clicked(event) {
    const seek = event.target.closest("[data-seek]");
    if (seek) { this.seek(Number(seek.dataset.seek)); return; }
    switch (event.target.closest("[data-do]")?.dataset.do) {
      case "play": this.toggle(); break;
      case "back": this.step(-1); break;
      case "next": this.step(1); break;
      case "speed": this.faster(); break;
    }
  }

  toggle() {
    if (this.playing) this.stop(); else this.play();
  }

  play() {
    const silent = this.replaying || !this.parts.length;
    const end = silent ? this.total : this.parts.at(-1).end;
    const start = silent ? 0 : this.parts[0].start;
    this.goTo(this.now >= end - KEPT_SECONDS ? start : this.now);
  }

  stop() {
    this.place = this.now;
    this.runsSince = null;
    this.playing = false;
    for (const { audio } of this.parts) audio.pause();
    this.show();
  }

  seek(seconds) {
    const at = Math.min(Math.max(0, seconds), this.total);
    this.moved = true;
    if (this.playing) { this.goTo(at); return; }
    this.part = this.parts.find((part) => part.start <= at && at < part.end);
    if (this.part) this.part.audio.currentTime = at - this.part.start;
    this.place = at;
    this.show();
  }

  goTo(at) {
    this.moved = this.playing = true;
    let part = this.parts.find((one) => at < one.end - KEPT_SECONDS);
    if (part && at < part.start && this.replaying) part = null;
    for (const { audio } of this.parts) if (audio !== part?.audio) audio.pause();
    this.part = part;
    this.runsSince = null;
    if (part) {
      part.audio.currentTime = Math.max(0, at - part.start);
      part.audio.playbackRate = SPEEDS[this.speed];
      part.audio.play().catch(() => this.part === part && this.stop());
    } else {
      this.place = at;
      if (this.parts.length && !this.replaying) { this.stop(); return; }
      this.runsSince = performance.now();
    }
    this.show();
    this.follow();
  }

  goOn(part) {
    if (this.replaying && part.end < this.total) { this.goTo(part.end); return; }
    const next = this.parts[this.parts.indexOf(part) + 1];
    if (next) this.goTo(next.start); else this.stop();
  }

  faster() {
    if (this.runsSince !== null) {
      this.place = this.now;
      this.runsSince = performance.now();
    }
    this.speed = (this.speed + 1) % SPEEDS.length;
    for (const { audio } of this.parts) audio.playbackRate = SPEEDS[this.speed];
    this.box.querySelector("[data-do=speed]").textContent = `${SPEEDS[this.speed]}×`;
  }

  // In a replay every event is a stop.
  step(way) {
    const now = this.now;
    let marks = this.marks;
    if (this.replaying || !marks.length) {
      marks = [...document.querySelectorAll(".events .timed")].map((row) => Number(row.dataset.at)).sort((a, b) => a - b);
    }
    const found = way > 0
      ? marks.find((mark) => mark > now + 0.05)
      : marks.findLast((mark) => mark < now - (this.playing ? 1 : 0.05));
    this.seek(found ?? (way > 0 ? this.total : 0));
  }

  follow() {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => {
      if (!this.playing || !this.box.isConnected) return;
      if (this.runsSince !== null) {
        const now = this.now;
        const next = this.parts.find((part) => part.start <= now && now < part.end - KEPT_SECONDS);
        if (next) { this.goTo(now); return; }
        if (now >= this.total) { this.stop(); return; }
      }
      this.show();
      this.follow();
    });
  }

  show() {
    const now = this.now;
    const share = now / this.total;
    this.box.classList.toggle("playing", this.playing);
    this.box.querySelector("[data-do=play]").setAttribute("aria-label", this.playing ? this.box.dataset.pause : this.box.dataset.play);
    this.box.querySelector("[data-show=clock]").textContent = clock(now);
    const flag = this.box.querySelector("[data-show=flag]");
    flag.textContent = clock(now);
    flag.style.left = `${share * 100}%`;
    this.box.querySelector(".needle").setAttribute("transform", `translate(${share * 1000} 0)`);
    const ahead = this.box.querySelector(".ahead");
    ahead.setAttribute("x", share * 1000);
    ahead.setAttribute("width", Math.max(0, 1000 - share * 1000));
    if (document.activeElement !== this.range || !this.playing) this.range.value = now;
    this.range.setAttribute("aria-valuetext", clock(now));
    document.dispatchEvent(new CustomEvent("moved", { detail: this }));
  }
}

let player;

function begin() {
  const box = document.getElementById("player");
  if (!box || box === player?.box) return;
  player = new Player(box);
  const linked = /^#t=(\d+)$/.exec(location.hash);
  if (linked) player.seek(Number(linked[1]));
}

export const current = () => (player?.box.isConnected ? player : null);

// Words, events and decisions lead to where they were; words are heard at once.
document.addEventListener("click", (event) => {
  const seek = event.target.closest(".call-columns [data-seek]");
  if (!seek || !current()) return;
  player.seek(Number(seek.dataset.seek));
  if (seek.closest(".spoken") && player.part && !player.playing) player.play();
});
// Space plays wherever it does nothing else, and the arrows lead from event to event.
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || !current()) return;
  const ours = event.target === player.range;
  if (event.key === " ") {
    if (!ours && event.target.closest(TAKES_SPACE)) return;
    if (!event.repeat) player.toggle();
  } else {
    if (!ours && event.target.closest(TAKES_ARROWS)) return;
    if (event.key === "ArrowLeft") player.step(-1);
    else if (event.key === "ArrowRight") player.step(1);
    else if (event.key === "Home" && (ours || event.target === player.box)) player.seek(0);
    else return;
  }
  event.preventDefault();
});
document.body.addEventListener("htmx:after:swap", begin);
addEventListener("hashchange", () => {
  const linked = /^#t=(\d+)$/.exec(location.hash);
  if (linked && current()) player.seek(Number(linked[1]));
});
begin();
