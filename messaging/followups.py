"""Rules on events: what is written to a person of itself when something has happened. Pure.

What has happened is read from publications (history.publication). Each happening has a key; a rule answers a
key once, however often it is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from compliance.facts import Channel
from history.publication import Kind
from messaging.opting import OptingWords, Understood, Wish, bare
from messaging.replies import own_text
from wording.minor_units import written_amount


class Event(StrEnum):
    """`call.missed`: a caller hung up, or nobody was there, before anybody talked with them."""

    CALL_MISSED = "call.missed"
    CALL_ENDED = "call.ended"
    CALLBACK_REQUESTED = "callback.requested"
    CALLBACK_BROKEN = "callback.broken"
    PROMISE_BROKEN = "promise.broken"
    MESSAGE_RECEIVED = "message.received"


_CALL = frozenset({"number", "queue", "agent"})
_CALLBACK = frozenset({"number", "topic", "window_from", "window_to"})
# What a rule's template may take beside the person's own attributes.
VALUES: Mapping[Event, frozenset[str]] = {
    Event.CALL_MISSED: _CALL,
    Event.CALL_ENDED: _CALL | {"disposition"},
    Event.CALLBACK_REQUESTED: _CALLBACK,
    Event.CALLBACK_BROKEN: _CALLBACK,
    Event.PROMISE_BROKEN: frozenset({"amount", "currency", "due"}),
    Event.MESSAGE_RECEIVED: frozenset({"number"}),
}
# The publications that may be one of these.
KINDS = (
    Kind.CALL_ENDED,
    Kind.INTERACTION_ADDED,
    Kind.CALLBACK_REQUESTED,
    Kind.CALLBACK_CHANGED,
    Kind.PROMISE_CHANGED,
    Kind.MESSAGE_RECEIVED,
)
RATING, OPT_OUT, OPT_IN = "rating", "opt_out", "opt_in"
ANSWERED_BY_ITSELF = frozenset({RATING, OPT_OUT, OPT_IN})
"""Message.code of what came in and needs nobody to answer it."""
# How a queue is left by those with whom nobody talked.
UNSERVED = frozenset({"abandoned", "timeout", "full", "nobody", "lost"})
# A call that somebody gave up sooner was a mistake.
SHORTEST_WAIT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class CallFacts:
    """What the log says of a call's way through queues. `left`: how the last queue was left without a talk.

    `agent`, `queue`: of the last talk, else the last queue.
    """

    queue: str = ""
    agent: str = ""
    talked: bool = False
    left: str = ""
    waited_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Happening:
    """`key` is the same whenever the same is told again. `number`: as it was dialled or shown.

    `values` are the template's. `campaign`, `queue`, `topic`, `disposition` are what rules ask for.
    `taken_back`: of a message that ended an objection of its person's.
    """

    event: Event
    key: str
    at: datetime
    contact_id: str | None = None
    point: tuple[str, str] | None = None
    number: str = ""
    language: str | None = None
    campaign: str = ""
    queue: str = ""
    topic: str = ""
    disposition: str = ""
    talked: bool = False
    text: str = ""
    channel: Channel | None = None
    automatic: bool = False
    taken_back: bool = False
    call_id: str | None = None
    message_id: str | None = None
    debt: str | None = None
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rule:
    """`send`: a template. `once_per`: one person gets it at most once in so long. `within`: what was told of
    later is past. Empty conditions hold for all. `rate_within`: the message asks for a grade, and an answer
    that comes within it counts as the call's. `words`: of `message.received`, each the whole message; or a
    `wish` in the words of `opting`, of which START counts where it took something back.
    """

    name: str
    on: Event
    send: str
    channel: Channel = Channel.SMS
    after: timedelta = timedelta(0)
    once_per: timedelta | None = None
    within: timedelta = timedelta(hours=24)
    queues: frozenset[str] = frozenset()
    campaigns: frozenset[str] = frozenset()
    topics: frozenset[str] = frozenset()
    dispositions: frozenset[str] = frozenset()
    words: tuple[str, ...] = ()
    rate_within: timedelta | None = None
    wish: Wish | None = None
    opting: OptingWords = field(default_factory=OptingWords)

    def holds(self, happening: Happening, now: datetime) -> bool:
        if self.on is not happening.event or now - happening.at > self.within:
            return False
        if self.rate_within is not None and not happening.talked:
            return False
        # The wrap-up is told after the call, and again: who asks for no disposition asks for the call.
        if bool(self.dispositions) != bool(happening.disposition):
            return False
        if self.words and (happening.automatic or not self.answers(happening.text)):
            return False
        if self.wish is not None and self.understood(happening) is None:
            return False
        asked = (
            (self.queues, happening.queue),
            (self.campaigns, happening.campaign),
            (self.topics, happening.topic),
            (self.dispositions, happening.disposition),
        )
        return all(not wanted or value in wanted for wanted, value in asked)

    @property
    def answers_words(self) -> bool:
        return bool(self.words) or self.wish is not None

    def understood(self, happening: Happening) -> Understood | None:
        """The word of its wish, where it answers it."""
        if self.wish is None or (happening.automatic and not happening.taken_back):
            return None
        if self.wish is Wish.START and not happening.taken_back:
            return None  # a message like any other
        text = happening.text if happening.channel is None else own_text(happening.channel, happening.text)
        found = self.opting.understood(text)
        return found if found is not None and found.wish is self.wish else None

    def answers(self, text: str) -> bool:
        """Whether the whole text is one of its words."""
        key = bare(text)
        return bool(key) and key in {bare(word) for word in self.words}


def keywords_of(rules: Iterable[Rule]) -> frozenset[str]:
    """What rules answer by themselves, as `bare` gives it: nobody else has to."""
    return frozenset(bare(word) for rule in rules for word in rule.words)


def happening_of(kind: str, data: Mapping[str, Any], at: datetime, call: CallFacts) -> list[Happening]:
    """What a publication tells, if anything. `call`: of `call.ended`, from its log."""
    match kind:
        case Kind.CALL_ENDED:
            return _call(data, at, call)
        case Kind.INTERACTION_ADDED if data.get("channel") == "talk" and data.get("disposition"):
            return [_wrapped_up(data, at)]
        case Kind.CALLBACK_REQUESTED:
            return [_callback(Event.CALLBACK_REQUESTED, data, at, str(data.get("requests") or 1))]
        case Kind.CALLBACK_CHANGED if data.get("state") == "broken":
            return [_callback(Event.CALLBACK_BROKEN, data, at, "broken")]
        case Kind.PROMISE_CHANGED if data.get("state") == "broken":
            return [_promise(data, at)]
        case Kind.MESSAGE_RECEIVED:
            return [_message(data, at)]
    return []


def needs_call(kind: str) -> bool:
    """Whether `happening_of` wants to know what the call's log says."""
    return kind == Kind.CALL_ENDED


