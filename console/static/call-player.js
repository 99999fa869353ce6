// The recorded talks of a call, played on the call's own clock. What was not recorded is passed over.

const SPEEDS = [1, 1.25, 1.5, 2, 0.75];
const KEPT_SECONDS = 0.05;
const TAKES_SPACE = "a, button, input, select, textarea, summary, audio, dialog, [contenteditable]";

function clock(seconds) {
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
    this.place = this.parts[0].start;
    this.playing = false;
    this.speed = 0;
    this.marks = [...box.querySelectorAll(".event-mark")].map((mark) => Number(mark.dataset.seek)).sort((a, b) => a - b);
    this.range = box.querySelector(".player-place");
    this.range.addEventListener("input", () => this.seek(Number(this.range.value)));
    for (const part of this.parts) {
      part.audio.addEventListener("ended", () => this.part === part && this.goOn(part));
      part.audio.addEventListener("timeupdate", () => this.show());
      part.audio.addEventListener("error", () => this.stop());
    }
    box.addEventListener("click", (event) => this.clicked(event));
    box.addEventListener("keydown", (event) => this.key(event));
    this.show();
  }

  get now() {
    return this.part ? this.part.start + this.part.audio.currentTime : this.place;
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

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === " ") return; // the whole page's, below
    if (event.key === "ArrowLeft") this.step(-1);
    else if (event.key === "ArrowRight") this.step(1);
    else if (event.key === "Home") this.seek(0);
    else return;
    event.preventDefault();
  }

  toggle() {
    if (this.playing) this.stop(); else this.play();
  }

  play() {
    const at = this.now >= this.parts.at(-1).end - KEPT_SECONDS ? this.parts[0].start : this.now;
    this.playing = true;
    this.goTo(at);
  }

  stop() {
    this.place = this.now;
    this.playing = false;
    for (const { audio } of this.parts) audio.pause();
    this.show();
  }

  seek(seconds) {
    const at = Math.min(Math.max(0, seconds), this.total);
    if (this.playing) { this.goTo(at); return; }
    this.part = this.parts.find((part) => part.start <= at && at < part.end);
    if (this.part) this.part.audio.currentTime = at - this.part.start;
    this.place = at;
    this.show();
  }

  goTo(at) {
    const part = this.parts.find((one) => at < one.end - KEPT_SECONDS);
    for (const { audio } of this.parts) if (audio !== part?.audio) audio.pause();
    if (!part) { this.stop(); return; }
    this.part = part;
    part.audio.currentTime = Math.max(0, at - part.start);
    part.audio.playbackRate = SPEEDS[this.speed];
    part.audio.play().catch(() => this.stop());
    this.show();
    requestAnimationFrame(() => this.follow());
  }

  goOn(part) {
    const next = this.parts[this.parts.indexOf(part) + 1];
    if (next) this.goTo(next.start); else this.stop();
  }

  faster() {
    this.speed = (this.speed + 1) % SPEEDS.length;
    for (const { audio } of this.parts) audio.playbackRate = SPEEDS[this.speed];
    this.box.querySelector("[data-do=speed]").textContent = `${SPEEDS[this.speed]}×`;
  }

  step(way) {
    const now = this.now;
    const found = way > 0
      ? this.marks.find((mark) => mark > now + 0.2)
      : this.marks.findLast((mark) => mark < now - 1);
    this.seek(found ?? (way > 0 ? this.total : 0));
  }

  follow() {
    if (!this.playing || !this.box.isConnected) return;
    this.show();
    requestAnimationFrame(() => this.follow());
  }

  show() {
    const now = this.now;
    const x = (now / this.total) * 1000;
    this.box.classList.toggle("playing", this.playing);
    this.box.querySelector("[data-do=play]").setAttribute("aria-label", this.playing ? this.box.dataset.pause : this.box.dataset.play);
    this.box.querySelector("[data-show=clock]").textContent = clock(now);
    this.box.querySelector(".needle").setAttribute("transform", `translate(${x} 0)`);
    const ahead = this.box.querySelector(".ahead");
    ahead.setAttribute("x", x);
    ahead.setAttribute("width", Math.max(0, 1000 - x));
    if (document.activeElement !== this.range || !this.playing) this.range.value = now;
    this.range.setAttribute("aria-valuetext", clock(now));
    let said;
    for (const line of document.querySelectorAll(".spoken")) if (Number(line.dataset.at) <= now + 0.05) said = line;
    if (said !== this.said) {
      this.said?.classList.remove("now");
      said?.classList.add("now");
      if (this.playing) said?.scrollIntoView({ block: "nearest" });
      this.said = said;
    }
  }
}

let player;

function begin() {
  const box = document.getElementById("player");
  if (box && box !== player?.box) player = new Player(box);
}

// Words of the transcript lead to where they were said.
document.addEventListener("click", (event) => {
  const seek = event.target.closest(".spoken [data-seek]");
  if (seek && player) {
    player.seek(Number(seek.dataset.seek));
    if (!player.playing) player.play();
  }
});
// Space plays wherever it does nothing else.
document.addEventListener("keydown", (event) => {
  if (event.key !== " " || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (!player?.box.isConnected || (event.target !== player.range && event.target.closest(TAKES_SPACE))) return;
  event.preventDefault();
  if (!event.repeat) player.toggle();
});
document.body.addEventListener("htmx:after:swap", begin);
begin();
