"""GET /chat/{site}: the page in the frame; its widget.js, which puts the button there; and the invitation."""

from __future__ import annotations

from collections import defaultdict
from importlib.resources import files

import orjson
from aiohttp import web

from console.guard import HEADERS
from console.page_templates import page_templates
from console.web_chat.contact_form import FormState
from console.web_chat.door import Door
from console.web_chat.refusals import STATUS, Turned, refusal
from console.web_chat.talking import Handler, turned_away
from console.words import Words
from engine.chat.sides import VisitorSide
from messaging.chat_limits import LONGEST_WORDS
from messaging.chat_site import ChatSite
from messaging.invitations import Visit, invites

WIDGET_SECONDS = 300
# What the script of the page says, by the end of its key.
SCRIPT_WORDS = (
    "joined",
    "joined_nameless",
    "moved",
    "closed",
    "call_callback",
    "call_asked",
    "call_browser",
    "call_now",
    "you",
    "flow",
    "agent",
    "waiting",
    "waiting_place",
    "waiting_minutes",
    "typing",
    "away",
    "not_sent",
    "called_back",
    "call_connecting",
    "call_on",
    "call_ended",
    "call_failed",
    "call_no_media",
    "mic_missing",
    "mic_refused",
    "no_webrtc",
    "failed",
    "consent_wanted",
    "copy_title",
)
WIDGET_WORDS = ("button", "window", "hide", "unread", "dismiss", "away")


class ChatPages:
    def __init__(self, door: Door, side: VisitorSide) -> None:
        self._door = door
        self._side = side
        self._script = (files("console") / "static" / "web-chat" / "widget.js").read_text(encoding="utf-8")

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/chat/{site}", self._told(self.page)),
            web.get("/chat/{site}/widget.js", turned_away(self._door, self.widget)),
            web.get("/chat/{site}/invitation", turned_away(self._door, self.invitation)),
        ]

    def _told(self, handler: Handler) -> Handler:
        """A frame shows one sentence."""

        async def answered(request: web.Request) -> web.StreamResponse:
            try:
                return await handler(request)
            except Turned as turned:
                words = self._door.words(request.query.get("language", "")[:2].lower())
                if "text/html" not in request.headers.get("Accept", ""):
                    return refusal(turned.code, words)
                return web.Response(status=STATUS[turned.code], text=words(f"webchat_refused_{turned.code}"))

        return answered

    async def page(self, request: web.Request) -> web.StreamResponse:
        site = self._door.site(request)
        return self.rendered(request, site, self._door.language(request, site), FormState())

    def rendered(self, request: web.Request, site: ChatSite, language: str, form: FormState) -> web.Response:
        """Raises Turned "foreign" for the frame of a page that is not the site's."""
        parent = self._door.parent(request, site)
        words = self._door.words(language)
        open_now = self._side.can_open(site.name)
        html = (
            page_templates()
            .get_template("web_chat/page.html")
            .render(
                t=words,
                site=site,
                language=language,
                parent=parent,
                title=site.said(site.title, language) or words("webchat_title"),
                consent=site.said(site.consent, language),
                invitation=site.said(site.invitation.text, language) if site.invitation else "",
                topics=[
                    (name, site.said(said, language) or name)
                    for name, said in (site.form.topics.items() if site.form else ())
                ],
                open_now=open_now,
                stamp=self._door.stamps.make(site.name),
                values=defaultdict(str, form.values),
                errors=defaultdict(str, form.errors),
                done=form.done,
                longest=LONGEST_WORDS,
                script_words={name: words(f"webchat_{name}") for name in SCRIPT_WORDS},
            )
        )
        return web.Response(text=html, content_type="text/html", headers=_frame_headers(site))

    async def widget(self, request: web.Request) -> web.Response:
        """For the customer's page, whatever its origin: there is nothing in it that the page may not know."""
        site = self._door.site(request)
        said = {
            language: _widget_words(site, language, words)
            for language, words in ((one, self._door.words(one)) for one in site.languages or ("en",))
        }
        rule = site.invitation
        settings = {
            "site": site.name,
            "origins": sorted(site.origins),
            "query": site.keeps_query,
            "languages": list(said),
            "words": said,
            "calls": site.number is not None,
            "invite": None if rule is None else {"after": rule.after_seconds, "visits": rule.visits},
        }
        # As a JSON text within a script: neither a line end of JavaScript alone nor an end of the script.
        json = orjson.dumps(settings).decode().replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
        return web.Response(
            text=self._script.replace("__SETTINGS__", json.replace("<", "\\u003c"), 1),
            content_type="text/javascript",
            headers={
                "Cache-Control": f"public, max-age={WIDGET_SECONDS}",
                "Cross-Origin-Resource-Policy": "cross-origin",
            },
        )

    async def invitation(self, request: web.Request) -> web.Response:
        """?page=&seen= -> {"text"}, or 204."""
        site = self._door.from_own_page(request)
        seen = request.query.get("seen", "")
        pages_seen = int(seen) if seen.isascii() and seen.isdecimal() and len(seen) < 6 else 0
        visit = Visit(request.query.get("page", ""), pages_seen)
        rule = site.invitation
        if rule is None or not invites(rule, visit, can_open=self._side.can_open(site.name)):
            return web.Response(status=204)
        return web.json_response({"text": site.said(rule.text, self._door.language(request, site))})


def _frame_headers(site: ChatSite) -> dict[str, str]:
    """The console's, but the site's pages may have it in a frame."""
    ancestors = " ".join(sorted(site.origins)) or "'none'"
    policy = HEADERS["Content-Security-Policy"].replace(
        "frame-ancestors 'none'", f"frame-ancestors {ancestors}"
    )
    return {
        "Content-Security-Policy": policy,
        "Cross-Origin-Resource-Policy": "cross-origin",
        "Referrer-Policy": "same-origin",
        "X-Robots-Tag": "noindex",
    }


def _widget_words(site: ChatSite, language: str, words: Words) -> dict[str, str]:
    """The site's title is on the button, too, where it has one."""
    said = {name: words(f"webchat_widget_{name}") for name in WIDGET_WORDS}
    title = site.said(site.title, language)
    return {
        **said,
        "title": title or words("webchat_title"),
        "begin": said["button"],
        "button": title or said["button"],
    }
