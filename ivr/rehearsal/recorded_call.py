"""A test made from the event log of a call: what the caller did and how the world answered, as it was.

A log's times are those of real prompts, so they are not copied. The call is rehearsed instead: before each
act the rehearsal goes on until it stands where the call stood, and the test says how long that took. What the
test expects then has been said and begun by then, so to expect it takes no time.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from calls.events import CallEvent, CallEventKind
from ivr.commands import Say
from ivr.flow import Flow
from ivr.recall import facts_of
from ivr.rehearsal.expected_words import ExpectedWords
from ivr.rehearsal.flow_tests import OPENINGS
from ivr.rehearsal.rehearsal import Rehearsal
from ivr.rehearsal.script import Act, Answer, Dials, Ends, Gets, Given, HangsUp, Hears, Reaches, Says, Waits
from ivr.surroundings import NOWHERE, Surroundings
from ivr.turns.turn import SURE_FROM
from wording.templates import HIDDEN

_INPUTS = (CallEventKind.KEY_PRESSED, CallEventKind.HEARD)
_MILESTONES = (CallEventKind.STEP_ENTERED, CallEventKind.NOT_UNDERSTOOD)
NOT_WORDS = "..."
"""Said where something was heard and nothing understood."""

# A queue that was left before an agent answered: as if none would.
NEVER_ANSWERED_SECONDS = 3000.0
LONGEST_STEP_SECONDS = 3600.0
WAIT_STEP_SECONDS = 0.5
_REPLY_OF = {"webhook": "reply", "contact": "value", "record": "recording"}


class NotRehearsable(ValueError):
    """A call cannot be made into a test; the message says why."""


@dataclass(slots=True)
class RecordedTest:
    """As it is to be written: `given` as JSON, `acts` as (act: value) tables."""

    given: dict[str, Any] = field(default_factory=dict)
    acts: list[dict[str, object]] = field(default_factory=list)


def recorded_test(
    flow: Flow, events: Sequence[CallEvent], surroundings: Surroundings = NOWHERE
) -> RecordedTest:
    """The test. Raises NotRehearsable, also when the rehearsal goes another way than the call did."""
    _check(flow, events)
    written, given = _world(flow, events, surroundings)
    return _Replay(flow, events, surroundings, written, given).play()


def path_of(events: Sequence[CallEvent]) -> list[str]:
    """The steps that a call entered, in order."""
    return [str(event.data["step"]) for event in events if event.kind is CallEventKind.STEP_ENTERED]


def _check(flow: Flow, events: Sequence[CallEvent]) -> None:
    started = [event.data["flow"] for event in events if event.kind is CallEventKind.FLOW_STARTED]
    if not started:
        raise NotRehearsable("The call ran no flow.")
    if started[0] != flow.name:
        raise NotRehearsable(f"The call ran flow {started[0]}, not {flow.name}. Name that one.")
    if any(event.kind is CallEventKind.RESUMED for event in events):
        raise NotRehearsable("The engine was started anew during this call: a rehearsal cannot repeat that.")
    unknown = sorted({step for step in path_of(events) if step not in flow.steps})
    if unknown:
        raise NotRehearsable(
            f"The call went through {', '.join(unknown)}, which flow {flow.name} no longer has."
        )
    secret = dict.fromkeys(_secrets(flow, events))
    if secret:
        raise NotRehearsable(
            f"The call has secret answers, which its log does not tell: {', '.join(secret)}. "
            "Write this test by hand, with values of your own."
        )


def _secrets(flow: Flow, events: Sequence[CallEvent]) -> Iterator[str]:
    step = ""
    for event in events:
        match event.kind:
            case CallEventKind.STEP_ENTERED:
                step = str(event.data["step"])
            case CallEventKind.VALUE_SET if "value" not in event.data:
                yield str(event.data["name"])
            case CallEventKind.HEARD if event.data["text"] == HIDDEN:
                yield f"step {step}"
            case CallEventKind.KEY_PRESSED:
                body = flow.steps[step].body
                if body.verb == "verify" or getattr(body, "secret", False):
                    yield f"step {step}"


def _world(
    flow: Flow, events: Sequence[CallEvent], surroundings: Surroundings
) -> tuple[dict[str, Any], Given]:
    """What was given, as it is written and as it is used."""
    facts: dict[str, object] = {}
    hours: dict[str, str] = {}
    answers: dict[str, list[tuple[Answer, Any]]] = {}
    at = events[0].at.astimezone(surroundings.zone).replace(tzinfo=None, microsecond=0)
    for index, event in enumerate(events):
        data = event.data
        match event.kind:
            case CallEventKind.RECEIVED:
                facts = {key: str(value) for key, value in facts_of(data).items() if value}
                variables = cast(Mapping[str, object], data.get("variables") or {})
                facts |= {name: str(value) for name, value in variables.items() if name in flow.takes}
            case CallEventKind.STEP_ENTERED if (name := str(data["step"])) in flow.steps:
                step = flow.steps[name]
                if step.verb == "hours":
                    state = _opening(step.outcomes, _next_step(events, index))
                    hours[str(getattr(step.body, "hours", ""))] = state
                elif step.verb == "queue" and (told := _queued(events, index)) is not None:
                    answers.setdefault(name, []).append(told)
            case CallEventKind.WORK_DONE if flow.steps[str(data["step"])].verb != "queue":
                name, outcome = str(data["step"]), str(data["outcome"])
                answers.setdefault(name, []).append(_answered(flow, events, index, name, outcome))
    given = Given(
        {name: tuple(answer for answer, _ in here) for name, here in answers.items()},
        hours or None,
        facts=facts,
        at=at,
    )
    written: dict[str, Any] = {**facts, "at": at.isoformat(timespec="minutes")}
    if hours:
        written["hours"] = hours
    for name, given_here in answers.items():
        hows = [how for _, how in given_here]
        if any(how != "next" for how in hows):
            written[name] = hows[0] if len(hows) == 1 else hows
    return written, given


def _answered(
    flow: Flow, events: Sequence[CallEvent], index: int, name: str, outcome: str
) -> tuple[Answer, Any]:
    """How a piece of work ended, with what it put into a variable."""
    body = flow.steps[name].body
    into, key = getattr(body, "into", None), _REPLY_OF.get(body.verb)
    if outcome != "next" or into is None or key is None:
        return Answer(outcome), outcome
    for event in events[index + 1 :]:
        if event.kind is CallEventKind.VALUE_SET and event.data["name"] == into:
            value = event.data.get("value")
            bare = key == "reply" and isinstance(value, Mapping) and "outcome" not in value
            written = dict(value) if bare and isinstance(value, Mapping) else {"outcome": outcome, key: value}
            return Answer(outcome, {key: value}), written
        if event.kind is CallEventKind.STEP_ENTERED:
            break
    return Answer(outcome), outcome


def _queued(events: Sequence[CallEvent], index: int) -> tuple[Answer, Any] | None:
    """How the waiting that begins here ended."""
    entered = events[index].at
    answered: float | None = None
    for event in events[index + 1 :]:
        match event.kind:
            case CallEventKind.AGENT_CONNECTED:
                answered = round((event.at - entered).total_seconds(), 1)
            case CallEventKind.WORK_DONE if event.data["outcome"] in ("timeout", "closed", "full", "nobody"):
                outcome = str(event.data["outcome"])
                return Answer(outcome), outcome
            case CallEventKind.STEP_ENTERED:
                break
    seconds = NEVER_ANSWERED_SECONDS if answered is None else answered
    return Answer("next", answered_seconds=seconds), {"answered": f"{seconds:g}s"}


def _next_step(events: Sequence[CallEvent], index: int) -> str:
    later = (event for event in events[index + 1 :] if event.kind is CallEventKind.STEP_ENTERED)
    return next((str(event.data["step"]) for event in later), "")


def _opening(outcomes: Mapping[str, str], target: str) -> str:
    return next((state for state in OPENINGS if outcomes.get(state) == target), OPENINGS[0])


class _Replay:
    def __init__(
        self,
        flow: Flow,
        events: Sequence[CallEvent],
        surroundings: Surroundings,
        written: dict[str, Any],
        given: Given,
    ) -> None:
        self._flow = flow
        self._events = events
        self._surroundings = surroundings
        self._written = written
        self._given = given
        self._acts: list[tuple[dict[str, object], Act]] = []  # (as it is written, as it is played)
        self._call = Rehearsal(flow, given=given, surroundings=surroundings)
        self._expected = ExpectedWords(flow)
        self._acted = 0  # commands of the rehearsal by the caller's last act
        self._acted_in = ""  # the rehearsal's step then
        self._keyed_at = 0  # milestones of the call by its last key
        self._milestones = 0  # of the call, so far
        self._step = ""
        self._entered: datetime | None = None
        self._met_silence = False
        self._hung_up = _hung_up(flow, events)

    def play(self) -> RecordedTest:
        for index, event in enumerate(self._events):
            match event.kind:
                case CallEventKind.STEP_ENTERED:
                    if index == self._hung_up:
                        self._leave(event)
                    self._milestones += 1
                    self._step, self._entered = str(event.data["step"]), event.at
                case CallEventKind.NOT_UNDERSTOOD:
                    self._milestones += 1
                    self._met_silence |= event.data["why"] == "silent"
                case CallEventKind.SAID:
                    self._expected.said(event)
                case CallEventKind.KEY_PRESSED:
                    self._dials(event)
                case CallEventKind.HEARD:
                    self._until_there(event)
                    self._says(index, event)
                case CallEventKind.ENDED:
                    self._end(event)
        walked = self._call.so_far()
        called = path_of(self._events)
        if walked.path != called:
            first = next(
                (n for n, (one, two) in enumerate(zip(walked.path, called, strict=False)) if one != two),
                min(len(walked.path), len(called)),
            )
            there = called[first] if first < len(called) else "its end"
            here = walked.path[first] if first < len(walked.path) else "its end"
            raise NotRehearsable(
                f"The rehearsal goes another way than the call: step {first + 1} is {here}, not {there}. "
                "The flow has changed since, or the call depended on something that its log does not tell."
            )
        return RecordedTest(self._written, self._passing())

    def _passing(self) -> list[dict[str, object]]:
        """The acts as they are written, without words that are not said when the test is run."""
        path = path_of(self._events)
        acts = self._acts
        while any(isinstance(act, Hears) for _, act in acts):
            run = Rehearsal(self._flow, given=self._given, surroundings=self._surroundings)
            walked = run.play([act for _, act in acts])
            failed = walked.failed_act
            if failed is None and walked.path == path:
                break
            if failed is not None and isinstance(acts[failed][1], Hears):
                acts = acts[:failed] + acts[failed + 1 :]
            else:
                acts = [pair for pair in acts if not isinstance(pair[1], Hears)]
        return [written for written, _ in acts]

    def _dials(self, event: CallEvent) -> None:
        """Keys that answer one question are one act."""
        self._until_there(event)
        key = str(event.data["key"])
        last = self._acts[-1][1] if self._acts else None
        asked = any(isinstance(command, Say) for command in self._call.result.commands[self._acted :])
        if isinstance(last, Dials) and self._keyed_at == self._milestones and not asked:
            self._acts.pop()
            keys = f"{last.keys}{key}"
        else:
            keys = key
        self._keyed_at = self._milestones
        self._acts.append(({"dials": keys}, Dials(keys)))
        self._play(Dials(key))

    def _play(self, act: Act) -> None:
        self._acted, self._acted_in = len(self._call.result.commands), self._call.dialogue.step
        self._call.play([act])

    def _says(self, index: int, event: CallEvent) -> None:
        text, language = str(event.data["text"]), str(event.data["language"])
        confidence = float(str(event.data["confidence"]))
        act: dict[str, object] = {"says": text or NOT_WORDS}
        says = Says(text or NOT_WORDS)
        if text:
            if len(self._flow.languages) > 1 and self._call.dialogue.language is None:
                act["language"] = language
            if confidence < SURE_FROM:
                act["confidence"] = f"{confidence:g}"
            margin = 0.0 if confidence >= SURE_FROM and self._asked_back(index) else 1.0
            if not margin:
                act["margin"] = "0"
            says = Says(text, language, confidence, margin)
        self._acts.append((act, says))
        self._play(says)

    def _asked_back(self, index: int) -> bool:
        """Whether an answer that was heard well enough was read back all the same: two were alike."""
        if self._flow.steps[self._step].verb != "menu":
            return False
        for event in self._events[index + 1 :]:
            if event.kind in _INPUTS:
                return True
            if event.kind in (CallEventKind.UNDERSTOOD, *_MILESTONES, CallEventKind.ENDED):
                return False
        return False

    def _end(self, event: CallEvent) -> None:
        if event.data.get("by") != "flow" and self._call.result.ended is None:
            self._leave(event)
        elif self._hung_up is None:
            self._call.advance(LONGEST_STEP_SECONDS)
            self._expect()
        reason = "caller" if self._call.result.ended == "caller" else "hangup"
        self._acts.append(({"ends": reason}, Ends(reason)))

    def _leave(self, event: CallEvent) -> None:
        self._until_there(event)
        self._acts.append(({"hangs_up": "now"}, HangsUp()))
        self._play(HangsUp())

    def _until_there(self, event: CallEvent) -> None:
        """Let the rehearsal go on until it stands where the call stood when the caller acted."""
        before = self._call.so_far().seconds
        limit = before + LONGEST_STEP_SECONDS
        while self._passed() < self._milestones and not self._call.dialogue.ended:
            if self._call.so_far().seconds > limit:
                break
            self._call.advance(WAIT_STEP_SECONDS)
        if self._step and self._flow.steps[self._step].verb == "queue" and self._entered is not None:
            rest = math.ceil((event.at - self._entered).total_seconds())
            self._call.advance(rest)
            self._met_silence = True
        waited = self._call.so_far().seconds - before
        if self._met_silence and waited > 0:
            self._acts.append(({"waits": f"{waited:g}s"}, Waits(waited)))
        elif waited > 0:
            self._acts.append(({"reaches": self._step}, Reaches(self._step)))
        self._expect(by_key=event.kind is CallEventKind.KEY_PRESSED)
        self._met_silence = False

    def _expect(self, *, by_key: bool = False) -> None:
        """The work that was begun and some of what was said since the caller's last act."""
        commands = self._call.result.commands[self._acted :]
        for act in self._expected.since(self._acted_in, commands, by_key=by_key):
            written = {"gets": act.verb} if isinstance(act, Gets) else {"hears": act.text}
            self._acts.append((dict(written), act))

    def _passed(self) -> int:
        return sum(note.kind in _MILESTONES for note in self._call.result.notes)


def _hung_up(flow: Flow, events: Sequence[CallEvent]) -> int | None:
    """Where the steps begin that were done after the caller had hung up; None when there were none."""
    if not any(event.kind is CallEventKind.ENDED and event.data.get("by") != "flow" for event in events):
        return None
    places = (
        index
        for index, event in enumerate(events)
        if event.kind is CallEventKind.STEP_ENTERED and event.data["step"] == flow.always.gone
    )
    return max(places, default=None)
