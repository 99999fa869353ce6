"""The world outside a rehearsed call: it ends each piece of work as the test says, or as it usually goes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ivr.commands import (
    CheckAnswer,
    DisputeDebt,
    Enqueue,
    Fetch,
    KeepConsent,
    KeepPromise,
    ReadDebt,
    ReadProfile,
    Record,
    RequestCallback,
    SendCode,
    SendMessage,
    StopContact,
    Transfer,
    Work,
    WriteProfile,
)
from ivr.events import AgentAnswered, Event, Finished, QueueMoved
from ivr.rehearsal.script import Answer, Given
from wording.expressions import as_text

MESSAGE_SECONDS = 10.0
CONVERSATION_SECONDS = 60.0
ERRAND_SECONDS = 0.2
AT_ONCE_SECONDS = 0.1

OUTCOMES: dict[type[Work], tuple[str, ...]] = {
    Record: ("next", "empty"),
    Transfer: ("next", "busy", "no_answer", "refused", "failed"),
    Enqueue: ("next", "timeout", "closed", "full", "nobody"),
    Fetch: ("next", "failed"),
    ReadProfile: ("next", "unknown"),
    WriteProfile: ("next", "unknown"),
    SendMessage: ("next", "refused", "failed"),
    RequestCallback: ("next", "declined"),
    KeepConsent: ("next",),
    StopContact: ("next",),
    KeepPromise: ("next", "refused"),
    ReadDebt: ("next", "unknown"),
    DisputeDebt: ("next", "unknown"),
    SendCode: ("next", "failed"),
    CheckAnswer: ("verified", "failed"),
}
"""How each kind of work may end. The first is the usual one."""

WORK_OF: dict[str, tuple[type[Work], ...]] = {
    "transfer": (Transfer,),
    "voicemail": (Record,),
    "record": (Record,),
    "queue": (Enqueue,),
    "webhook": (Fetch,),
    "contact": (ReadProfile, WriteProfile),
    "sms": (SendMessage,),
    "callback": (RequestCallback,),
    "consent": (KeepConsent,),
    "stop_contact": (StopContact,),
    "promise": (KeepPromise,),
    "debt": (ReadDebt,),
    "dispute": (DisputeDebt,),
    "verify": (SendCode, CheckAnswer),
}
"""verb -> the work that it asks for."""

FIELD_OF: dict[str, dict[str, str]] = {
    "transfer": {"to": "number"},
    "queue": {"name": "queue"},
    "webhook": {"get": "path", "post": "path", "put": "path", "delete": "path"},
    "contact": {"get": "attribute", "set": "attribute", "to": "value"},
    "consent": {"to": "purpose"},
}
"""What a test may call a command's field, as it is written in the flow."""

Told = list[tuple[float, Event]]
"""(seconds from now, what is told then)."""

_USUAL = Answer()


class Outside:
    """Of one call. A profile that the flow writes to is remembered."""

    def __init__(self, given: Given) -> None:
        self._code = given.code
        self._verified = False
        self._profile = dict(given.profile)
        self._answers = {step: list(answers) for step, answers in given.answers.items()}

    def answer(self, step: str, command: Any) -> Told:
        """What is told of work that `step` has begun, and when."""
        kind = type(command)
        outcomes = OUTCOMES[kind]
        answer = self._next(step, outcomes)
        outcome = answer.outcome or outcomes[0]
        values = answer.values
        work_id = command.work_id
        if kind is Enqueue:
            return _waiting(command, answer, outcome)
        if kind is Record:
            seconds = MESSAGE_SECONDS if outcome == "next" else float(command.silence_seconds)
            values = values or {"recording": f"rehearsal-{work_id}", "seconds": seconds}
        elif kind is Transfer:
            seconds = CONVERSATION_SECONDS if outcome == "next" else float(command.ring_seconds)
        else:
            seconds = ERRAND_SECONDS
            if answer is _USUAL and (look := _LOOKS.get(kind)) is not None:
                outcome, values = look(self, command)
        if kind is Fetch and outcome == "next" and "reply" not in values:
            values = {"reply": values}
        if kind is ReadDebt:
            outcome, values = (outcome, {"debt": values}) if self._verified and values else ("unknown", {})
        return [(seconds, Finished(work_id, outcome, values))]

    def _next(self, step: str, outcomes: tuple[str, ...]) -> Answer:
        answers = self._answers.get(step)
        if not answers:
            return _USUAL
        if answers[0].outcome is not None and answers[0].outcome not in outcomes:
            return _USUAL  # meant for the step's other work
        return answers.pop(0) if len(answers) > 1 else answers[0]

    def _read(self, command: ReadProfile) -> tuple[str, dict[str, object]]:
        if command.attribute not in self._profile:
            return "unknown", {}
        return "next", {"value": self._profile[command.attribute]}

    def _write(self, command: WriteProfile) -> tuple[str, dict[str, object]]:
        self._profile[command.attribute] = command.value
        return "next", {}

    def _check(self, command: CheckAnswer) -> tuple[str, dict[str, object]]:
        attribute = "debt_reference" if command.debt else command.attribute
        right = self._code if attribute is None else self._profile.get(attribute)
        verified = right is not None and command.answer == str(right)
        self._verified = self._verified or verified
        return ("verified" if verified else "failed"), {}

    def _read_debt(self, command: ReadDebt) -> tuple[str, dict[str, object]]:
        """What the test knows of a debt stands in its answers; nobody who was not verified hears of it."""
        return "unknown", {}


