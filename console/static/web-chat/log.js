// The lines of a chat on the page, and as a text to save.

const words = JSON.parse(document.body.dataset.words);
const { language } = document.body.dataset;

export function told(key, gaps = {}) {
  return Object.entries(gaps).reduce((text, [gap, value]) => text.replaceAll(`{${gap}}`, String(value)), words[key]);
}

function element(tag, className, text) {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

const NEWS = {
  joined: (line) => line.name ? told("joined", { name: line.name }) : told("joined_nameless"),
  moved: () => told("moved"),
  closed: () => told("closed"),
  call: (line) => line.by === "agent" ? told("call_asked")
    : line.how === "callback" ? told("call_callback", { number: line.text }) : told("call_browser"),
};

function speaker(line) {
  if (line.by === "visitor") return told("you");
  return line.by === "agent" ? line.name || told("agent") : told("flow");
}

export class Log {
  #lines = [];

  constructor(list, unsent, scroll, canCall) {
    Object.assign(this, { list, unsent, scroll, canCall });
    // What opens below takes its room: whoever reads the newest line goes on to.
    let atEnd = true;
    scroll.addEventListener("scroll", () => { atEnd = this.#isAtEnd(); });
    new ResizeObserver(() => { if (atEnd) this.toEnd(); }).observe(scroll);
  }

  get last() {
    return this.#lines.at(-1)?.seq ?? 0;
  }

  // Whether it is new.
  add(line) {
    if (line.seq <= this.last) return false;
    const before = this.#lines.at(-1);
    this.#lines.push(line);
    this.#atEnd(() => this.list.append(this.#shown(line, before)));
    return true;
  }

  showUnsent(waiting) {
    this.#atEnd(() => this.unsent.replaceChildren(...waiting.map((one) => {
      const item = element("li", "line visitor unsent", "");
      item.append(element("span", "said", one.shown), element("span", "by", told("not_sent")));
      return item;
    })));
  }

  clear() {
    this.#lines = [];
    this.list.replaceChildren();
    this.unsent.replaceChildren();
  }

  toEnd() {
    this.scroll.scrollTop = this.scroll.scrollHeight;
  }

  text() {
    const time = new Intl.DateTimeFormat(language, { dateStyle: "short", timeStyle: "short" });
    const lines = this.#lines.map((line) => NEWS[line.kind]
      ? `${time.format(line.at)}  ${NEWS[line.kind](line)}`
      : `${time.format(line.at)}  ${speaker(line)}: ${line.text}`);
    return [`${told("copy_title")}: ${document.title}`, "", ...lines, ""].join("\r\n");
  }

  #shown(line, before) {
    if (NEWS[line.kind]) {
      const news = element("li", "line news", NEWS[line.kind](line));
      if (line.kind === "call" && line.by === "agent" && this.canCall) {
        const button = element("button", "link", told("call_now"));
        button.type = "button";
        button.dataset.calls = "";
        news.append(" ", button);
      }
      return news;
    }
    const item = element("li", `line ${line.by}`, "");
    item.dataset.seq = line.seq;
    if (!before || before.by !== line.by || before.name !== line.name || NEWS[before.kind]) {
      item.append(element("span", "by", speaker(line)));
    } else {
      item.append(element("span", "unseen", `${speaker(line)}: `));
    }
    item.append(element("span", "said", line.text));
    return item;
  }

  // Whoever has scrolled back to read stays there.
  #atEnd(change) {
    const atEnd = this.#isAtEnd();
    change();
    if (atEnd) this.toEnd();
  }

  #isAtEnd() {
    const { scroll } = this;
    return scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 60;
  }
}
