"""POST /forms/{name}/callback: the company's own web server asks for a callback of a visitor.

There is no login: the form's secret signs each request. Nothing in an answer tells whether a person is known.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from urllib.parse import parse_qsl

import orjson
from aiohttp import web

from console.api.answers import problem_response
from console.api.problem import FieldError, Problem
from console.api.rate_limits import Buckets, Rate, address_key
from console.api.reading import body_of, read_body
from console.callback_asking import Filled, Terms, ZoneWanted, callback_of, consent_of
from console.form_signatures import HEADER, WrongSignature, check_signature
from engine.ports import Clock, Ids, StoreUnavailable
from engine.registers.actor import Actor, ActorKind
from engine.registers.callbacks import Callbacks
from history.callback_windows import WrongWindow
from history.callbacks import CallbackRequest
from history.points import WrongPoint
from history.profile_fields import language_of
from schedules.opening_hours import OpeningHours

PATH = "/forms/{name}/callback"
LARGEST_BODY = 16 * 1024
# One web server speaks for many visitors; one number is rarely asked for twice.
ADDRESS_RATE = Rate(per_second=5.0, burst=60)
NUMBER_RATE = Rate(per_second=1 / 600, burst=3)
STRANGER_RATE = Rate(per_second=0.2, burst=10)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CallbackForm:
    """`within`: the window of a request that names no time. `languages` empty: any."""

    name: str
    secret: str = field(repr=False)
    topic: str
    campaign: str | None = None
    origins: frozenset[str] = frozenset()
    within: timedelta = timedelta(hours=4)
    languages: frozenset[str] = frozenset()
    hours: OpeningHours | None = None


class CallbackForms:
    """`forms` by name; `region` and `zone` are the company's."""

    def __init__(
        self,
        forms: Mapping[str, CallbackForm],
        callbacks: Callbacks,
        *,
        clock: Clock,
        ids: Ids,
        region: str,
        zone: tzinfo,
    ) -> None:
        self._forms = forms
        self._callbacks = callbacks
        self._clock = clock
        self._ids = ids
        self._region = region
        self._zone = zone
        self._addresses = Buckets(ADDRESS_RATE, clock)
        self._strangers = Buckets(STRANGER_RATE, clock)
        self._numbers = Buckets(NUMBER_RATE, clock)

    def routes(self) -> list[web.RouteDef]:
        return [web.post(PATH, self.post)]

    async def post(self, request: web.Request) -> web.Response:
        try:
            await self._take(request)
        except Problem as problem:
            return problem_response(problem, self._ids.new())
        except StoreUnavailable as away:
            log.warning("a form's callback could not be kept: %s", away)
            detail = "The database does not answer. Try again in a moment."
            unavailable = Problem(503, "unavailable", detail, headers={"Retry-After": "5"})
            return problem_response(unavailable, self._ids.new())
        return web.json_response({"accepted": True}, status=202)

    async def _take(self, request: web.Request) -> None:
        form = self._forms.get(request.match_info["name"])
        if form is None:
            raise Problem(404, "not-found", "There is no such form.")
        address = address_key(request.remote)
        self._strangers.check(address)
        self._addresses.take(address)
        if form.origins and request.headers.get("Origin", "").lower() not in form.origins:
            raise Problem(403, "foreign", "The form stands on another site: hand on the browser's Origin.")
        raw = await read_body(request, LARGEST_BODY)
        now = self._clock.now()
        try:
            signature = check_signature(form.secret, request.headers.get(HEADER, ""), raw, now)
        except WrongSignature as wrong:
            self._strangers.take(address)
            raise Problem(401, "signature", str(wrong)) from wrong
        filled = _filled(request.content_type, raw)
        callback = self._request(form, filled, now)
        self._numbers.take(f"number:{callback.point.value}")
        asked = await self._callbacks.request(
            Actor(ActorKind.TOKEN, f"form:{form.name}", request.remote or ""),
            callback,
            ask_id=f"form:{form.name}:{signature}",
            consent=consent_of(filled, callback, f"form {form.name}"),
        )
        if asked.repeated:
            raise Problem(409, "repeated", "This request has been taken already: sign each one anew.")

    def _request(self, form: CallbackForm, filled: Filled, now: datetime) -> CallbackRequest:
        """Raises Problem 422."""
        terms = Terms(form.topic, form.campaign, form.within, form.hours, self._region, self._zone)
        language = _language(form, filled)
        try:
            return callback_of(filled, terms, language, self._ids.new(), now)
        except WrongPoint as wrong:
            raise _wrong("number", str(wrong)) from wrong
        except WrongWindow as wrong:
            raise _wrong(wrong.field, str(wrong)) from wrong
        except ZoneWanted as wanted:
            raise _wrong("time_zone", str(wanted)) from wanted


def _filled(content_type: str, raw: bytes) -> Filled:
    """Raises Problem 400, 415 or 422."""
    match content_type:
        case "application/json":
            filled = body_of(Filled, raw)
        case "application/x-www-form-urlencoded":
            try:
                pairs = parse_qsl(raw.decode(), strict_parsing=True, errors="strict", max_num_fields=20)
            except ValueError:
                raise Problem(
                    400, "unreadable", "The form's body cannot be read: send it in UTF-8."
                ) from None
            members = {name: value for name, value in pairs if value}
            if len(members) < len([value for _, value in pairs if value]):
                raise Problem(400, "invalid", "The form has a field twice.")
            filled = body_of(Filled, orjson.dumps(members))
        case _:
            raise Problem(415, "media-type", "Send application/json or application/x-www-form-urlencoded.")
    assert isinstance(filled, Filled)
    return filled


def _language(form: CallbackForm, filled: Filled) -> str | None:
    """Raises Problem 422."""
    if not filled.language:
        return None
    try:
        language = language_of(filled.language)
    except ValueError as wrong:
        raise _wrong("language", str(wrong)) from wrong
    if form.languages and language not in form.languages:
        raise _wrong("language", f"This form has {', '.join(sorted(form.languages))}.")
    return language


def _wrong(name: str, message: str) -> Problem:
    return Problem(
        422, "invalid", "The request cannot be taken.", errors=[FieldError(f"body.{name}", message)]
    )
