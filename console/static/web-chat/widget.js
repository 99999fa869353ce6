// The button on a customer's page, and the frame that it opens. It shares nothing with the page's own scripts
// but this one function, and needs no inline styles: https://…/chat/SITE/widget.js, once on each page.

(() => {
  "use strict";
  const settings = __SETTINGS__;
  const script = document.currentScript;
  const mark = `infolinia-chat-${settings.site}`;
  const ours = new URL(script.src).origin;
  const READY_MS = 10000;
  const LONGEST_PAUSE_MS = 60000;
  const MOST_PAGES = 20;

  if (window[mark]) return;
  window[mark] = true;
  if (!settings.origins.includes(location.origin)) {
    console.warn(`infolinia: ${location.origin} is not among the origins of the chat "${settings.site}". Add it there.`);
    return;
  }

  const language = [script.dataset.language, ...(navigator.languages ?? [])]
    .map((one) => (one ?? "").slice(0, 2).toLowerCase())
    .find((one) => settings.languages.includes(one)) ?? settings.languages[0];
  const words = settings.words[language];

  // --- what is kept: the browser's id for good, the visit's pages for the tab ---

  function kept(kind, name) {
    try {
      return JSON.parse(window[kind].getItem(`${mark}-${name}`));
    } catch {
      return null;
    }
  }

  function keep(kind, name, value) {
    try {
      window[kind].setItem(`${mark}-${name}`, JSON.stringify(value));
    } catch { /* refused: the chat works without */ }
  }

  function ownId() {
    return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  let visitor = kept("localStorage", "visitor");
  if (!/^[0-9a-f]{32}$/.test(visitor ?? "")) {
    visitor = ownId();
    keep("localStorage", "visitor", visitor);
  }
  const visit = { path: [], pages: 0, open: false, shown: false, invited: false, ...kept("sessionStorage", "visit") };

  function address() {
    return location.origin + location.pathname + (settings.query ? location.search : "");
  }

  // Whether it is another page than before.
  function arrive() {
    const here = { address: address(), title: document.title, at: Date.now() };
    const again = visit.path.at(-1)?.address === here.address;
    if (again) visit.path.pop();
    else visit.pages += 1;
    visit.path = [...visit.path, here].slice(-MOST_PAGES);
    keepVisit();
    return !again;
  }

  function keepVisit() {
    keep("sessionStorage", "visit", visit);
  }

  // --- what is shown ---

  const host = document.createElement("div");
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`
    :host { all: initial; }
    * { box-sizing: border-box; }
    [hidden] { display: none !important; }
    .corner { position: fixed; z-index: 2147483000; right: 20px; bottom: 20px; display: flex; flex-direction: column;
      align-items: flex-end; gap: 12px; font: 400 15px/22px system-ui, "Segoe UI", "Noto Sans", sans-serif; color: #16181d; }
    button { font: inherit; cursor: pointer; }
    button:focus-visible { outline: 3px solid #84a9ff; outline-offset: 2px; box-shadow: 0 0 0 2px #fff; }
    .open { position: relative; display: flex; align-items: center; gap: 8px; min-height: 48px; padding: 0 20px;
      border: 1px solid #fff; border-radius: 24px; background: #16181d; color: #fff; font-weight: 600;
      box-shadow: 0 4px 16px rgb(0 0 0 / 25%); }
    .unread { min-width: 22px; padding: 0 6px; border-radius: 11px; background: #cf352a; color: #fff; font-size: 13px;
      line-height: 22px; text-align: center; }
    .invitation { max-width: 300px; padding: 12px 16px; border: 1px solid #80848c; border-radius: 10px; background: #fff;
      box-shadow: 0 8px 24px rgb(0 0 0 / 20%); overflow-wrap: anywhere; }
    .invitation p { margin: 0 0 8px; }
    .invitation div { display: flex; flex-wrap: wrap; gap: 8px 16px; }
    .yes { min-height: 36px; padding: 0 14px; border: 0; border-radius: 6px; background: #16181d; color: #fff; font-weight: 600; }
    .no { min-height: 36px; padding: 0; border: 0; background: none; color: #1e54c8; }
    .window { position: fixed; right: 20px; bottom: 80px; width: 384px; height: min(620px, calc(100vh - 100px));
      border: 1px solid #80848c; border-radius: 12px; overflow: hidden; background: #fff; box-shadow: 0 12px 40px rgb(0 0 0 / 30%); }
    iframe { display: block; width: 100%; height: 100%; border: 0; color-scheme: light dark; }
    .away { margin: 0; padding: 16px; }
    .hide { position: absolute; top: 8px; right: 8px; min-height: 36px; padding: 0 10px; border: 1px solid #80848c;
      border-radius: 6px; background: #fff; color: #16181d; }
    @media (max-width: 480px), (max-height: 420px) {
      .window { inset: 0; width: auto; height: auto; border: 0; border-radius: 0; }
    }
    @media (prefers-color-scheme: dark) {
      .invitation, .window, .hide { background: #1c2025; color: #eceef1; }
      .no { color: #84a9ff; }
      .yes { background: #eceef1; color: #16181d; }
    }
    @media (prefers-reduced-motion: no-preference) { .open { transition: background .12s; } .open:hover { background: #353b43; } }
  `);
  root.adoptedStyleSheets = [sheet];

  function made(tag, properties, ...inner) {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...inner);
    return element;
  }

  const badge = made("span", { className: "unread", hidden: true });
  const button = made("button", { type: "button", className: "open" }, made("span", { textContent: words.button }), badge);
  button.setAttribute("aria-haspopup", "dialog");
  button.setAttribute("aria-expanded", "false");
  const sentence = made("p", {});
  const yes = made("button", { type: "button", className: "yes", textContent: words.begin });
  const no = made("button", { type: "button", className: "no", textContent: words.dismiss });
  const invitation = made("div", { className: "invitation", hidden: true }, sentence, made("div", {}, yes, no));
  invitation.setAttribute("role", "status");
  const away = made("p", { className: "away", textContent: words.away, hidden: true });
  const hide = made("button", { type: "button", className: "hide", textContent: words.hide, hidden: true });
  const pane = made("div", { className: "window", hidden: true }, away, hide);
  pane.setAttribute("role", "dialog");
  pane.setAttribute("aria-label", words.title);
  const corner = made("div", { className: "corner" }, invitation, button, pane);
  root.append(corner);

  // --- the frame, and talk with it: from its origin and to its origin alone ---

  let frame = null;
  let ready = false;
  let pause = 2000;
  let waiting = []; // told as soon as it is ready
  let retry = 0;
  let invited = false;

  function tell(kind, more = {}) {
    if (ready) frame.contentWindow.postMessage({ infolinia: settings.site, kind, ...more }, ours);
    else waiting.push([kind, more]);
  }

  function load() {
    if (!frame) {
      // Whatever the page's own policy: what stands behind ? in its address is not ours.
      frame = made("iframe", { title: words.window, referrerPolicy: "no-referrer" });
      if (settings.calls) frame.allow = `microphone ${ours}; autoplay ${ours}`;
      pane.append(frame);
    }
    ready = false;
    const query = new URLSearchParams({ language, parent: location.origin });
    frame.src = `${ours}/chat/${encodeURIComponent(settings.site)}?${query}`;
    clearTimeout(retry);
    retry = setTimeout(unreached, READY_MS);
  }

  // A frame does not say that it could not be loaded; it only says nothing.
  function unreached() {
    away.hidden = hide.hidden = false;
    frame.hidden = true;
    retry = setTimeout(load, pause);
    pause = Math.min(LONGEST_PAUSE_MS, pause * 2) * (0.8 + Math.random() * 0.4);
  }

  const heard = {
    ready() {
      clearTimeout(retry);
      pause = 2000;
      ready = true;
      away.hidden = hide.hidden = true;
      frame.hidden = false;
      tell("hello", { visitor, path: visit.path, invited, kept: kept("sessionStorage", "frame") });
      if (visit.shown) tell("shown", { focus: root.activeElement === frame || frame === document.activeElement });
      else tell("hidden");
      for (const [kind, more] of waiting.splice(0)) tell(kind, more);
    },
    state({ open, unread }) {
      visit.open = open === true;
      keepVisit();
      const count = visit.shown ? 0 : Number(unread) || 0;
      badge.hidden = count === 0;
      badge.textContent = String(count);
      badge.setAttribute("aria-label", words.unread.replace("{count}", String(count)));
    },
    hide: () => close(),
    keep: ({ kept: whole }) => keep("sessionStorage", "frame", whole),
    invitation({ text }) {
      if (visit.shown || visit.open || visit.invited) return;
      visit.invited = true; // once a visit, also when it is not answered
      keepVisit();
      sentence.textContent = String(text);
      invitation.hidden = false;
    },
  };

  addEventListener("message", (event) => {
    if (!frame || event.source !== frame.contentWindow || event.origin !== ours) return;
    if (event.data?.infolinia !== settings.site || !Object.hasOwn(heard, event.data.kind)) return;
    heard[event.data.kind](event.data);
  });

  function open(focus) {
    visit.shown = true;
    keepVisit();
    invitation.hidden = true;
    pane.hidden = false;
    button.setAttribute("aria-expanded", "true");
    badge.hidden = true;
    if (!frame) load();
    if (focus) frame.focus();
    tell("shown", { focus });
  }

  function close() {
    if (!visit.shown) return;
    visit.shown = false;
    keepVisit();
    pane.hidden = true;
    button.setAttribute("aria-expanded", "false");
    tell("hidden");
    button.focus();
  }

  button.addEventListener("click", () => (visit.shown ? close() : open(true)));
  hide.addEventListener("click", close);
  root.addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });
  yes.addEventListener("click", () => {
    invited = true;
    tell("hello", { visitor, path: visit.path, invited });
    open(true);
  });
  no.addEventListener("click", () => {
    invitation.hidden = true;
    button.focus();
  });

  // --- the visit ---

  function moved() {
    setTimeout(() => { // the page has its new title then
      if (arrive() && frame) tell("page", { path: visit.path });
    });
  }

  function begin() {
    document.body.append(host);
    arrive();
    addEventListener("popstate", moved);
    window.navigation?.addEventListener("navigatesuccess", moved);
    if (visit.open || visit.shown) {
      load();
      tell("page", { path: visit.path });
      if (visit.shown) open(false);
    }
    const rule = settings.invite;
    if (!rule || visit.invited) return;
    setTimeout(() => {
      if (visit.invited || visit.open || visit.shown || visit.pages < rule.visits) return;
      if (!frame) load();
      tell("invite", { page: address(), seen: visit.pages });
    }, rule.after * 1000);
  }

  if (document.body) begin();
  else addEventListener("DOMContentLoaded", begin);
})();
