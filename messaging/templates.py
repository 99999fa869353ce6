"""Templates: what is written to people, in each language, with values of the person and of the occasion.

The `{…}` and the conditions are those of flows (wording.templates, wording.expressions). Nothing is sent with
a gap in it: a value that is missing is replaced by the template's own default, or that person's message is
refused with its reason.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from html import escape
from urllib.parse import quote

from compliance.facts import Channel, Purpose
from wording.expressions import Expression, Scope, Unset, as_text
from wording.templates import Template

LINK, CODE, UNSUBSCRIBE, LANGUAGE = "link", "code", "unsubscribe", "language"
BUILT_IN = frozenset({LINK, CODE, UNSUBSCRIBE, LANGUAGE})
"""Names that whoever sends gives: a short link's address, a one-time code, where messages are ended."""


@dataclass(frozen=True, slots=True)
class Condition:
    expression: Expression
    line: int

    def names(self) -> Iterator[tuple[str, int]]:
        """Each name that is read, and its line."""
        yield from ((name, self.line) for name in sorted(self.expression.names))


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a text, and the condition under which it is there; `lines`: of each expression in order."""

    text: Template
    lines: tuple[int, ...] = ()
    when: Condition | None = None

    def names(self) -> Iterator[tuple[str, int]]:
        """Each name that is read, and its line."""
        if self.when is not None:
            yield from self.when.names()
        expressions = (part for part in self.text.parts if not isinstance(part, str))
        for expression, line in zip(expressions, self.lines, strict=True):
            yield from ((name, line) for name in sorted(expression.names))


@dataclass(frozen=True, slots=True)
class Variant:
    """One language of a template. `subject` and `html` are those of e-mail; `subject` is a push's too."""

    text: tuple[Piece, ...]
    subject: tuple[Piece, ...] = ()
    html: tuple[Piece, ...] = ()


@dataclass(frozen=True, slots=True)
class MessageTemplate:
    """`variants` by language, in the order of the file: the first is for people whose language is not there.

    `takes`: values that whoever sends must give. `defaults`: name -> language -> what stands in for a value
    that is missing. `when`: a message for which it does not hold is not written. `link`: where the short link
    of the message leads.
    """

    name: str
    purpose: Purpose
    variants: Mapping[str, Variant]
    takes: tuple[str, ...] = ()
    defaults: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    when: Condition | None = None
    link: Piece | None = None
    file: str = ""

    @property
    def checked_by(self) -> frozenset[str]:
        """Of `link` and `code`, those whose use shows that the message arrived."""
        read = {name for variant in self.variants.values() for name, _ in _names(variant)}
        return frozenset({LINK, CODE} & read)

    def lacks_for(self, channel: Channel) -> str | None:
        """Why it cannot be sent by `channel`, in a sentence; None when it can."""
        if channel is Channel.CALL:
            return f"template {self.name} is written, and a call says nothing that is written"
        for language, variant in self.variants.items():
            if channel is Channel.EMAIL and not variant.subject:
                return f"template {self.name} has no subject in {language}: an e-mail needs one"
        return None


@dataclass(frozen=True, slots=True)
class TemplateMistake:
    """`language` None: it stands outside of the texts. `line` from 1, of the template's file.

    `name`: the value that no message could have.
    """

    template: str
    language: str | None
    line: int
    message: str
    name: str = ""

    def __str__(self) -> str:
        where = "" if self.language is None else f", {self.language}"
        return f"template {self.template}{where}, line {self.line}: {self.message}"


def unknown_names(template: MessageTemplate, known: Collection[str]) -> tuple[TemplateMistake, ...]:
    """Every value that no message could have. `known`: attributes of profiles, and what the sender gives."""
    names = sorted({*known, *template.takes, *template.defaults, *BUILT_IN})
    found = []
    for language, name, line in _all_names(template):
        if name not in names:
            message = f"{{{name}}} is not known; {_instead(name, names)}"
            found.append(TemplateMistake(template.name, language, line, message, name))
    return tuple(dict.fromkeys(found))


def misspelt_names(template: MessageTemplate, known: Collection[str]) -> tuple[TemplateMistake, ...]:
    """Of the unknown names those that are mistakes whatever attributes profiles will have: they are all but
    spelt as what the template takes or has a default for."""
    own = [*template.takes, *template.defaults]
    unknown = unknown_names(template, known)
    return tuple(one for one in unknown if get_close_matches(one.name, own, 1, _ALL_BUT_SPELT))


