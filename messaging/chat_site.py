"""What a web site that embeds our chat and form was given: whose pages, which flow, which words. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

Words = Mapping[str, str]
"""language -> text"""


@dataclass(frozen=True, slots=True)
class ContactForm:
    """Asks for number, topic and preferred time. `topics`: name -> its words; empty: `topic` alone."""

    topic: str = "web"
    topics: Mapping[str, Words] = field(default_factory=dict)
    campaign: str | None = None
    within: timedelta = timedelta(hours=4)


@dataclass(frozen=True, slots=True)
class InvitationRule:
    """Shown once a visit, after so long on a page that fits, and only while somebody could answer.

    `pages`: patterns of the path with `*`, empty: any. `visits`: pages seen in this visit, at least.
    """

    text: Words
    after_seconds: float = 30.0
    pages: tuple[str, ...] = ()
    visits: int = 1


@dataclass(frozen=True, slots=True)
class ChatSite:
    """`origins`: of the pages that may embed it, lower case. `number`: dialled by *call from the browser*.

    `form`, `invitation`, `number` and `hours` None: the site has none (without `hours` it is always open).
    `consent`: shown before a chat or a form is sent, and kept with the person; empty: nothing is shown.
    `at_once`: most open chats. `idle_seconds`: without a word of the visitor and without their page.
    `keeps_query`: addresses of pages are told with what stands behind `?`, which may tell of people.
    """

    name: str
    origins: frozenset[str]
    flow: str
    languages: tuple[str, ...]
    title: Words = field(default_factory=dict)
    hours: str | None = None
    form: ContactForm | None = None
    invitation: InvitationRule | None = None
    number: str | None = None
    consent: Words = field(default_factory=dict)
    at_once: int = 200
    idle_seconds: float = 900.0
    keeps_query: bool = False

    def said(self, words: Words, language: str) -> str:
        """In that language, else in the site's first that has it; "" when there is none."""
        for one in (language, *self.languages):
            if one in words:
                return words[one]
        return ""
