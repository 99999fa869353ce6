"""/templates: those that there are, and a file that is to be one, checked."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Annotated, Any

from pydantic import Field

from compliance.facts import Channel, Purpose
from console.api.access import Role, Scope
from console.api.message_shapes import Values
from console.api.operation import Answer, Asked, Operation, Shape
from console.api.parts import ApiParts
from console.api.permission_shapes import Id
from engine.followup.composing import person_values
from engine.followup.mailing_desk import MailingDesk
from engine.followup.shelf import MessageShelf
from engine.registers.refusals import Missing, Refused
from history.contact import Contact
from messaging.parts import Encoding, NotText, TooLong, parts_of
from messaging.template_reading import load_template
from messaging.templates import LINK, MessageTemplate, Unwritten, unknown_names, written
from wording.yaml_source import SourceRejected

_CHANNELS = (Channel.SMS, Channel.EMAIL, Channel.PUSH, Channel.MESSENGER)
_LARGEST = 512 * 1024


class TemplateShape(Shape):
    name: str
    purpose: Purpose
    languages: Annotated[list[str], Field(description="The first one is for all others.")]
    takes: Annotated[list[str], Field(description="Values that whoever sends has to give.")]
    channels: Annotated[list[Channel], Field(description="By which it can be sent.")]
    mistakes: Annotated[list[str], Field(description="It is sent to nobody while it has any.")]


class TemplateList(Shape):
    items: list[TemplateShape]
    cascades: Annotated[list[str], Field(description="By name, as mailings may have them.")]


class TemplateCheck(Shape):
    source: Annotated[
        str, Field(min_length=1, max_length=400_000, description="The whole file, as it would be kept.")
    ]
    contact_id: Annotated[Id | None, Field(description="Whose message is shown.")] = None
    values: Values = Field(default_factory=dict)


class MistakeAtLine(Shape):
    line: Annotated[int | None, Field(description="Of the file, from 1.")]
    column: int | None
    message: str


class TemplateLanguage(Shape):
    """As it would be for that person and these values; `why`: there are no words for them."""

    language: str
    text: str
    subject: str
    encoding: Annotated[Encoding | None, Field(description="As an SMS.")]
    parts: int | None
    forced_by: Annotated[str | None, Field(description="The letter for which a part has 70 letters.")]
    why: str


class CheckedTemplate(Shape):
    name: str | None
    mistakes: list[MistakeAtLine]
    languages: list[TemplateLanguage]


class TemplatesApi:
    def __init__(self, parts: ApiParts) -> None:
        self._parts = parts

    def operations(self) -> tuple[Operation, ...]:
        get, post = partial(Operation, "GET"), partial(Operation, "POST")
        return (
            get(
                "/templates", "list_templates", self._list, "Templates and cascades, by name",
                tag="templates", scope=Scope.MESSAGES_READ, role=Role.SUPERVISOR, answer=TemplateList,
            ),
            post(
                "/templates/check", "check_template", self._check,
                "Mistakes of a template with their lines, its messages and parts",
                description="Nothing is kept or sent.",
                tag="templates", scope=Scope.MAILINGS_WRITE, role=Role.SUPERVISOR,
                body=TemplateCheck, answer=CheckedTemplate, largest_body=_LARGEST, notes="contact.seen",
            ),
        )  # fmt: skip

    async def _list(self, asked: Asked) -> Answer:
        shelf = self._desk.shelf
        attributes = await self._desk.mailings.attribute_names()
        items = [_shape(one, shelf, attributes) for _, one in sorted(shelf.templates.items())]
        return Answer(TemplateList(items=items, cascades=sorted(shelf.cascades)))

    async def _check(self, asked: Asked) -> Answer:
        body: TemplateCheck = asked.body
        contact = None
        if body.contact_id is not None:
            try:
                contact = await self._parts.history.contacts.get(body.contact_id)
            except Missing as missing:
                raise Refused(str(missing), "contact_id") from missing
        try:
            # Beside the loop that serves calls: a long file takes long.
            template = await asyncio.to_thread(load_template, body.source, "template")
        except SourceRejected as rejected:
            mistakes = [
                MistakeAtLine(line=one.line, column=one.column, message=one.message)
                for one in rejected.problems
            ]
            return Answer(CheckedTemplate(name=None, mistakes=mistakes, languages=[]), seen=())
        shelf = self._desk.shelf
        attributes = await self._desk.mailings.attribute_names()
        unknown = unknown_names(template, {*attributes, *shelf.known_values, *body.values})
        found = [MistakeAtLine(line=one.line, column=None, message=str(one)) for one in unknown]
        languages = [] if found else [_language(template, one, contact, body) for one in template.variants]
        seen = () if contact is None or not languages else (f"contact:{contact.id}",)
        return Answer(CheckedTemplate(name=template.name, mistakes=found, languages=languages), seen=seen)

    @property
    def _desk(self) -> MailingDesk:
        return self._parts.mailing_desk


def _shape(template: MessageTemplate, shelf: MessageShelf, attributes: Any) -> TemplateShape:
    return TemplateShape(
        name=template.name,
        purpose=template.purpose,
        languages=list(template.variants),
        takes=list(template.takes),
        channels=[channel for channel in _CHANNELS if template.lacks_for(channel) is None],
        mistakes=shelf.template_mistakes(template, attributes, template.takes),
    )


def _language(
    template: MessageTemplate, language: str, contact: Contact | None, body: TemplateCheck
) -> TemplateLanguage:
    scope = {LINK: "https://example.com/s/0123456789abc", **person_values(contact), **body.values}
    words = written(template, language, scope)
    if isinstance(words, Unwritten):
        return TemplateLanguage(
            language=language,
            text="",
            subject="",
            encoding=None,
            parts=None,
            forced_by=None,
            why=words.reason,
        )
    why, parts = "", None
    try:
        parts = parts_of(words.text)
    except (TooLong, NotText) as wrong:
        why = str(wrong)
    return TemplateLanguage(
        language=language,
        text=words.text,
        subject=words.subject,
        encoding=None if parts is None else parts.encoding,
        parts=None if parts is None else parts.count,
        forced_by=None if parts is None or parts.forced_by is None else parts.forced_by.sentence,
        why=why,
    )