def _call(data: Mapping[str, Any], at: datetime, facts: CallFacts) -> list[Happening]:
    outbound = data.get("direction") == "outbound"
    number = str(data.get("dialled" if outbound else "caller") or "")
    ended = Happening(
        event=Event.CALL_ENDED,
        key=f"call:{data['id']}",
        at=at,
        number=number,
        language=data.get("language"),
        campaign=str(data.get("campaign") or ""),
        queue=facts.queue,
        talked=facts.talked,
        call_id=str(data["id"]),
        debt=data.get("debt"),
        values={"number": number, "queue": facts.queue, "agent": facts.agent},
    )
    unserved = facts.left in UNSERVED and facts.waited_seconds >= SHORTEST_WAIT_SECONDS
    if outbound or facts.talked or not unserved or data.get("outcome") in ("voicemail", "transferred"):
        return [ended]
    return [ended, replace(ended, event=Event.CALL_MISSED)]


def _wrapped_up(data: Mapping[str, Any], at: datetime) -> Happening:
    queue = str((data.get("data") or {}).get("queue") or "")
    disposition, agent = str(data["disposition"]), str(data.get("agent") or "")
    return Happening(
        event=Event.CALL_ENDED,
        key=f"call:{data['subject_id']}:{agent}:{disposition}",
        at=at,
        contact_id=data.get("contact_id"),
        point=_point(data.get("point")),
        language=data.get("language"),
        campaign=str(data.get("campaign") or ""),
        queue=queue,
        disposition=disposition,
        talked=bool(data.get("duration_seconds")),
        call_id=data.get("subject_id"),
        values={
            "number": (_point(data.get("point")) or ("", ""))[1],
            "queue": queue,
            "agent": agent,
            "disposition": disposition,
        },
    )


def _callback(event: Event, data: Mapping[str, Any], at: datetime, what: str) -> Happening:
    point = _point(data.get("point"))
    window = {name: _moment(data.get(name)) for name in ("window_from", "window_to")}
    return Happening(
        event=event,
        key=f"callback:{data['id']}:{what}",
        at=at,
        contact_id=data.get("contact_id"),
        point=point,
        language=data.get("language"),
        campaign=str(data.get("campaign") or ""),
        queue=str(data.get("queue") or ""),
        topic=str(data.get("topic") or ""),
        call_id=data.get("call_id"),
        values={"number": (point or ("", ""))[1], "topic": str(data.get("topic") or ""), **window},
    )


def _promise(data: Mapping[str, Any], at: datetime) -> Happening:
    due = max((str(one["due"]) for one in data.get("instalments") or ()), default="")
    return Happening(
        event=Event.PROMISE_BROKEN,
        key=f"promise:{data['id']}:broken",
        at=at,
        contact_id=data.get("contact_id"),
        campaign=str(data.get("campaign") or ""),
        call_id=data.get("call_id"),
        debt=data.get("debt"),
        values={"amount": _amount(data), "currency": data.get("currency"), "due": due},
    )


def _message(data: Mapping[str, Any], at: datetime) -> Happening:
    point = _point(data.get("point"))
    return Happening(
        event=Event.MESSAGE_RECEIVED,
        key=f"message:{data['id']}",
        at=at,
        contact_id=data.get("contact_id"),
        point=point,
        language=data.get("language"),
        campaign=str(data.get("campaign") or ""),
        text=str(data.get("text") or ""),
        channel=Channel(data["channel"]),
        automatic=bool(data.get("automatic")) or data.get("code") in ANSWERED_BY_ITSELF,
        taken_back=data.get("code") == OPT_IN and not data.get("automatic"),
        message_id=str(data["id"]),
        values={"number": (point or ("", ""))[1]},
    )


def _amount(data: Mapping[str, Any]) -> str:
    return written_amount(int(data["amount"]), str(data["currency"]))


def _point(value: Any) -> tuple[str, str] | None:
    return None if value is None else (str(value["kind"]), str(value["value"]))


def _moment(value: Any) -> datetime | None:
    return None if value is None else datetime.fromisoformat(str(value))
