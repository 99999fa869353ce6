"""What a person wrote: which message it answers, and whether a word in it is answered by itself.

Nothing answers an automatic answer, and nobody gets more than a few automatic answers an hour, so that two
machines never talk with each other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from compliance.facts import Channel
from messaging.opting import LONGEST_WORD, OptingWords, WrongWord, bare
from messaging.provider import Incoming
from messaging.states import MessageState

AUTOMATIC = "automatic"
"""The key of Incoming.data under which a channel tells that a machine wrote it."""
_M = MessageState
_WENT_OUT = frozenset(
    {_M.SENDING, _M.ACCEPTED, _M.IN_DOUBT, _M.DELIVERED, _M.READ, _M.CHECKED, _M.FAILED, _M.EXPIRED}
)
# Where an e-mail's own words end and the mail that it answers begins.
_QUOTE = re.compile(
    r"^\s*(?:>|-{3,}|_{10,}$|(?:on|w dniu|dnia|am|le)\s.{5,200}(?:wrote|pisze|napisa\S*):\s*$"
    r"|.{5,200}(?:пишет|написал\S*):\s*$)",
    re.IGNORECASE,
)
_FEWEST_DIGITS = 7
_NUMBER = re.compile(r"\+?\d+")


# --- which message it answers -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SentMessage:
    """A message of ours, as far as a reply is concerned. `sender` None: the provider's own.

    `references`: the provider's ids of it.
    """

    message_id: str
    channel: Channel
    to: str
    sender: str | None
    at: datetime
    state: MessageState
    mailing: str | None = None
    references: tuple[str, ...] = ()


def answered(
    incoming: Incoming, sent: Iterable[SentMessage], within: timedelta = timedelta(days=7)
) -> SentMessage | None:
    """The message that `incoming` answers; None when it answers none that is known.

    One that it names is it, however old. Else the newest of the channel to this person, of at most `within`
    before it: one from the number that was written to, or else one from no number of its own.
    """
    own = [
        message
        for message in sent
        if message.channel is incoming.channel
        and message.to == incoming.from_
        and message.state in _WENT_OUT
        and message.at <= incoming.at
    ]
    if incoming.in_reply_to:
        for message in own:
            if incoming.in_reply_to in (message.message_id, *message.references):
                return message
    recent = [message for message in own if incoming.at - message.at <= within]
    to_number = [message for message in recent if message.sender == incoming.to]
    return _newest(to_number) or _newest([message for message in recent if message.sender is None])


def _newest(messages: list[SentMessage]) -> SentMessage | None:
    # Of two in the same second it is always the same one.
    return max(messages, key=lambda message: (message.at, message.message_id), default=None)


def own_words(incoming: Incoming) -> str:
    """What the person wrote, without the mail that an e-mail quotes below it."""
    return own_text(incoming.channel, incoming.text)


def own_text(channel: Channel, text: str) -> str:
    """The same of a message that is kept."""
    if channel is not Channel.EMAIL:
        return text.strip()
    lines: list[str] = []
    for line in text.splitlines():
        if _QUOTE.match(line):
            break
        lines.append(line)
    return "\n".join(lines).strip()


# --- automatic answers ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Keyword:
    """Words each of which, as the whole message, is answered by `template`."""

    words: tuple[str, ...]
    template: str


@dataclass(frozen=True, slots=True)
class AutoReplies:
    """Raises WrongWord for a word that ends or starts messages, that is none, or that is there twice.

    `most_an_hour`: to one person, on whichever words.
    """

    keywords: tuple[Keyword, ...] = ()
    opting: OptingWords = field(default_factory=OptingWords)
    most_an_hour: int = 3

    def __post_init__(self) -> None:
        seen: set[str] = set()
        for keyword in self.keywords:
            for word in keyword.words:
                key = bare(word)
                if not key:
                    raise WrongWord(f"{word!r} is no keyword: it needs a letter, and at most {LONGEST_WORD}.")
                if (meant := self.opting.understood(word)) is not None:
                    raise WrongWord(f"{word!r} already means {meant.wish} of messages: leave it out.")
                if key in seen:
                    raise WrongWord(f"{word!r} is there twice, or a word that is compared alike: leave one.")
                seen.add(key)

    def template_for(self, text: str) -> str | None:
        """The template of an opting word or a keyword."""
        if (meant := self.opting.understood(text)) is not None:
            return meant.template
        key = bare(text)
        return next((k.template for k in self.keywords if key and key in map(bare, k.words)), None)


class Silent(StrEnum):
    """Why nothing is answered. `no_word`: a person has to read it."""

    NO_WORD = "no_word"
    AUTOMATIC = "automatic"
    NO_PERSON = "no_person"
    TOO_MANY = "too_many"


def auto_reply(
    incoming: Incoming, replies: AutoReplies, past: Iterable[datetime], now: datetime
) -> str | Silent:
    """The name of the template that answers, or why none does.

    `past`: when this person was answered automatically before. An opting word counts also where nothing
    answers it.
    """
    if incoming.data.get(AUTOMATIC):
        return Silent.AUTOMATIC
    if (template := replies.template_for(own_words(incoming))) is None:
        return Silent.NO_WORD
    if incoming.channel is Channel.SMS and not is_persons_number(incoming.from_):
        return Silent.NO_PERSON
    since = now - timedelta(hours=1)
    if sum(1 for at in past if at > since) >= replies.most_an_hour:
        return Silent.TOO_MANY
    return template


def is_persons_number(number: str) -> bool:
    """Names and short codes are senders of messages by machines."""
    return _NUMBER.fullmatch(number) is not None and len(number.lstrip("+")) >= _FEWEST_DIGITS
