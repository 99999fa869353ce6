"""Rehearsal: a scripted caller led through a flow in virtual time, without telephone, voice or recogniser.

The caller speaks when they are listened to, and presses keys at once. What a recogniser would do is done by
comparing texts, so a rehearsal says nothing about how well real speech is understood.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from calls.events import CallEventKind
from ivr.commands import (
    Command,
    HangUp,
    LeaveQueue,
    Listen,
    Note,
    Say,
    Sound,
    StopListening,
    StopSaying,
    Text,
    Work,
)
from ivr.dialogue import Dialogue
from ivr.events import CallerGone, Event, Finished, KeyPressed, SpeechBegan, Spoken, TimePassed
from ivr.flow import Flow
from ivr.rehearsal.hearing import UTTERANCE_SECONDS, recognised
from ivr.rehearsal.outside import OUTCOMES, Outside, differing, shown
from ivr.rehearsal.result import Rehearsed
from ivr.rehearsal.script import (
    HANG_UP,
    Act,
    Answer,
    Dials,
    Ends,
    Gets,
    Given,
    HangsUp,
    Hears,
    Is,
    Reaches,
    Says,
    Waits,
)
from ivr.surroundings import NOWHERE, Opening, Surroundings
from wording.expressions import as_text

__all__ = [
    "Act",
    "Dials",
    "Ends",
    "Gets",
    "Given",
    "HangsUp",
    "Hears",
    "Is",
    "Reaches",
    "Rehearsal",
    "Rehearsed",
    "Says",
    "Waits",
]

# Ordinary speech; how long a prompt takes decides only when it can be interrupted.
CHARACTERS_PER_SECOND = 15.0
SOUND_SECONDS = 2.0
KEY_SECONDS = 0.2
# A caller who waits longer than this for their turn gives up; so does a rehearsal.
PATIENCE_SECONDS = 3600.0
START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)

# Prompts whose length is remembered.
MOST_PLAYED = 4096

_PATIENCE = timedelta(seconds=PATIENCE_SECONDS)
_KEY = timedelta(seconds=KEY_SECONDS)
_PLAIN_GIVEN = Given()


class Rehearsal:
    """One call. `given` may also be step -> outcome, or a list of them for each time; else "next".

    `start` is aware UTC; a time that is given goes before it. `outside` answers instead of what is given.
    """

    def __init__(
        self,
        flow: Flow,
        *,
        facts: Mapping[str, object] | None = None,
        given: Given | Mapping[str, str | Sequence[str]] | None = None,
        surroundings: Surroundings = NOWHERE,
        start: datetime = START,
        outside: Outside | None = None,
    ) -> None:
        given = given if isinstance(given, Given) else _given(given or {})
        if given.at is not None:
            start = given.at.replace(tzinfo=surroundings.zone).astimezone(UTC)
        if given.hours is not None:
            surroundings = replace(surroundings, opening=_opening(given.hours))
        self.dialogue = Dialogue(flow, facts={**given.facts, **(facts or {})}, surroundings=surroundings)
        self.result = Rehearsed(start)
        self._flow = flow
        self._outside = outside or Outside(given)
        self._now = start
        self._spoken: int | None = None  # what is being said, by its id
        self._due_spoken = start
        self._told: list[tuple[datetime, int, Event]] = []  # of work: (due, work id, event), soonest first
        self._ears: Listen | None = None
        self._step = ""
        self._begun: list[tuple[str, object]] = []  # (verb, command) begun since the last act
        self._said: list[str] = []  # since the last act
        self._entered: list[str] = []  # since the last act
        self._perform(self.dialogue.start(start))

    def play(self, acts: Sequence[Act]) -> Rehearsed:
        """Let the caller act, then tell how it stands. Stops at the first act that fails."""
        for index, act in enumerate(acts):
            failed = _ACTS[type(act)](self, act)
            if failed:
                self.result.failures.append(failed)
                self.result.failed_act = index
                break
        return self.so_far()

    def so_far(self) -> Rehearsed:
        """How it stands."""
        self.result.seconds = (self._now - self.result.began).total_seconds()
        self.result.ways = self.dialogue.ways
        return self.result

    def tell(self, event: Event) -> None:
        """One event now, whatever it is."""
        self._perform(self.dialogue.handle(event, self._now))

    def advance(self, seconds: float) -> None:
        """Let time pass, and what is due in it happen."""
        self._pass(timedelta(seconds=seconds))

    @property
    def said(self) -> Sequence[str]:
        """What was said since the caller last acted."""
        return self._said

    # --- the caller: each act returns what went wrong -----------------------------------------------------

    def _dials(self, act: Dials) -> str:
        self._forget()
        for key in act.keys:
            self._line("caller", f"[{key}]")
            self.tell(KeyPressed(key))
            self._pass(_KEY)
        return ""

    def _says(self, act: Says) -> str:
        self._forget()
        if not self._until(lambda: self._ears is not None):
            return f"nobody listened to {act.text!r}: {self._instead()}"
        assert self._ears is not None
        ears = self._ears
        self._line("caller", act.text)
        self.tell(SpeechBegan())
        self.advance(UTTERANCE_SECONDS + ears.silence_seconds)
        self.tell(recognised(act, ears, self.dialogue.language))
        return ""

    def _waits(self, act: Waits) -> str:
        if act.seconds is None:
            self._until(lambda: self._spoken is None)
        else:
            self.advance(act.seconds)
        return ""

    def _hears(self, act: Hears) -> str:
        wanted = act.text.casefold()
        if self._until(lambda: any(wanted in said.casefold() for said in self._said)):
            return ""
        return f"the caller should have heard {act.text!r}, but {self._instead()}"

    def _gets(self, act: Gets) -> str:
        if self._until(lambda: self._got(act)):
            return ""
        others = [command for begun, command in self._begun if begun == act.verb]
        if others:
            return f"{act.verb} began otherwise: {differing(act.verb, others[-1], act.details)}"
        return f"{act.verb} should have begun, but {self._instead()}"

    def _got(self, act: Gets) -> bool:
        for index, (verb, command) in enumerate(self._begun):
            if verb == act.verb and not differing(verb, command, act.details):
                del self._begun[index]
                return True
        return False

    def _reaches(self, act: Reaches) -> str:
        if self._until(lambda: act.step in self._entered):
            return ""
        return f"step {act.step!r} should have been reached, but {self._instead()}"

    def _is(self, act: Is) -> str:
        self._until(lambda: not self._otherwise(act))
        return self._otherwise(act)

    def _otherwise(self, act: Is) -> str:
        language = self.dialogue.language or self._flow.languages[0]
        for source, expression, wanted in act.values:
            value = expression.value(self.dialogue.known, language)
            found = "" if value is None else as_text(value)
            if found != wanted:
                instead = "not set" if value is None else repr(found)
                return f"{source} should be {wanted!r}, but it is {instead}"
        return ""

    def _hangs_up(self, act: HangsUp) -> str:
        self._forget()
        self._line("caller", "(hangs up)")
        self.result.ended = self.result.ended or "caller"
        self._spoken = self._ears = None
        self._told.clear()
        self.tell(CallerGone())
        return ""

    def _ends(self, act: Ends) -> str:
        self._pass(_PATIENCE)
        ended = self.result.ended
        if ended == act.reason or (act.reason == HANG_UP and ended not in (None, "caller")):
            return ""
        return f"the call should have ended ({act.reason}), but {self._instead()}"

    def _forget(self) -> None:
        self._said.clear()
        self._begun.clear()
        self._entered.clear()

    def _instead(self) -> str:
        if self.result.ended is not None:
            return f"the call ended ({self.result.ended})"
        return f"step {self.dialogue.step!r} said {' '.join(self._said) or 'nothing'!r}"

    # --- time ---------------------------------------------------------------------------------------------

    def _until(self, done: Callable[[], bool]) -> bool:
        """Let time pass until `done`; whether it was done while the caller was patient."""
        return done() or self._pass(_PATIENCE, done)

    def _pass(self, duration: timedelta, done: Callable[[], bool] | None = None) -> bool:
        """Let what is due in this time happen, until `done`. Time stops when the dialogue ends."""
        dialogue = self.dialogue
        limit = self._now + duration
        while not dialogue.ended:
            due = dialogue.next_deadline()
            event: Event | None = None
            if self._told and (due is None or self._told[0][0] <= due):
                due, _, event = self._told[0]
            if self._spoken is not None and (due is None or self._due_spoken <= due):
                due, event = self._due_spoken, Spoken(self._spoken)
            if due is None or due > limit:
                self._now = limit
                return False
            if due > self._now:
                self._now = due
            if event is None:
                event = TimePassed()
            elif type(event) is Spoken:
                self._spoken = None
            else:
                del self._told[0]
                if type(event) is Finished and event.outcome != "next":
                    self._line("call", f"(outcome: {event.outcome})")
            self._perform(dialogue.handle(event, self._now))
            if done is not None and done():
                return True
        return False

    # --- the performer ------------------------------------------------------------------------------------

    def _perform(self, commands: Sequence[Command]) -> None:
        self.result.commands += commands
        for command in commands:
            if type(command) is not Note:
                _PERFORM[type(command)](self, command)
            elif command.kind is CallEventKind.STEP_ENTERED:
                self._step = step = str(command.data["step"])
                self._entered.append(step)
                self.result.path.append(step)
            elif command.kind is CallEventKind.TROUBLE:
                trouble = f"{command.data['what']}: {command.data['detail']}"
                self.result.troubles.append(trouble)
                self._line("call", f"(trouble: {trouble})")

    def _say(self, say: Say) -> None:
        words, duration, languages = _spoken(say.parts)
        self._said += words
        self.result.happened.append((self._now, "we", words))
        self.result.said_in.add((self._step, languages))
        self._due_spoken = self._now + duration
        self._spoken = say.say_id

    def _stop_saying(self, command: StopSaying) -> None:
        self._spoken = None

    def _listen(self, command: Listen) -> None:
        self._ears = command

    def _stop_listening(self, command: StopListening) -> None:
        self._ears = None

    def _hang_up(self, command: HangUp) -> None:
        self._line("call", f"(ends: {command.reason})")
        self.result.ended = command.reason

    def _leave_queue(self, command: LeaveQueue) -> None:
        self._line("call", "(leaves the queue)")
        self._told = [told for told in self._told if told[1] != command.work_id]

    def _work(self, command: Work) -> None:
        self._line("call", shown(command))
        self._begun.append((self._flow.steps[self._step].verb, command))
        for seconds, event in self._outside.answer(self._step, command):
            self._told.append((self._now + timedelta(seconds=seconds), command.work_id, event))
        self._told.sort(key=_due)

    def _line(self, who: str, text: str) -> None:
        self.result.happened.append((self._now, who, text))


_PERFORM: dict[type, Callable[[Rehearsal, Any], None]] = {
    Say: Rehearsal._say,
    StopSaying: Rehearsal._stop_saying,
    Listen: Rehearsal._listen,
    StopListening: Rehearsal._stop_listening,
    HangUp: Rehearsal._hang_up,
    LeaveQueue: Rehearsal._leave_queue,
    **dict.fromkeys(OUTCOMES, Rehearsal._work),
}

_ACTS: dict[type, Callable[[Rehearsal, Any], str]] = {
    Dials: Rehearsal._dials,
    Says: Rehearsal._says,
    Waits: Rehearsal._waits,
    Hears: Rehearsal._hears,
    Gets: Rehearsal._gets,
    Reaches: Rehearsal._reaches,
    Is: Rehearsal._is,
    HangsUp: Rehearsal._hangs_up,
    Ends: Rehearsal._ends,
}


_Parts = tuple[Text | Sound, ...]
_Played = tuple[tuple[str, ...], timedelta, tuple[str, ...]]
_played: dict[int, tuple[_Parts, _Played]] = {}


def _spoken(parts: _Parts) -> _Played:
    """The words, how long it takes to say them, the languages.

    Parts without values are the same object in every call.
    """
    found = _played.get(id(parts))
    if found is not None and found[0] is parts:
        return found[1]
    words = tuple(part.text if isinstance(part, Text) else f"[{part.name}]" for part in parts)
    signs = sum(len(part.text) for part in parts if isinstance(part, Text))
    sounds = sum(isinstance(part, Sound) for part in parts)
    seconds = signs / CHARACTERS_PER_SECOND + sounds * SOUND_SECONDS
    languages = tuple(dict.fromkeys(part.language for part in parts))
    played = (words, timedelta(seconds=seconds), languages)
    if len(_played) >= MOST_PLAYED:
        _played.clear()
    _played[id(parts)] = (parts, played)
    return played


def _due(told: tuple[datetime, int, Event]) -> datetime:
    return told[0]


def _given(outcomes: Mapping[str, str | Sequence[str]]) -> Given:
    if not outcomes:
        return _PLAIN_GIVEN
    return Given(
        {
            step: tuple(Answer(outcome) for outcome in ([one] if isinstance(one, str) else one))
            for step, one in outcomes.items()
        }
    )


def _opening(hours: Mapping[str, str]) -> Opening:
    return lambda name, now: hours.get(name) or hours.get("", "open")
