"""POST /chat/{site}/form: a visitor asks for a call. A script gets JSON, a browser by itself a page."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from zoneinfo import ZoneInfo

from aiohttp import web
from pydantic import ValidationError

from console.callback_asking import Filled, Terms, ZoneWanted, callback_of, consent_of
from console.display import phone
from console.faults import Fault
from console.form_bodies import form_of
from console.refusal_telling import refusal_told
from console.web_chat.door import Door
from console.web_chat.refusals import Turned, code_of, refusal
from console.words import Words
from engine.chat.sides import ChatRefused
from engine.ports import Clock, Ids, StoreUnavailable
from engine.registers.actor import Actor, ActorKind
from engine.registers.callbacks import Callbacks
from history.callback_windows import WrongWindow
from history.callbacks import CallbackRequest
from history.points import WrongPoint
from history.profile_fields import time_zone_of
from messaging.chat_site import ChatSite, ContactForm
from schedules.opening_hours import OpeningHours

FIELDS = ("number", "topic", "when", "from", "time_zone", "name", "note", "consent")


@dataclass(frozen=True, slots=True)
class FormState:
    """What the form shows: what was written, sentences by field ("form": above all).

    `done`: the sentence that tells what was promised.
    """

    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    done: str = ""


FormPage = Callable[[web.Request, ChatSite, str, FormState], web.Response]


class WrongForm(Exception):
    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("the form is not filled in rightly")
        self.errors = errors


class ContactForms:
    """`hours` tells the company's by name, as they are now. `region` and `zone` are the company's.

    `page`: the form as a page.
    """

    def __init__(
        self,
        door: Door,
        callbacks: Callbacks,
        *,
        page: FormPage,
        hours: Callable[[str], OpeningHours | None],
        clock: Clock,
        ids: Ids,
        region: str,
        zone: tzinfo,
    ) -> None:
        self._door = door
        self._callbacks = callbacks
        self._page = page
        self._hours = hours
        self._clock = clock
        self._ids = ids
        self._region = region
        self._zone = zone

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/chat/{site}/form", self.post)]

    async def post(self, request: web.Request) -> web.Response:
        """202 {"sentence", "stamp"}; 422 {"errors": {field: sentence}, "sentence"}; else a refusal."""
        asks_page = "application/json" not in request.headers.get("Accept", "")
        language, values = request.query.get("language", "")[:2].lower(), dict[str, str]()
        site: ChatSite | None = None
        try:
            site = self._door.from_own_page(request)
            language = self._door.language(request, site)
            self._door.parent(request, site)  # else the answer could not be shown
            values = await _sent(request)
            asked = await self._take(request, site, language, values)
        except WrongForm as wrong:
            told = self._door.words(language)("webchat_form_wrong")
            if asks_page:
                assert site is not None
                state = FormState(values, {"form": told, **wrong.errors})
                return self._status(self._page(request, site, language, state), 422)
            return web.json_response({"errors": wrong.errors, "sentence": told}, status=422)
        except (Turned, ChatRefused, StoreUnavailable) as away:
            return self._turned(request, site, language, values, away, asks_page)
        words = self._door.words(language)
        if asks_page:
            return self._page(request, site, language, FormState(done=self._promised(asked, words)))
        body = {"sentence": self._promised(asked, words), "stamp": self._door.stamps.make(site.name)}
        return web.json_response(body, status=202)

    def _turned(
        self,
        request: web.Request,
        site: ChatSite | None,
        language: str,
        values: Mapping[str, str],
        why: Exception,
        asks_page: bool,
    ) -> web.Response:
        more: Mapping[str, object] = {}
        if isinstance(why, Turned):
            code, more = why.code, why.more
        else:
            code = code_of(why) if isinstance(why, ChatRefused) else "away"
        words = self._door.words(language)
        answer = refusal(code, words, more)
        if not asks_page or site is None or code == "foreign":
            return answer
        state = FormState(values, {"form": words(f"webchat_refused_{code}")})
        return self._status(self._page(request, site, language, state), answer.status)

    @staticmethod
    def _status(page: web.Response, status: int) -> web.Response:
        page.set_status(status)
        return page

    async def _take(
        self, request: web.Request, site: ChatSite, language: str, values: Mapping[str, str]
    ) -> CallbackRequest:
        """Raises WrongForm, Turned and StoreUnavailable."""
        if site.form is None:
            raise Turned("site")
        words = self._door.words(language)
        stamp = values.get("stamp", "")
        callback, filled = self._asked(site, site.form, language, values, words)
        number = callback.point.value
        self._door.newcomer(request, site, stamp=stamp, decoy=values.get("subject", ""), who=number)
        self._door.number(number, stamp=self._door.stamps.make(site.name))
        source = f"chat-form:{site.name}"
        await self._callbacks.request(
            Actor(ActorKind.TOKEN, source, request.remote or ""),
            callback,
            ask_id=f"{source}:{stamp}:{_digest(values)}",  # sent twice as it was, it is one request
            # The text is about what is written; that they want a call is the request itself.
            consent=consent_of(filled, callback, source, channel="", purpose="form"),
        )
        return callback

    def _promised(self, asked: CallbackRequest, words: Words) -> str:
        """Which number is called, and when: they see what they have mistyped."""
        number = phone(asked.point.value)
        if not asked.person_chose or asked.window_from is None:
            return words("webchat_form_done", number=number)
        zone = ZoneInfo(asked.time_zone) if asked.time_zone else self._zone
        return words(
            "webchat_form_done_at", number=number, at=f"{asked.window_from.astimezone(zone):%d.%m, %H:%M}"
        )

    def _asked(
        self, site: ChatSite, form: ContactForm, language: str, values: Mapping[str, str], words: Words
    ) -> tuple[CallbackRequest, Filled]:
        """Raises WrongForm, with all that is wrong."""
        errors: dict[str, str] = {}
        consent = site.said(site.consent, language)
        if consent and values.get("consent") != "yes":
            errors["consent"] = words("webchat_form_consent")
        topic = values.get("topic") or None
        if form.topics and topic not in form.topics:
            errors["topic"] = words("webchat_form_topic")
        chosen = values.get("when") == "at"
        if chosen and not values.get("from"):
            errors["from"] = words("webchat_form_from")
        number = values.get("number", "")
        if not number:
            errors["number"] = words("webchat_form_number")
        try:
            filled = Filled.model_validate(
                {
                    "number": number or "-",
                    "topic": topic if form.topics else None,
                    "name": values.get("name"),
                    "from": values.get("from") if chosen else None,
                    "time_zone": _known_zone(values.get("time_zone", "")),
                    "note": values.get("note"),
                    "consent_text": consent or None,
                }
            )
        except ValidationError as wrong:
            errors |= {_field(one["loc"]): words("webchat_form_long") for one in wrong.errors()}
            raise WrongForm(errors) from wrong
        hours = self._hours(site.hours) if site.hours is not None else None
        terms = Terms(form.topic, form.campaign, form.within, hours, self._region, self._zone)
        try:
            callback = self._callback(filled, terms, language)
        except WrongPoint as wrong:
            raise WrongForm({"number": words("webchat_form_number"), **errors}) from wrong
        except WrongWindow as wrong:
            raise WrongForm({"from": refusal_told(wrong, words), **errors}) from wrong
        if errors:
            raise WrongForm(errors)
        return callback, filled

    def _callback(self, filled: Filled, terms: Terms, language: str) -> CallbackRequest:
        now = self._clock.now()
        try:
            return callback_of(filled, terms, language, self._ids.new(), now)
        except ZoneWanted:  # without a script nobody tells the visitor's zone: the company's is meant
            here = filled.model_copy(update={"time_zone": getattr(self._zone, "key", "UTC")})
            return callback_of(here, terms, language, self._ids.new(), now)


def _known_zone(name: str) -> str | None:
    """What the browser tells of itself; the visitor does not see it and could not put it right."""
    try:
        return time_zone_of(name) if name else None
    except ValueError:
        return None


def _digest(values: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def _field(place: tuple[int | str, ...]) -> str:
    name = str(place[0]) if place else "form"
    return name if name in FIELDS else "form"


async def _sent(request: web.Request) -> dict[str, str]:
    """Raises Turned "unreadable"."""
    if request.content_type not in ("application/x-www-form-urlencoded", "multipart/form-data"):
        raise Turned("unreadable")
    try:
        return {name: value.strip() for name, value in (await form_of(request)).items()}
    except Fault as wrong:
        raise Turned("unreadable") from wrong
