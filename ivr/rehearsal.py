"""Rehearsal: a scripted caller led through a flow in virtual time, without telephone, voice or recogniser.

The caller speaks when they are listened to, and presses keys at once. What a recogniser would do is done by
comparing texts, so a rehearsal says nothing about how well real speech is understood.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from calls.events import CallEventKind
from ivr.commands import Command, HangUp, Listen, Note, Record, Say, StopListening, StopSaying, Text, Transfer
from ivr.dialogue import Dialogue
from ivr.events import CallerGone, Event, Finished, Heard, KeyPressed, SpeechBegan, Spoken, TimePassed
from ivr.flow import Flow
from wording.phrases import normalised

# Ordinary speech; how long a prompt takes decides only when it can be interrupted.
CHARACTERS_PER_SECOND = 15.0
SOUND_SECONDS = 2.0
UTTERANCE_SECONDS = 1.0
KEY_SECONDS = 0.2
MESSAGE_SECONDS = 10.0
CONVERSATION_SECONDS = 60.0
# A caller who waits longer than this for their turn gives up; so does a rehearsal.
PATIENCE_SECONDS = 600.0
START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Dials:
    """Presses keys, one after another, at once."""

    keys: str


@dataclass(frozen=True, slots=True)
class Says:
    """Says something as soon as somebody listens. `language`: of those listened for, the one it is in."""

    text: str
    language: str | None = None
    confidence: float = 1.0
    margin: float = 1.0


@dataclass(frozen=True, slots=True)
class Waits:
    """Does nothing. `None`: until the prompt has ended."""

    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Hears:
    """Waits until a prompt with `text` in it begins, or fails. What was said since the last act counts."""

    text: str


@dataclass(frozen=True, slots=True)
class Gets:
    """Waits until work of this verb (voicemail, transfer) is begun, or fails."""

    verb: str


@dataclass(frozen=True, slots=True)
class HangsUp:
    """The caller hangs up now."""


@dataclass(frozen=True, slots=True)
class Ends:
    """Waits for the end, or fails. `reason` is that of the hangup."""

    reason: str = "normal"


Act = Dials | Says | Waits | Hears | Gets | HangsUp | Ends


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the transcript. `who`: "we", "caller" or "call"; `at` in seconds from the start."""

    at: float
    who: str
    text: str


@dataclass(slots=True)
class Rehearsed:
    """What came of it. `failures` name what was expected and did not come; `notes` are the event log."""

    lines: list[Line] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    ended: str | None = None  # the reason of the hangup, or "caller"
    seconds: float = 0.0

    @property
    def notes(self) -> list[Note]:
        return [command for command in self.commands if isinstance(command, Note)]

    @property
    def path(self) -> tuple[str, ...]:
        """The steps entered, in order."""
        return tuple(str(note.data["step"]) for note in self.notes if note.kind is CallEventKind.STEP_ENTERED)

    @property
    def transcript(self) -> str:
        return "\n".join(f"{line.at:7.1f}  {line.who:6}  {line.text}" for line in self.lines)


