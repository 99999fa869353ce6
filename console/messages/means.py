"""What the pages of messages need beside the API's parts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from engine.followup.mailing_desk import MailingDesk
from engine.followup.routing import Lane
from engine.registers.message_statistics import MessageFiguresBook
from engine.registers.messages import Messages
from messaging.templates import MessageTemplate
from wording.yaml_source import Problem


@dataclass(frozen=True, slots=True)
class TemplateFile:
    """A file of the templates' folder as it is now: a template, or what is wrong with it."""

    name: str
    template: MessageTemplate | None
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class MessageMeans:
    """`lanes`: providers at work in this engine. `links_url`: where short links begin, None: none are made.

    `attribute_names`: all that anybody's profile has.
    """

    messages: Messages
    templates: Callable[[], Awaitable[Sequence[TemplateFile]]]
    lanes: Callable[[], Sequence[Lane]]
    statistics: MessageFiguresBook
    mailings: MailingDesk | None = None
    attribute_names: Callable[[], Awaitable[Sequence[str]]] | None = None
    links_url: str | None = None