_LOOKS: dict[type[Work], Callable[[Outside, Any], tuple[str, dict[str, object]]]] = {
    ReadProfile: Outside._read,
    WriteProfile: Outside._write,
    CheckAnswer: Outside._check,
    ReadDebt: Outside._read_debt,
}


def _waiting(command: Enqueue, answer: Answer, outcome: str) -> Told:
    work_id = command.work_id
    over = Finished(work_id, outcome, answer.values)
    if outcome in ("closed", "full", "nobody"):
        return [(AT_ONCE_SECONDS, over)]
    moved: tuple[float, Event] = (AT_ONCE_SECONDS, QueueMoved(work_id, answer.position, answer.wait_seconds))
    if outcome == "timeout":
        return [moved, (command.max_wait_seconds, over)]
    answered = answer.answered_seconds
    return [moved, (answered, AgentAnswered(work_id)), (answered + CONVERSATION_SECONDS, over)]


def shown(command: Any) -> str:
    """A line of a transcript about work that begins."""
    match command:
        case Record(box=box):
            return "(records a clip)" if box is None else f"(records for {box})"
        case Transfer(number=number):
            return f"(transfers to {number})"
        case Enqueue(queue=queue):
            return f"(waits in queue {queue})"
        case Fetch(service=service, method=method, path=path):
            return f"(asks {service}: {method.upper()} {path})"
        case ReadProfile(attribute=attribute):
            return f"(looks up {attribute})"
        case WriteProfile(attribute=attribute, value=value):
            return f"(keeps {attribute}: {value})"
        case SendMessage(to=to, text=text, channel=channel):
            return f"(sends {channel} to {to}: {text})"
        case RequestCallback(campaign=campaign, number=number):
            return f"(orders a callback to {number}, campaign {campaign})"
        case KeepConsent(purpose=purpose, given=given, by=by):
            return f"(keeps consent to {purpose}: {'given' if given else 'refused'} by {by})"
        case StopContact(number=number, channels=channels):
            return f"(stops contact with {number}: {', '.join(channels)})"
        case KeepPromise(amount=amount, currency=currency, due=due):
            return f"(keeps a promise: {amount} {currency} by {due})"
        case ReadDebt():
            return "(looks the debt up)"
        case DisputeDebt(note=note):
            return f"(notes that the debt is disputed: {note})"
        case SendCode(to=to, text=text):
            return f"(sends a code to {to}: {text})"
        case _:
            return "(checks the answer)"


def differing(verb: str, command: object, details: Mapping[str, str]) -> str:
    """How the work differs from what was expected of it; empty when it does not."""
    fields = FIELD_OF.get(verb, {})
    for name, wanted in details.items():
        value: object = getattr(command, fields.get(name, name), None)
        found = ", ".join(map(str, value)) if isinstance(value, tuple) else as_text(value)
        same = wanted.casefold() in found.casefold() if name == "text" else wanted == found
        if not same:
            return f"{name} is {found!r}, not {wanted!r}"
    return ""
