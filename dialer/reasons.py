"""Why a lead is where it is, and is not called now: a code with its data, and its sentence in one place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from enum import StrEnum

from history.forms import time_form


class ReasonCode(StrEnum):
    # It may be called.
    IN_TURN = "in_turn"
    CALLBACK_DUE = "callback_due"
    PROMISE_BROKEN = "promise_broken"
    # It is being called.
    RESERVED = "reserved"
    ON_THE_LINE = "on_the_line"
    # It waits for a time.
    RETRY = "retry"
    GATE = "gate"
    CALLBACK = "callback"
    DAY_CAP = "day_cap"
    GAP = "gap"
    BEST_TIME = "best_time"
    REDIAL_LOCK = "redial_lock"
    INTERRUPTED = "interrupted"
    NETWORK_TROUBLE = "network_trouble"
    NEVER_DIALLED = "never_dialled"
    AGENT_AWAY = "agent_away"
    PERSON_BUSY = "person_busy"
    SKIPPED = "skipped"
    PROMISE = "promise"
    # It waits for its campaign.
    CAMPAIGN = "campaign"
    OUTSIDE_HOURS = "outside_hours"
    TRUNK_TROUBLE = "trunk_trouble"
    NO_LINE = "no_line"
    NO_AGENT = "no_agent"
    # It is over.
    DISPOSITION = "disposition"
    LED_THROUGH = "led_through"
    LEAD_CAP = "lead_cap"
    NO_NUMBER = "no_number"
    OUTCOME_FINAL = "outcome_final"
    CALLBACK_OVER = "callback_over"
    GOAL = "goal"
    PAID = "paid"
    WITHDRAWN = "withdrawn"
    # It is not to be called any more.
    GATE_FOREVER = "gate_forever"
    STOP_CONTACT = "stop_contact"
    DISPUTED = "disputed"
    REMOVED = "removed"
    ERASED = "erased"
    MERGED = "merged"


@dataclass(frozen=True, slots=True)
class Reason:
    """`data` is JSON-able: names, numbers, and times as RFC 3339; what a sentence shows is in it."""

    code: ReasonCode
    data: Mapping[str, object] = field(default_factory=dict)


IN_TURN = Reason(ReasonCode.IN_TURN)

_SENTENCES: Mapping[ReasonCode, str] = {
    ReasonCode.IN_TURN: "It is called in its turn.",
    ReasonCode.CALLBACK_DUE: "A callback is due: it goes first.",
    ReasonCode.PROMISE_BROKEN: "The promise to pay by {due} was broken: it goes before others.",
    ReasonCode.RESERVED: "It has been taken to be called now.",
    ReasonCode.ON_THE_LINE: "There is a call with this person.",
    ReasonCode.RETRY: "The last call ended as {result}; the next try is due {until}.",
    ReasonCode.GATE: "Rule {rule} forbids it now: {reason}; it may be called from {until} on.",
    ReasonCode.CALLBACK: "The person is to be called back from {until} on.",
    ReasonCode.DAY_CAP: "It was called {calls} today, the most that is set; it goes on {until}.",
    ReasonCode.GAP: "Calls to one person are kept {minutes} minutes apart; the next is due {until}.",
    ReasonCode.BEST_TIME: "Nobody answered at this time of day; it is tried at another one, {until}.",
    ReasonCode.REDIAL_LOCK: "The last call found no agent; the number is left in peace until {until}.",
    ReasonCode.INTERRUPTED: "The hotline broke down under the last call, which may have been answered; it is "
    "left in peace until {until}.",
    ReasonCode.NETWORK_TROUBLE: "The network failed ({result}), which is no try; it is called again {until}.",
    ReasonCode.NEVER_DIALLED: "It was taken but never dialled; it is in its turn again.",
    ReasonCode.AGENT_AWAY: "It waits for {agent}, to whom the callback was promised, until {until}.",
    ReasonCode.PERSON_BUSY: "There is another call with this person; it is looked at again {until}.",
    ReasonCode.SKIPPED: "{agent} skipped it: {why}; it is in turn again {until}.",
    ReasonCode.PROMISE: "The person has promised to pay by {due}; it waits until {until}.",
    ReasonCode.CAMPAIGN: "The campaign is {state}.",
    ReasonCode.OUTSIDE_HOURS: "The campaign's hours begin {until}.",
    ReasonCode.TRUNK_TROUBLE: "The trunk {trunk} fails; dialling is tried again {until}.",
    ReasonCode.NO_LINE: "All lines of the campaign are in use.",
    ReasonCode.NO_AGENT: "No agent of the campaign is there.",
    ReasonCode.DISPOSITION: "The agent closed it as {disposition}.",
    ReasonCode.LED_THROUGH: "The call was answered and led to its end.",
    ReasonCode.LEAD_CAP: "It was called {calls}, the most that is set.",
    ReasonCode.NO_NUMBER: "It has no number left that may be called: {numbers}.",
    ReasonCode.OUTCOME_FINAL: "It ended as {result} {times}; that is not tried again.",
    ReasonCode.CALLBACK_OVER: "No callback is asked for any more.",
    ReasonCode.GOAL: "The campaign reached its goal.",
    ReasonCode.PAID: "The debt is paid.",
    ReasonCode.WITHDRAWN: "The creditor has taken the debt back.",
    ReasonCode.GATE_FOREVER: "Rule {rule} forbids it: {reason}.",
    ReasonCode.STOP_CONTACT: "The person asked not to be called.",
    ReasonCode.DISPUTED: "The person disputes the debt.",
    ReasonCode.REMOVED: "{who} took it from the campaign: {why}.",
    ReasonCode.ERASED: "The person was erased.",
    ReasonCode.MERGED: "It is the same person as lead {lead}.",
}


def waits(code: ReasonCode, until: datetime, **data: object) -> Reason:
    """A reason that passes at `until`."""
    return Reason(code, {**data, "until": time_form(until)})


def until_of(reason: Reason) -> datetime | None:
    written = reason.data.get("until")
    return datetime.fromisoformat(written) if isinstance(written, str) else None


_COUNTS = frozenset({"calls", "times"})


def sentence(reason: Reason, zone: tzinfo = UTC) -> str:
    """In English, with times of `zone`. What the data does not tell is shown as "?"."""
    until = until_of(reason)
    data = {key: times(value) if key in _COUNTS else value for key, value in reason.data.items()}
    if until is not None:
        data["until"] = f"{until.astimezone(zone):%Y-%m-%d %H:%M} {zone}"
    return _SENTENCES[reason.code].format_map(_Known(data))


def times(count: object) -> str:
    """ "once", "3 times"."""
    return "once" if count == 1 else f"{count} times"


class _Known(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "?"