# So alike that "ordr" means "order", and "order_no" does not.
_ALL_BUT_SPELT = 0.8


def chosen_language(template: MessageTemplate, person: str | None, campaign: str | None) -> str:
    """The person's where it is written, else the campaign's, else the first. "pl-PL" counts as pl."""
    for wanted in (person, campaign):
        language = (wanted or "").replace("_", "-").split("-")[0].lower()
        if language in template.variants:
            return language
    return next(iter(template.variants))


@dataclass(frozen=True, slots=True)
class Written:
    """A message's words. `target`: where its short link leads, "" when it has none."""

    language: str
    text: str
    subject: str = ""
    html: str = ""
    target: str = ""


@dataclass(frozen=True, slots=True)
class Unwritten:
    """Why this person gets no message; `lacks`: the value that is missing, where it is one."""

    reason: str
    lacks: str | None = None


def written(template: MessageTemplate, language: str, scope: Scope) -> Written | Unwritten:
    """The words for one person. `scope`: their attributes and what the sender gives; blank is missing.

    What the template takes has to be in it, even if blank: a condition would leave its piece out unseen.
    """
    variant = template.variants[language]
    values: dict[str, object] = {name: texts[language] for name, texts in template.defaults.items()}
    values |= {name: value for name, value in scope.items() if not _blank(value)}
    values[LANGUAGE] = language
    name = f"template {template.name} ({language})"
    for taken in template.takes:
        if taken not in scope and taken not in values:
            return Unwritten(f"template {template.name} takes {taken}: give it in values", taken)
    if (when := template.when) is not None and not when.expression.holds(values, language):
        return Unwritten(f"the condition of template {template.name} does not hold: {when.expression.source}")
    try:
        target = "" if template.link is None else _target(template.link, values, language)
        text = _text(variant.text, values, language)
        subject = " ".join(_text(variant.subject, values, language).split())
        html = _text(variant.html, values, language, html=True)
    except Unset as error:
        lacks = str(error.args[0])
        return Unwritten(f"{{{lacks}}} is not known of this person, and {name} has no default for it", lacks)
    if not text:
        return Unwritten(f"nothing is left of {name}: no condition in it holds")
    if variant.subject and not subject:
        return Unwritten(f"nothing is left of the subject of {name}: no condition in it holds")
    return Written(language, text, subject, html, target)


def _text(pieces: tuple[Piece, ...], values: Scope, language: str, *, html: bool = False) -> str:
    """The pieces whose conditions hold, with a blank between two where neither has one of its own."""
    whole = ""
    for piece in pieces:
        if piece.when is not None and not piece.when.expression.holds(values, language):
            continue
        text = "".join(_filled(part, values, language, html=html) for part in piece.text.parts)
        seam = " " if whole and text and not whole[-1].isspace() and not text[0].isspace() else ""
        whole += seam + text
    # One letter with its accent, instead of two signs: a telephone's alphabet has only the former.
    return unicodedata.normalize("NFC", whole.strip())


def _filled(part: str | Expression, values: Scope, language: str, *, html: bool) -> str:
    if isinstance(part, str):
        return part
    value = part.written(values, language)
    if not value.strip():
        raise Unset(part.source)
    return escape(value) if html else value


def _target(link: Piece, values: Scope, language: str) -> str:
    """Values are escaped, so that none leads to another place of the web than the one that is written."""
    return "".join(
        part if isinstance(part, str) else quote(_filled(part, values, language, html=False), safe="")
        for part in link.text.parts
    )


def _blank(value: object) -> bool:
    return value is None or (isinstance(value, str) and not as_text(value).strip())


def _names(variant: Variant) -> Iterator[tuple[str, int]]:
    for piece in (*variant.subject, *variant.text, *variant.html):
        yield from piece.names()


def _all_names(template: MessageTemplate) -> Iterator[tuple[str | None, str, int]]:
    for piece in (template.when, template.link):
        if piece is not None:
            yield from ((None, name, line) for name, line in piece.names())
    for language, variant in template.variants.items():
        yield from ((language, name, line) for name, line in _names(variant))


def _instead(name: str, names: list[str]) -> str:
    close = get_close_matches(name, names, 1)
    return f"did you mean {{{close[0]}}}?" if close else f"there are {', '.join(names)}"
