"""/messages/templates: what is written to people, what it takes, and how it reads for one person."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from aiohttp import web

from console.accounts.admission import saw
from console.api.parts import ApiParts
from console.display import contact_name
from console.faults import Fault
from console.messages.means import MessageMeans, TemplateFile
from console.messages.people import MOST_MEANT, meant
from console.messages.telling import PartsTold, parts_told
from console.pages import Pages
from console.words import Words
from engine.followup.composing import PERSON_VALUES, person_values
from engine.registers.refusals import Missing
from history.contact import Contact
from messaging.templates import (
    BUILT_IN,
    CODE,
    LINK,
    UNSUBSCRIBE,
    MessageTemplate,
    Piece,
    TemplateMistake,
    Unwritten,
    Variant,
    Written,
    chosen_language,
    unknown_names,
    written,
)

LONGEST_VALUE = 200
_VALUE = "value:"
# What stands in a preview for what is made when the message is sent: a short link's id and a code.
_SAMPLE_ID, _SAMPLE_CODE = "xxxxxxxxxxx", "123456"
_SAMPLE_HOST = "https://example.com"


@dataclass(frozen=True, slots=True)
class Row:
    """`parts`: by language, what an SMS takes at least, with its values left out."""

    file: TemplateFile
    parts: tuple[tuple[str, PartsTold], ...]
    mistakes: tuple[TemplateMistake, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """`why`: it is not written for this person; then there is no text."""

    person: Contact
    language: str
    words: Written | None
    parts: PartsTold | None
    why: str


class TemplatePages:
    def __init__(self, pages: Pages, parts: ApiParts, means: MessageMeans) -> None:
        self._pages = pages
        self._means = means
        self._contacts = parts.history.contacts
        self._region = parts.region

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/messages/templates", self.list),
            web.get("/messages/templates/{template}", self.one),
        ]

    async def list(self, request: web.Request) -> web.Response:
        words, known = self._pages.words_for(request), await self._known()
        rows = [
            Row(file, _least_parts(file.template, words), _mistakes(file.template, known))
            for file in await self._means.templates()
        ]
        return self._pages.page(
            request, "messages/templates.html", page="messages", tab="templates", rows=rows
        )

    async def one(self, request: web.Request) -> web.Response:
        words, name = self._pages.words_for(request), request.match_info["template"]
        file = next((one for one in await self._means.templates() if one.name == name), None)
        if file is None:
            raise Fault(404, "There is no such template. They are listed at /messages/templates.")
        typed = _plain(request, "q")
        takes = () if file.template is None else file.template.takes
        values = {take: _plain(request, _VALUE + take) for take in takes}
        person, choose = await self._person(request, typed)
        if person or choose:
            saw(request, "contact.seen", [f"contact:{one.id}" for one in (choose or (person,)) if one])
        preview = None
        if file.template is not None and person is not None:
            preview = self._filled(file.template, person, values, words)
        return self._pages.page(
            request,
            "messages/template.html",
            page="messages",
            tab="templates",
            file=file,
            shown=file.template,
            mistakes=_mistakes(file.template, await self._known()),
            reads=_reads(file.template),
            least=dict(_least_parts(file.template, words)),
            sources=_sources(file.template),
            q=typed,
            values=values,
            value_prefix=_VALUE,
            contact="" if person is None else person.id,
            choose=[(one.id, contact_name(one, words)) for one in choose[:MOST_MEANT]],
            more_people=len(choose) > MOST_MEANT,
            nobody=bool(typed) and person is None and not choose,
            preview=preview,
            name=None if person is None else contact_name(person, words),
        )

    # --- inside -------------------------------------------------------------------------------------------

    async def _known(self) -> frozenset[str] | None:
        """What a template may say of a person; None: it is not known."""
        if self._means.attribute_names is None:
            return None
        return frozenset({*PERSON_VALUES, *await self._means.attribute_names()})

    async def _person(self, request: web.Request, typed: str) -> tuple[Contact | None, Sequence[Contact]]:
        """The one who is meant, else those who may be."""
        if contact_id := _plain(request, "contact"):
            try:
                return await self._contacts.get(contact_id), ()
            except Missing:
                raise Fault(404, "There is no such contact. They are listed at /contacts.") from None
        people = await meant(typed, self._contacts, self._region) if typed else ()
        return (people[0], ()) if len(people) == 1 else (None, people)

    def _filled(
        self, template: MessageTemplate, person: Contact, values: dict[str, str], words: Words
    ) -> Preview:
        host = self._means.links_url or _SAMPLE_HOST
        made = {
            LINK: f"{host}/s/{_SAMPLE_ID}",
            CODE: _SAMPLE_CODE,
            UNSUBSCRIBE: f"{host}/s/{_SAMPLE_ID}",
        }
        language = chosen_language(template, person.language, None)
        told = written(template, language, {**person_values(person), **values, **made})
        if isinstance(told, Unwritten):
            why = told.reason if told.lacks is None else words("msg_lacks", None, name=told.lacks)
            return Preview(person, language, None, None, why)
        return Preview(person, language, told, parts_told(told.text, words), "")


def _pieces(variant: Variant) -> Iterator[Piece]:
    yield from (*variant.subject, *variant.text, *variant.html)


def _mistakes(template: MessageTemplate | None, known: frozenset[str] | None) -> tuple[TemplateMistake, ...]:
    return () if template is None or known is None else unknown_names(template, known)


def _reads(template: MessageTemplate | None) -> list[tuple[str, str, str]]:
    """Each value that it reads: its name, where it comes from, and what stands in for it."""
    if template is None:
        return []
    pieces = (piece for variant in template.variants.values() for piece in _pieces(variant))
    names = {name for piece in pieces for name, _ in piece.names()}
    for piece in (template.when, template.link):
        names |= set() if piece is None else {name for name, _ in piece.names()}
    return [(name, _source(template, name), _default(template, name)) for name in sorted(names)]


def _source(template: MessageTemplate, name: str) -> str:
    if name in template.takes:
        return "given"
    return "built_in" if name in BUILT_IN else "profile"


def _default(template: MessageTemplate, name: str) -> str:
    texts = template.defaults.get(name, {})
    return ", ".join(dict.fromkeys(texts.values()))


def _sources(template: MessageTemplate | None) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """By language: its subject, and its pieces as (text, condition)."""
    if template is None:
        return []
    return [
        (
            language,
            " ".join(piece.text.source for piece in variant.subject),
            [(one.text.source, one.when.expression.source if one.when else "") for one in variant.text],
        )
        for language, variant in template.variants.items()
    ]


def _least_parts(template: MessageTemplate | None, words: Words) -> tuple[tuple[str, PartsTold], ...]:
    if template is None:
        return ()
    return tuple(
        (language, parts_told(_fixed(variant), words)) for language, variant in template.variants.items()
    )


def _fixed(variant: Variant) -> str:
    """What is there for everybody."""
    always = (piece for piece in variant.text if piece.when is None)
    return " ".join("".join(part for part in piece.text.parts if isinstance(part, str)) for piece in always)


def _plain(request: web.Request, name: str) -> str:
    """Raises Fault 400 for what nobody can have typed."""
    text = " ".join(request.query.get(name, "").split())
    if len(text) > LONGEST_VALUE or not text.isprintable():
        raise Fault(400, f"`{name}` has at most {LONGEST_VALUE} letters that can be seen. Shorten it.")
    return text
