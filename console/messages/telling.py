"""How messages are shown: the shapes of their states, what became of them, what they took."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from compliance.decision import Verdict
from compliance.facts import Channel
from console.display import contact_name
from console.gate_telling import gate_told
from console.words import Words
from engine.registers.contacts import Contacts
from engine.registers.decisions import LoggedDecision
from engine.registers.messages import LEFT, Message
from engine.registers.refusals import Missing
from messaging.parts import Encoding, NotText, Parts, TooLong, parts_of
from messaging.states import MessageState

_S = MessageState
# A state's colour and icon.
SHAPES: Mapping[MessageState, tuple[str, str]] = {
    _S.QUEUED: ("tag-calm", "hourglass"),
    _S.SENDING: ("tag-note", "send"),
    _S.ACCEPTED: ("tag-note", "corner-down-left"),
    _S.IN_DOUBT: ("tag-warn", "circle-help"),
    _S.DELIVERED: ("tag-good", "check"),
    _S.READ: ("tag-good", "check"),
    _S.CHECKED: ("tag-good", "shield-check"),
    _S.FAILED: ("tag-bad", "triangle-alert"),
    _S.EXPIRED: ("tag-bad", "clock"),
    _S.REFUSED: ("tag-warn", "ban"),
    _S.STOPPED: ("tag-calm", "x"),
}
ICONS: Mapping[Channel, str] = {
    Channel.SMS: "message-square",
    Channel.EMAIL: "mail",
    Channel.PUSH: "bell",
    Channel.MESSENGER: "smartphone",
}


def why_told(why: str, code: str, words: Words) -> str:
    """Of a state. What the gate said is in the reader's language, what a provider said is as it was."""
    return words("msg_left_because", None, why=why) if code == LEFT else gate_told(why, words)


def is_left(message: Message) -> bool:
    return message.state is _S.IN_DOUBT and message.code == LEFT


async def names_of_contacts(ids: Iterable[str | None], contacts: Contacts, words: Words) -> dict[str, str]:
    """Of those that are there."""
    names: dict[str, str] = {}
    for contact_id in dict.fromkeys(one for one in ids if one):
        try:
            names[contact_id] = contact_name(await contacts.get(contact_id), words)
        except Missing:
            continue
    return names


# --- parts of an SMS --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PartsTold:
    """`note`: why it takes so many; `wrong`: why it cannot be sent at all. `units`: septets, or UTF-16."""

    count: int
    encoding: str
    units: int
    note: str
    wrong: str


def parts_told(text: str, words: Words) -> PartsTold:
    try:
        parts = parts_of(text)
    except TooLong as long:
        return _told(long.parts, words, words("msg_too_long", None, parts=long.parts.count))
    except NotText:
        return PartsTold(0, "", 0, "", words("msg_not_text"))
    return _told(parts, words, "")


def _told(parts: Parts, words: Words, wrong: str) -> PartsTold:
    note = ""
    if (forced := parts.forced_by) is not None:
        letter = forced.letter if forced.letter.isprintable() else f"U+{ord(forced.letter):04X}"
        note = words("msg_forced", None, letter=letter, position=forced.position)
    encoding = "GSM 7-bit" if parts.encoding is Encoding.GSM7 else "UCS-2"
    return PartsTold(parts.count, encoding, parts.units, note, wrong)


# --- why the gate let it go -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class GateAnswer:
    at: datetime
    allowed: bool
    because: str
    rules: tuple[str, ...]
    packs: tuple[str, ...]
    next_at: datetime | None


def gate_answer(logged: LoggedDecision, words: Words) -> GateAnswer:
    """`rules`: those that were asked and had to do with it, the refusing one last."""
    decision = logged.decision
    asked = [one for one in decision.checked if one.verdict in (Verdict.PASS, Verdict.REFUSE)]
    because = gate_told(decision.reason, words) or words("because_rules", count=len(asked))
    return GateAnswer(
        logged.at,
        decision.allowed,
        because,
        tuple(one.rule for one in sorted(asked, key=lambda one: one.verdict is Verdict.REFUSE)),
        logged.packs,
        decision.next_allowed_at,
    )
