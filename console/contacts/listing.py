"""/contacts: people found by name, number, address, tag or segment, and by words of notes and transcripts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web

from console.accounts.admission import saw
from console.accounts.people import People
from console.api.pages_of import cursor_of
from console.display import contact_name
from console.faults import Fault
from console.pages import Pages
from console.query_values import place_of
from engine.registers.contacts import ContactFilter
from engine.registers.refusals import Missing
from engine.registers.segments import Segment
from engine.registers.timeline import Found, Snippet, TimelineFilter
from history.contact import Contact
from history.folding import words_of
from history.points import prefixes_of
from history.profile_fields import WrongField, tag_of
from history.search_query import terms_of

PAGE_ROWS = 40
FOUND_ROWS = 8
MOST_SEGMENTS = 200
LONGEST_SEARCH = 100


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a snippet; `hit`: it is what was looked for."""

    text: str
    hit: bool


@dataclass(frozen=True, slots=True)
class Said:
    """An interaction whose words were found. `who` is None where it is nobody's."""

    found: Found
    who: Contact | None
    pieces: tuple[Piece, ...]


class ContactList:
    def __init__(self, pages: Pages, people: People) -> None:
        self._pages = pages
        self._contacts = people.history.contacts
        self._segments = people.history.segments
        self._timeline = people.history.timeline
        self._region = people.region

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/contacts", self.contacts)]

    async def contacts(self, request: web.Request) -> web.Response:
        typed = {name: _plain(request, name) for name in ("q", "tag", "segment")}
        after = place_of(request, "id")
        segments = (await self._segments.list(limit=MOST_SEGMENTS)).items
        wrong: dict[str, str] = {}
        words = self._pages.words_for(request)
        try:
            wanted = self._filter(typed)
            found = (
                None if wanted is None else await self._contacts.list(wanted, limit=PAGE_ROWS, after=after)
            )
        except WrongField:
            found, wrong = None, {"tag": words("wrong_tags", tag=typed["tag"][:40])}
        except Missing:
            found, wrong = None, {"segment": words("wrong_segment")}
        said = await self._said(typed["q"]) if after is None and not wrong else ()
        items = found.items if found else ()
        seen = dict.fromkeys((*(one.id for one in items), *(one.who.id for one in said if one.who)))
        saw(request, "contact.seen", [f"contact:{contact_id}" for contact_id in seen])
        return self._pages.page(
            request,
            "contacts.html",
            status=422 if wrong else 200,
            page="contacts",
            typed=typed,
            wrong=wrong,
            segments=_choices(segments, typed["segment"]),
            contacts=items,
            said=said,
            next=cursor_of(*found.after) if found and found.after else None,
            first=after is None,
            asked=any(typed.values()),
            name_of=lambda contact: contact_name(contact, words),
        )

    def _filter(self, typed: dict[str, str]) -> ContactFilter | None:
        """None when nobody can be meant. Raises WrongField."""
        name = " ".join(words_of(typed["q"]))
        points = prefixes_of(typed["q"], self._region) if typed["q"] else ()
        if typed["q"] and not name and not points:
            return None
        return ContactFilter(
            name_prefix=name or None,
            point_prefixes=points,
            tag=tag_of(typed["tag"]) if typed["tag"] else None,
            segment_id=typed["segment"] or None,
        )

    async def _said(self, text: str) -> tuple[Said, ...]:
        if not terms_of(text):
            return ()
        page = await self._timeline.search(text, TimelineFilter(), limit=FOUND_ROWS)
        said: list[Said] = []
        for one in page.items:
            contact_id = one.interaction.contact_id
            who = await self._contacts.get(contact_id) if contact_id else None
            said.append(Said(one, who, _pieces(one.snippets[0]) if one.snippets else ()))
        return tuple(said)


def _pieces(snippet: Snippet) -> tuple[Piece, ...]:
    pieces: list[Piece] = []
    at = 0
    for start, length in sorted(snippet.matches):
        pieces += [Piece(snippet.text[at:start], False), Piece(snippet.text[start : start + length], True)]
        at = start + length
    pieces.append(Piece(snippet.text[at:], False))
    return tuple(piece for piece in pieces if piece.text)


def _choices(segments: Sequence[Segment], chosen: str) -> list[tuple[str, str, bool]]:
    return [
        (one.id, one.name, one.id == chosen) for one in sorted(segments, key=lambda one: one.name.lower())
    ]


def _plain(request: web.Request, name: str) -> str:
    """Raises Fault 400 for what nobody can have typed."""
    text = " ".join(request.query.get(name, "").split())
    if len(text) > LONGEST_SEARCH or not text.isprintable():
        raise Fault(400, f"`{name}` has at most {LONGEST_SEARCH} letters that can be seen. Shorten it.")
    return text
