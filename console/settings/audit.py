"""/settings/audit: who saw and changed what, newest first; looking is noted as well."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import orjson
from aiohttp import web

from console.accounts.admission import saw
from console.pages import Pages
from console.settings.people import MOST_PEOPLE
from console.words import Words
from engine.registers.accounts import People, Person
from engine.registers.actor import ActorKind
from engine.registers.audit import AuditEntry, AuditFilter, AuditLog

PAGE_ROWS = 100
LONGEST_FILTER = 200
FIRST_YEAR, LAST_YEAR = 1970, 9000
# Where a subject has a page of its own.
_PLACES: Mapping[str, str] = {
    "call": "/calls/",
    "contact": "/contacts/",
    "person": "/settings/people/",
    "agent": "/floor/agents/",
}


@dataclass(frozen=True, slots=True)
class Row:
    number: int
    at: datetime
    who: str
    address: str
    action: str
    code: str
    subject: str
    place: str
    data: str


class AuditPages:
    def __init__(self, pages: Pages, audit: AuditLog, people: People) -> None:
        self._pages = pages
        self._audit = audit
        self._people = people

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/settings/audit", self.list)]

    async def list(self, request: web.Request) -> web.Response:
        query, words = request.query, self._pages.words_for(request)
        asked = {
            name: _text(query.get(name, "")) for name in ("subject", "actor", "action", "since", "until")
        }
        since, until = _day(asked["since"]), _day(asked["until"])
        wrong = [name for name, day in (("since", since), ("until", until)) if asked[name] and day is None]
        wanted = AuditFilter(
            asked["subject"] or None,
            asked["actor"] or None,
            asked["action"] or None,
            _begins(since),
            _begins(until + timedelta(days=1)) if until else None,
        )
        before = query.get("before", "")
        last = int(before) if before.isascii() and before.isdigit() and len(before) < 16 else None
        found = await self._audit.entries(wanted, limit=PAGE_ROWS + 1, before=last)
        everybody = await self._people.list(limit=MOST_PEOPLE)
        names = {person.id: person for person in everybody}
        saw(request, "audit.seen", [f"audit:{asked['subject'] or 'log'}"])
        return self._pages.page(
            request,
            "settings/audit.html",
            page="settings",
            tab="audit",
            rows=[_row(entry, names, words) for entry in found[:PAGE_ROWS]],
            more=found[PAGE_ROWS - 1].number if len(found) > PAGE_ROWS else None,
            asked=asked,
            wrong=wrong,
            everybody=sorted(everybody, key=lambda one: one.name),
        )


def _row(entry: AuditEntry, names: Mapping[str, Person], words: Words) -> Row:
    note = entry.note
    kind, _, rest = note.subject.partition(":")
    person = names.get(rest) if kind == "person" else None
    by = names.get(note.actor.id) if note.actor.kind is ActorKind.PERSON else None
    who = (
        by.name if by else words("audit_who", kind=words(f"actor_{note.actor.kind.value}"), id=note.actor.id)
    )
    thing = words.get(f"audit_thing_{kind}", kind)
    return Row(
        entry.number,
        note.at,
        who,
        note.actor.address,
        words.get(f"audit_{note.action.replace('.', '_')}", note.action),
        note.action,
        f"{thing} {person.name if person else rest}",
        f"{_PLACES[kind]}{rest}" if kind in _PLACES and rest else "",
        orjson.dumps(dict(note.data)).decode() if note.data else "",
    )


def _text(written: str) -> str:
    text = written.strip()
    return text if len(text) <= LONGEST_FILTER and text.isprintable() else ""


def _day(written: str) -> date | None:
    """None for a day of a year that no clock has, too."""
    try:
        day = date.fromisoformat(written) if written else None
    except ValueError:
        return None
    return day if day and FIRST_YEAR <= day.year <= LAST_YEAR else None


def _begins(day: date | None) -> datetime | None:
    """As the day begins where the console runs."""
    return None if day is None else datetime.combine(day, time()).astimezone()
