"""Dialogue: leads one caller through a flow. Told events and the time, it answers with commands.

It reads no clock and does nothing by itself: `next_deadline()` says when it wants to be told TimePassed.
A live call, a rehearsal and a chat run this same class.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from calls.events import CallEvent, CallEventKind
from ivr.activity import Apologising, GivingUp, QueueNews
from ivr.asked import Asked
from ivr.commands import Command, Note, Record
from ivr.events import (
    AgentAnswered,
    AgentLost,
    CallerGone,
    Event,
    Finished,
    GivenToQueue,
    Heard,
    KeyPressed,
    QueueMoved,
    Resumed,
    SpeechBegan,
    Spoken,
    TimePassed,
)
from ivr.flow import Flow
from ivr.recall import StateRejected, recalled, remembered, state_of_log
from ivr.steps.record import RecordStep
from ivr.steps.voicemail import Voicemail
from ivr.surroundings import NOWHERE, Surroundings
from ivr.talk import MOST_VISITED, Talk
from ivr.turns.turn import Turn
from wording.expressions import Unset

__all__ = ["Dialogue", "StateRejected"]

# No hotline has a reason to do more than this between two things that the caller does.
MOST_STEPS_WITHOUT_TURN = 100
KEYS = frozenset("0123456789*#")


class Dialogue:
    """One conversation. `facts` are what is known of the call: `caller` and `dialled`.

    `language` and `variables` are set as it starts: what is known of a person whom we call.
    """

    def __init__(
        self,
        flow: Flow,
        *,
        facts: Mapping[str, object] | None = None,
        surroundings: Surroundings = NOWHERE,
        language: str | None = None,
        variables: Mapping[str, object] | None = None,
    ) -> None:
        self._talk = Talk(flow, facts or {}, surroundings)
        self._started = False
        self._language = language
        self._variables = variables or {}

    @classmethod
    def restore(
        cls,
        flow: Flow,
        state: Mapping[str, object],
        *,
        facts: Mapping[str, object] | None = None,
        surroundings: Surroundings = NOWHERE,
    ) -> Dialogue:
        """A conversation as `state()` told it. Raises StateRejected.

        Tell it Resumed, or, when the work of before is still being done, its Finished.
        """
        dialogue = cls(flow, facts=facts, surroundings=surroundings)
        recalled(dialogue._talk, state)
        dialogue._started = dialogue._talk.step is not None
        return dialogue

    @classmethod
    def resumed(
        cls,
        flow: Flow,
        events: Iterable[CallEvent],
        *,
        facts: Mapping[str, object] | None = None,
        surroundings: Surroundings = NOWHERE,
    ) -> Dialogue:
        """A conversation as the call's event log tells it. Raises StateRejected. Then as after `restore`."""
        state, told = state_of_log(flow, events)
        return cls.restore(flow, state, facts={**told, **(facts or {})}, surroundings=surroundings)

    # --- what the performer calls -------------------------------------------------------------------------

    def start(self, now: datetime) -> tuple[Command, ...]:
        """Begin; once, before anything else."""
        if self._started:
            raise RuntimeError("this dialogue has already been started")
        self._talk.now = now
        self._begin_flow()
        return self._settled()

    def _begin_flow(self) -> None:
        talk = self._talk
        self._started = True
        talk.note(CallEventKind.FLOW_STARTED, {"flow": talk.flow.name, "version": talk.flow.version})
        if len(talk.flow.languages) == 1:
            talk.choose_language(talk.flow.languages[0])
        elif self._language is not None:
            talk.set("language", self._language)
        for name, value in self._variables.items():
            talk.set(name, value)
        talk.going = talk.flow.start

    def handle(self, event: Event, now: datetime) -> tuple[Command, ...]:
        """What to do about `event`. Nothing after the end, nor about what no longer matters."""
        talk = self._talk
        if talk.ended:
            return ()
        talk.now = now
        try:
            _TOLD[type(event)](self, event)
        except Unset as unset:
            self._unset(unset)
        return self._settled()

    def next_deadline(self) -> datetime | None:
        return self._talk.deadline

    @property
    def ended(self) -> bool:
        return self._talk.ended

    @property
    def step(self) -> str:
        """The step it is in; empty before the start."""
        return "" if self._talk.step is None else self._talk.step.name

    @property
    def ways(self) -> Sequence[tuple[str, str]]:
        """(step, way out of it) taken so far: outcomes, and "choice 1", "case 2", "agent"."""
        return self._talk.ways

    @property
    def known(self) -> Mapping[str, object]:
        """What a text may say now: facts and variables, secret ones too."""
        return self._talk.scope

    @property
    def language(self) -> str | None:
        """The language chosen, if any."""
        return self._talk.language

    @property
    def working(self) -> int | None:
        """The id of the work that it waits for."""
        return self._talk.working

    def asked(self, language: str | None = None) -> Asked | None:
        """What the person may answer now; `language`: theirs, while the flow knows none."""
        talk = self._talk
        if talk.activity is None or talk.ended:
            return None
        return talk.activity.asked(tuple(dict.fromkeys((*([language] if language else ()), *talk.languages))))

    @property
    def recording(self) -> Record | None:
        """The message that it waits for, once its prompt was said."""
        step, work_id = self._talk.step, self._talk.working
        if work_id is None or step is None or not isinstance(step.body, Voicemail | RecordStep):
            return None
        return step.body.record(work_id)

    def state(self) -> dict[str, object]:
        """All that `restore` needs, as a JSON object. Secret values are not in it."""
        return remembered(self._talk)

    # --- inside -------------------------------------------------------------------------------------------

    def _spoken(self, event: Spoken) -> None:
        talk = self._talk
        if talk.activity is None or talk.saying is None or talk.saying.say_id != event.say_id:
            return
        if event.complete:
            talk.said(interrupted=False)
        else:
            talk.said_in_part()
        talk.activity.spoken()

    def _finished(self, event: Finished) -> None:
        talk = self._talk
        if event.work_id != talk.working or talk.step is None:
            return
        talk.work_over(event.outcome)
        if event.outcome in talk.step.body.turns:
            talk.caller_acted()
        talk.step.body.finished(talk, talk.step, event)

    def _key_pressed(self, event: KeyPressed) -> None:
        if self._talk.activity is not None and event.key in KEYS:
            self._talk.activity.key(event.key)

    def _speech_began(self, event: SpeechBegan) -> None:
        if self._talk.activity is not None:
            self._talk.activity.speech_began()

    def _heard(self, event: Heard) -> None:
        if self._talk.activity is not None:
            self._talk.activity.heard(event)

    def _queue_told(self, event: QueueNews) -> None:
        if self._talk.activity is not None and event.work_id == self._talk.working:
            self._talk.activity.queue_told(event)

    def _time_passed(self, event: TimePassed) -> None:
        talk = self._talk
        if talk.deadline is None or talk.now < talk.deadline or talk.activity is None:
            return
        if talk.saying is not None:
            talk.note(
                CallEventKind.TROUBLE,
                {"what": "saying", "detail": "the end of a prompt was never reported; going on"},
            )
            talk.stop_saying()
            talk.activity.spoken()
        else:
            talk.deadline = None
            talk.activity.time_passed()

    def _caller_gone(self, event: CallerGone) -> None:
        talk = self._talk
        talk.said_in_part()
        talk.gone = True
        talk.activity = talk.ears = talk.working = talk.deadline = None
        talk.steps_since_turn = 0
        if talk.flow.always.gone is None or not self._started:
            talk.end()
        else:
            talk.going = talk.flow.always.gone

    def _resume(self, event: Resumed) -> None:
        talk = self._talk
        if not self._started:
            self._begin_flow()
            return
        assert talk.step is not None
        talk.said(interrupted=True)
        if isinstance(talk.activity, Turn):
            talk.counters = talk.activity.counters
        if talk.working is not None:
            talk.work_id = talk.working - 1  # begun anew it is the same work: nothing is done twice
        talk.ears = talk.working = talk.deadline = None
        talk.typed.clear()
        talk.activity = Apologising(talk, talk.step)

    def _settled(self) -> tuple[Command, ...]:
        """Go on until the talk waits for something, and hand out what is to be done."""
        talk = self._talk
        while not talk.ended and (talk.going is not None or talk.again or talk.giving_up):
            if talk.giving_up:
                talk.giving_up = False
                assert talk.step is not None
                talk.activity = GivingUp(talk, talk.step)
                break
            try:
                if talk.again:
                    talk.again = False
                    self._begin()
                else:
                    self._enter()
            except Unset as unset:
                self._unset(unset)
        if talk.gone and not talk.ended:
            talk.end()
        commands = tuple(talk.commands)
        talk.commands.clear()
        return commands

    def _enter(self) -> None:
        talk = self._talk
        assert talk.going is not None
        step, talk.going = talk.flow.steps[talk.going], None
        came_from, because = talk.step, talk.take_because()
        talk.steps_since_turn += 1
        if talk.steps_since_turn > MOST_STEPS_WITHOUT_TURN:
            talk.trouble("runaway", f"{MOST_STEPS_WITHOUT_TURN} steps without a turn of the caller")
            return
        talk.step = step
        talk.counters = None
        del talk.visited[:-MOST_VISITED]
        note = talk.flow.kept.get(step.name)
        if because is not None and came_from is not None:
            data = {"step": step.name, "verb": step.verb, "came_from": came_from.name, **because}
            note = Note(CallEventKind.STEP_ENTERED, data)
        elif note is None:
            note = Note(CallEventKind.STEP_ENTERED, {"step": step.name, "verb": step.verb})
            talk.flow.kept[step.name] = note
        talk.commands.append(note)
        self._begin()

    def _begin(self) -> None:
        talk = self._talk
        assert talk.step is not None
        talk.activity = talk.deadline = None
        activity = talk.step.body.begin(talk, talk.step)
        if not talk.ended:
            talk.activity = activity

    def _unset(self, unset: Unset) -> None:
        """A text that wants a value nobody has set is trouble of the flow, not a fault of the program."""
        self._talk.trouble("unset value", f"step {self.step!r} wants to say {unset}, which has no text")


_TOLD: dict[type[Event], Callable[[Dialogue, Any], None]] = {
    Spoken: Dialogue._spoken,
    KeyPressed: Dialogue._key_pressed,
    SpeechBegan: Dialogue._speech_began,
    Heard: Dialogue._heard,
    TimePassed: Dialogue._time_passed,
    Finished: Dialogue._finished,
    QueueMoved: Dialogue._queue_told,
    AgentAnswered: Dialogue._queue_told,
    AgentLost: Dialogue._queue_told,
    GivenToQueue: Dialogue._queue_told,
    CallerGone: Dialogue._caller_gone,
    Resumed: Dialogue._resume,
}
