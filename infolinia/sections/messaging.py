"""`messaging:` of the configuration: who carries messages, and how."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from channels.email.addresses import AddressRefused, address_of, mailbox_of
from infolinia.sections.dialogues import DialoguesSection
from infolinia.sections.message_providers import (
    HttpSection,
    PushSection,
    SmppSection,
    SmsapiSection,
    SmtpSection,
    TelegramSection,
    VkSection,
)
from infolinia.sections.rating_messages import TemplateName
from messaging.links import LIFETIME, LONGEST_LIFETIME, WrongLink, checked_target
from messaging.opting import OptingWords, Wish, WrongWord
from messaging.prices import PriceTable, WrongPrices

USUAL_ANSWER, NO_ANSWER = "usual", "none"
KINDS = ("smpp", "http", "smsapi", "smtp", "push", "telegram", "vk")


def _name(value: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_-]{0,39}", value):
        raise ValueError("a provider's name has small letters, digits, '-' and '_', a letter first")
    return value


def _prefix(value: str) -> str:
    if not value.startswith("+") or not value[1:].isdigit():
        raise ValueError('write the beginning of a number as "+48"')
    return value


def _links_url(value: str) -> str:
    """Without a slash at its end."""
    try:
        parts = urlsplit(checked_target(value))
    except WrongLink as wrong:
        raise ValueError(str(wrong)) from None
    if parts.query or parts.fragment:
        raise ValueError("write the address without ? and #, such as https://calls.example.com")
    return value.rstrip("/")


class ProviderSection(BaseModel):
    """One provider: its name, its share, and one of the kinds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, AfterValidator(_name)]
    weight: Annotated[int, Field(ge=1, le=1000)] = 1
    prefixes: tuple[Annotated[str, AfterValidator(_prefix)], ...] = ()
    at_once: Annotated[int, Field(ge=1, le=1000)] | None = None
    per_second: Annotated[float, Field(gt=0, le=10_000)] | None = None
    smpp: SmppSection | None = None
    http: HttpSection | None = None
    smsapi: SmsapiSection | None = None
    smtp: SmtpSection | None = None
    push: PushSection | None = None
    telegram: TelegramSection | None = None
    vk: VkSection | None = None

    @property
    def kinds(self) -> list[str]:
        return [kind for kind in KINDS if getattr(self, kind) is not None]


class WordAnswers(BaseModel):
    """What answers a word of itself: a template's name, "usual" or "none"."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    help: TemplateName = USUAL_ANSWER
    start: TemplateName = USUAL_ANSWER

    def templates(self) -> dict[Wish, str]:
        """Those that are answered, with the template or USUAL_ANSWER."""
        found = {Wish.HELP: self.help, Wish.START: self.start}
        return {wish: name for wish, name in found.items() if name != NO_ANSWER}


class OwnWords(BaseModel):
    """A company's own words beside those that are known, and what answers them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    stop: tuple[str, ...] = ()
    start: tuple[str, ...] = ()
    help: tuple[str, ...] = ()
    answers: WordAnswers = WordAnswers()

    def opting(self) -> OptingWords:
        """Raises WrongWord."""
        return OptingWords({Wish.STOP: self.stop, Wish.START: self.start, Wish.HELP: self.help})


class PricesSection(BaseModel):
    """What a part of an SMS costs, in minor units, by the beginning of the number; "+" is all others."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    currency: str
    per_part: Mapping[str, Decimal]

    def table(self) -> PriceTable:
        """Raises WrongPrices."""
        return PriceTable(self.currency, self.per_part)


class MessagingSection(BaseModel):
    """Without providers messages wait in the outbox. `templates`: their folder, beside this file.

    `links_url`: where people reach this web server, for short links; without it none are made.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    providers: tuple[ProviderSection, ...] = ()
    expires_hours: Annotated[float, Field(ge=0.1, le=24 * 30)] = 72.0
    words: OwnWords = OwnWords()
    templates: Path = Path("messages")
    cascades: Path = Path("cascades")
    prices: PricesSection | None = None
    dialogues: DialoguesSection = DialoguesSection()
    links_url: Annotated[str, AfterValidator(_links_url)] | None = None
    links_days: Annotated[int, Field(ge=1, le=LONGEST_LIFETIME.days)] = LIFETIME.days


def messaging_problems(section: MessagingSection) -> list[str]:
    """What no single field can tell is wrong."""
    found: list[str] = []
    names: Sequence[str] = [provider.name for provider in section.providers]
    for n, provider in enumerate(section.providers):
        here = f"messaging.providers[{n}]"
        if names.index(provider.name) != n:
            found.append(f'{here}.name "{provider.name}" is there twice: give each provider its own.')
        if len(provider.kinds) != 1:
            told = " and ".join(provider.kinds) or "none"
            found.append(f"{here} has {told} of {', '.join(KINDS)}: write one of them.")
        found += _mail_problems(here, provider)
    try:
        section.words.opting()
    except WrongWord as wrong:
        found.append(f"messaging.words: {wrong}")
    try:
        if section.prices is not None:
            section.prices.table()
    except WrongPrices as wrong_prices:
        found.append(f"messaging.prices: {wrong_prices}")
    return found


def _mail_problems(here: str, provider: ProviderSection) -> Iterator[str]:
    mail = provider.smtp
    if mail is None:
        return
    readers: tuple[tuple[Literal["sender", "bounces", "replies"], Any], ...] = (
        ("sender", mailbox_of),
        ("bounces", address_of),
        ("replies", mailbox_of),
    )
    for name, read in readers:
        value = getattr(mail, name)
        if not value:
            continue
        try:
            read(value)
        except AddressRefused as refused:
            yield f'{here}.smtp.{name}: {refused}; write it as "Shop <shop@example.com>" or shop@example.com.'