class Rehearsal:
    """One call. `given`: step -> how its work ends, one outcome or one for each time; else "next"."""

    def __init__(
        self,
        flow: Flow,
        *,
        facts: Mapping[str, object] | None = None,
        given: Mapping[str, str | Sequence[str]] | None = None,
        start: datetime = START,
    ) -> None:
        self.dialogue = Dialogue(flow, facts=facts)
        self.result = Rehearsed()
        self._given = {
            step: [outcome] if isinstance(outcome, str) else list(outcome)
            for step, outcome in (given or {}).items()
        }
        self._start = self._now = start
        self._spoken: tuple[datetime, Spoken] | None = None
        self._work: tuple[datetime, Finished] | None = None
        self._ears: Listen | None = None
        self._begun: set[str] = set()  # verbs of work begun since the last act
        self._said: list[str] = []  # since the last act
        self._perform(self.dialogue.start(start))

    def play(self, acts: Sequence[Act]) -> Rehearsed:
        """Let the caller act, then tell how it stands. Stops at the first act that fails."""
        for act in acts:
            failed = self._act(act)
            if failed:
                self.result.failures.append(failed)
                break
        self.result.seconds = self._at(self._now)
        return self.result

    def tell(self, event: Event) -> None:
        """One event now, whatever it is."""
        self._perform(self.dialogue.handle(event, self._now))

    def advance(self, seconds: float) -> None:
        """Let time pass, and what is due in it happen."""
        self._until(lambda: False, seconds)

    # --- the caller ---------------------------------------------------------------------------------------

    def _act(self, act: Act) -> str:
        """Do it; returns what went wrong."""
        match act:
            case Hears(text):
                wanted = text.casefold()
                if not self._until(lambda: any(wanted in said.casefold() for said in self._said)):
                    return f"the caller should have heard {text!r}, but {self._instead()}"
                return ""
            case Gets(verb):
                found = self._until(lambda: verb in self._begun)
                self._begun.discard(verb)
                return "" if found else f"{verb} should have begun, but {self._instead()}"
            case Ends(reason):
                self._until(lambda: False)
                if self.result.ended == reason:
                    return ""
                return f"the call should have ended ({reason}), but {self._instead()}"
            case Waits(seconds):
                if seconds is None:
                    self._until(lambda: self._spoken is None)
                else:
                    self.advance(seconds)
                return ""
        self._said.clear()
        self._begun.clear()
        match act:
            case Dials(keys):
                for key in keys:
                    self._tell_line("caller", f"[{key}]")
                    self.tell(KeyPressed(key))
                    self.advance(KEY_SECONDS)
            case Says():
                if not self._until(lambda: self._ears is not None):
                    return f"nobody listened to {act.text!r}: {self._instead()}"
                assert self._ears is not None
                ears = self._ears
                self._tell_line("caller", act.text)
                self.tell(SpeechBegan())
                self.advance(UTTERANCE_SECONDS + ears.silence_seconds)
                self.tell(_recognised(act, ears, self.dialogue.language))
            case HangsUp():
                self._tell_line("caller", "(hangs up)")
                self.result.ended = self.result.ended or "caller"
                self.tell(CallerGone())
        return ""

    def _instead(self) -> str:
        if self.result.ended is not None:
            return f"the call ended ({self.result.ended})"
        return f"step {self.dialogue.step!r} said {' '.join(self._said) or 'nothing'!r}"

    # --- time ---------------------------------------------------------------------------------------------

    def _until(self, done: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> bool:
        """Let time pass until `done`, or for `seconds`; whether it was done."""
        limit = self._now + timedelta(seconds=seconds)
        while not done():
            if self.dialogue.ended:
                return False
            due = self._next_due()
            if due is None or due > limit:
                self._now = limit
                return done()
            self._now = max(due, self._now)
            self._happen()
        return True

    def _next_due(self) -> datetime | None:
        due = self.dialogue.next_deadline()
        if self._spoken is not None and (due is None or self._spoken[0] <= due):
            due = self._spoken[0]
        if self._work is not None and (due is None or self._work[0] <= due):
            due = self._work[0]
        return due

    def _happen(self) -> None:
        """The one thing that is due now."""
        if self._spoken is not None and self._spoken[0] <= self._now:
            event: Event = self._spoken[1]
            self._spoken = None
        elif self._work is not None and self._work[0] <= self._now:
            event, self._work = self._work[1], None
        else:
            event = TimePassed()
        self.tell(event)

    # --- the performer ------------------------------------------------------------------------------------

    def _perform(self, commands: Sequence[Command]) -> None:
        self.result.commands += commands
        for command in commands:
            match command:
                case Note():  # most are
                    pass
                case Say(say_id, parts):
                    seconds = 0.0
                    for part in parts:
                        words = part.text if isinstance(part, Text) else f"[{part.name}]"
                        self._said.append(words)
                        self._tell_line("we", words)
                        seconds += (
                            len(words) / CHARACTERS_PER_SECOND if isinstance(part, Text) else SOUND_SECONDS
                        )
                    self._spoken = (self._now + timedelta(seconds=seconds), Spoken(say_id))
                case StopSaying():
                    self._spoken = None
                case Listen():
                    self._ears = command
                case StopListening():
                    self._ears = None
                case Record(work_id, box):
                    self._begin("voicemail", f"(records for {box})", work_id, MESSAGE_SECONDS)
                case Transfer(work_id, number):
                    self._begin("transfer", f"(transfers to {number})", work_id, CONVERSATION_SECONDS)
                case HangUp(reason):
                    self._tell_line("call", f"(ends: {reason})")
                    self.result.ended = reason

    def _begin(self, verb: str, line: str, work_id: int, seconds: float) -> None:
        self._tell_line("call", line)
        self._begun.add(verb)
        outcomes = self._given.get(self.dialogue.step, [])
        outcome = outcomes.pop(0) if len(outcomes) > 1 else (outcomes or ["next"])[0]
        self._work = (self._now + timedelta(seconds=seconds), Finished(work_id, outcome))

    def _tell_line(self, who: str, text: str) -> None:
        self.result.lines.append(Line(self._at(self._now), who, text))

    def _at(self, now: datetime) -> float:
        return (now - self._start).total_seconds()


@lru_cache(maxsize=256)
def _by_form(phrases: tuple[str, ...]) -> dict[str, str]:
    return {normalised(phrase): phrase for phrase in phrases}


def _recognised(said: Says, ears: Listen, language: str | None) -> Heard:
    """What a recogniser that makes no mistakes would report."""
    wanted = normalised(said.text)
    for heard_in in [said.language] if said.language else ears.phrases:
        phrases = _by_form(ears.phrases.get(heard_in, ()))
        known = wanted in phrases or (ears.sequence and all(word in phrases for word in wanted.split()))
        if wanted and (ears.free or known):
            text = phrases.get(wanted, wanted)
            return Heard(text, heard_in, said.confidence, said.margin, UTTERANCE_SECONDS)
    return Heard("", said.language or language or next(iter(ears.phrases), ""), 0.0, 0.0, UTTERANCE_SECONDS)
