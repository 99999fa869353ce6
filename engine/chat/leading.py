"""A flow in writing: what the Dialogue commands becomes lines, buttons and errands of a chat."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from calls.events import CallEventKind
from calls.numbers import parse_number
from engine.changes import Change
from engine.chat.means import ChatMeans
from engine.chat.notes import ChatNotes
from engine.chat.sentences import CALL_US, WRITE_IT
from engine.errands import Errands
from engine.ports import Profiles
from history.interaction import ContactPoint, PointKind
from ivr import events as told
from ivr.asked import Asked
from ivr.commands import (
    Command,
    Enqueue,
    Errand,
    HangUp,
    LeaveQueue,
    Listen,
    Note,
    Record,
    Say,
    Sound,
    StopListening,
    Transfer,
)
from ivr.dialogue import Dialogue
from ivr.typed_answers import answer_events
from messaging.chat import Button
from wording.templates import HIDDEN

# A caller is silent for five seconds; who reads, thinks and types takes so many times as long, and this at
# the least.
SLOWER = 20
LEAST_SILENCE_SECONDS = 180.0
# Of the steps walked, for the history.
MOST_STEPS = 300


class ProvedProfiles:
    """Implements Profiles. A browser is whoever sits at it, and joins whatever number is typed into it: what
    is known of a person is told to who has proved their number."""

    def __init__(self, profiles: Profiles) -> None:
        self._profiles = profiles

    async def attribute(self, point: ContactPoint, name: str) -> object:
        proved = point.kind is PointKind.PHONE
        return await self._profiles.attribute(point, name) if proved else None

    async def wrong_answers(self, point: ContactPoint, since: datetime) -> int:
        return await self._profiles.wrong_answers(point, since)


class Led(Protocol):
    """Whom the flow leads: a chat in progress."""

    def flow_says(self, text: str) -> None: ...

    def enqueue(self, command: Enqueue) -> None: ...

    def leave_queue(self) -> None: ...

    def flow_ended(self) -> None: ...

    def keep(self, changes: Sequence[Change]) -> None: ...


@dataclass(slots=True)
class Walked:
    """What is remembered of the way beside the Dialogue. `message`: what was left as one, in `box`."""

    path: list[str] = field(default_factory=list)
    heard: bool = False
    message: str | None = None
    box: str | None = None


class Leading:
    """One chat's Dialogue. Used by the chat alone, which sees to it that nothing happens within another.

    `errands_tell` hands a Finished to the chat, which hands it back here in its turn.
    """

    def __init__(
        self,
        chat: Led,
        dialogue: Dialogue,
        notes: ChatNotes,
        means: ChatMeans,
        *,
        language: str | None,
        tell: Callable[[told.Event], None],
        walked: Walked | None = None,
    ) -> None:
        self._chat = chat
        self._means = means
        self._notes = notes
        self._language = language
        self._ears: Listen | None = None
        self._dialogue = dialogue
        self._taking: Record | None = None
        self._answered_secret = False  # and nothing was asked since
        self._due: tuple[datetime | None, datetime | None] = (None, None)  # the Dialogue's, and ours
        self.walked = walked or Walked()
        desk = replace(means.desk, profiles=ProvedProfiles(means.desk.profiles))
        self.errands = Errands(notes.id, desk=desk, call_log=notes, tell=tell)
        self._spoken = 0
        self._sounds: frozenset[str] = frozenset()

    # --- what the chat asks ---------------------------------------------------------------------------------

    @property
    def ended(self) -> bool:
        return self._dialogue.ended

    @property
    def working(self) -> int | None:
        return self._dialogue.working

    @property
    def language(self) -> str | None:
        return self._dialogue.language or self._language

    @property
    def buttons(self) -> tuple[Button, ...]:
        """That may be pressed now."""
        asked = self._asked()
        return () if asked is None else tuple(Button(one.value, one.label) for one in asked.options)

    @property
    def understands(self) -> bool:
        """Whether words are an answer now."""
        return self._taking is not None or self._asked() is not None

    @property
    def secret(self) -> bool:
        """Whether what is written now is kept nowhere: an answer, or another while that is compared."""
        asked = self._asked()
        if asked is None:
            return self._answered_secret and self._taking is None
        return asked.secret

    def state(self) -> dict[str, object]:
        return self._dialogue.state()

    def due(self, now: datetime) -> datetime | None:
        """When time is to pass for the Dialogue: later than a caller's where the visitor is asked."""
        deadline = None if self._dialogue.ended else self._dialogue.next_deadline()
        if deadline != self._due[0]:
            due = deadline
            if deadline is not None and self.understands and self._dialogue.working is None:
                due = now + _slower(deadline - now)
            elif deadline is not None and self._taking is not None:
                due = now + max(timedelta(seconds=LEAST_SILENCE_SECONDS), deadline - now)
            self._due = (deadline, due)
        return self._due[1]

    # --- what happens ---------------------------------------------------------------------------------------

    def start(self) -> None:
        self._perform(self._dialogue.start(self._means.clock.now()))

    def handle(self, event: told.Event) -> None:
        if isinstance(event, told.Finished) and event.work_id != self._dialogue.working:
            return
        self._perform(self._dialogue.handle(event, self._means.clock.now()))
        self.errands.drop(self._dialogue.working)

    def answer(self, text: str) -> None:
        """Words, or the value of a button."""
        if self._taking is not None:
            self._take_message(text)
            return
        asked = self._asked()
        if asked is None:
            return
        self.walked.heard, self._answered_secret = True, asked.secret
        languages = [one for one in (self._language, *(self._ears.phrases if self._ears else ())) if one]
        if self._dialogue.language is not None:
            languages = [self._dialogue.language]
        step, said = self._dialogue.step, self._spoken
        for event in answer_events(text, asked, self._ears, tuple(dict.fromkeys(languages))):
            if (self._dialogue.step, self._spoken) != (step, said):
                break  # keys too many belong to no other question: each is answered by itself
            self.handle(event)
        asked = self._asked()
        if asked is not None and asked.begun:  # what is written is written whole
            self.handle(told.KeyPressed("#"))

    def time_passed(self) -> None:
        if self._taking is not None:
            taking, self._taking = self._taking, None
            self.handle(told.Finished(taking.work_id, "empty"))
        else:
            self.handle(told.TimePassed())

    def gone(self) -> None:
        """The visitor leaves for good; the flow's last steps are noted, and nothing is done in them."""
        if not self._dialogue.ended:
            for command in self._dialogue.handle(told.CallerGone(), self._means.clock.now()):
                if isinstance(command, Note):
                    self._noted(command)

    # --- inside ---------------------------------------------------------------------------------------------

    def _asked(self) -> Asked | None:
        return None if self._taking is not None else self._dialogue.asked(self._language)

    def _take_message(self, text: str) -> None:
        taking, self._taking = self._taking, None
        assert taking is not None
        self.walked.heard = True
        if taking.box is not None:
            self.walked.message, self.walked.box = text, taking.box
        self.handle(told.Finished(taking.work_id, "next", {"recording": text, "seconds": 0}))

    def _perform(self, commands: Sequence[Command]) -> None:
        """What is said is read at once, so that the Dialogue goes on behind it."""
        batches = deque([commands])
        while batches:
            spoken: told.Event | None = None
            sounds: frozenset[str] = frozenset()
            said: list[str] = []
            for command in batches.popleft():
                if isinstance(command, Note) and command.kind is CallEventKind.SAID:
                    said.append(_words(str(command.data["text"]), self._sounds))
                    continue
                self._flush(said)
                match command:
                    case Say(say_id=say_id, parts=parts):
                        spoken = told.Spoken(say_id)
                        sounds = frozenset(f"[{part.name}]" for part in parts if isinstance(part, Sound))
                        self._sounds = sounds
                        self._spoken = say_id
                    case _:
                        self._do(command)
            self._flush(said)
            if spoken is not None:
                batches.append(self._dialogue.handle(spoken, self._means.clock.now()))

    def _flush(self, said: list[str]) -> None:
        """One line, in however many languages it is."""
        if text := "\n".join(filter(None, said)):
            self._chat.flow_says(text)
        said.clear()

    def _do(self, command: Command) -> None:
        match command:
            case Note():
                self._noted(command)
            case Listen():
                self._ears = command
            case StopListening():
                self._ears = None
            case Record():
                self._taking = command
                self._chat.flow_says(self._sentence(WRITE_IT))
            case Transfer(work_id=work_id, number=number):
                self._no_transfer(number)
                self._finish(told.Finished(work_id, "failed"))
            case Enqueue():
                self._answered_secret = False
                self._chat.enqueue(command)
            case LeaveQueue():
                self._chat.leave_queue()
            case HangUp():
                self._chat.flow_ended()
            case _ if isinstance(command, Errand):
                self.errands.begin(command)
            case _:
                pass  # silence is nothing in writing

    def _finish(self, finished: told.Finished) -> None:
        self._perform(self._dialogue.handle(finished, self._means.clock.now()))

    def _no_transfer(self, number: str) -> None:
        """Who reads can call by themselves; an internal number is none for them."""
        if (shown := parse_number(number, self._means.region).e164) is not None:
            self._chat.flow_says(self._sentence(CALL_US).format(number=shown))

    def _sentence(self, words: Mapping[str, str]) -> str:
        return words.get(self.language or "") or words["en"]

    def _noted(self, note: Note) -> None:
        match note.kind:
            case CallEventKind.STEP_ENTERED if len(self.walked.path) < MOST_STEPS:
                self.walked.path.append(str(note.data["step"]))
            case CallEventKind.TROUBLE | CallEventKind.RATED:
                self._chat.keep(self._notes.event(note.kind, note.data))
            case _:
                pass  # its lines tell the rest


def _slower(wait: timedelta) -> timedelta:
    return max(timedelta(seconds=LEAST_SILENCE_SECONDS), SLOWER * wait)


def _words(text: str, sounds: frozenset[str]) -> str:
    """Without the names of sounds, which are nothing to read."""
    for sound in sounds:
        text = text.replace(sound, " ")
    return " ".join(text.split(" ")).strip()


def hidden(text: str, *, secret: bool) -> str:
    return HIDDEN if secret else text


def remembered(leading: Leading | None, more: Mapping[str, Any]) -> dict[str, object]:
    """All that another engine needs to go on."""
    if leading is None:
        return dict(more)
    walked = leading.walked
    return {
        **more,
        "dialogue": leading.state(),
        "path": list(walked.path),
        "heard": walked.heard,
        "message": walked.message,
        "box": walked.box,
    }


def recalled(state: Mapping[str, Any]) -> Walked:
    return replace(
        Walked(),
        path=[str(step) for step in state.get("path", ())],
        heard=bool(state.get("heard")),
        message=state.get("message"),
        box=state.get("box"),
    )
