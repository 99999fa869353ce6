"""Talk: one conversation as its steps see it: what is known, what is said and heard, where to go next."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from calls.events import CallEventKind
from ivr.commands import (
    Command,
    HangUp,
    Listen,
    Note,
    Say,
    Sound,
    StopListening,
    StopSaying,
    Text,
    Work,
)
from ivr.flow import Flow, Step
from ivr.surroundings import Surroundings
from ivr.written_sentences import as_written
from wording.filters import CURRENCY, REGION
from wording.templates import HIDDEN, Template

if TYPE_CHECKING:
    from ivr.activity import Activity

# Of a text that was cut off so soon by a hang-up or a failure, nobody heard a word.
SHORTEST_HEARD_SECONDS = 0.3
# No prompt is longer; a performer that has not reported the end by then has lost it.
LONGEST_SAYING_SECONDS = 300.0
LONGEST_SAYING = timedelta(seconds=LONGEST_SAYING_SECONDS)
NO_NAMES: Set[str] = frozenset()
# A flow has fewer texts; more would be texts made anew for each call.
MOST_KEPT = 10_000
# More keys than anyone presses ahead on purpose are noise.
MOST_KEYS_AHEAD = 40
# A # this soon after an answer that was complete without it belongs to that answer.
STRAY_HASH_SECONDS = 2.0
# The way back is remembered this far.
MOST_VISITED = 50
# Trouble again, with nothing done by the caller in between, means that the way out is broken too.
MOST_TROUBLES = 2
# Of why a branch went where it went, as the log has it.
LONGEST_REASON = 200

Wording = Mapping[str, Template]
"""language -> what to say in it."""


@dataclass(frozen=True, slots=True)
class Filled:
    """A text with `values` that no other text knows. `secret`: they are hidden in the log."""

    text: Wording
    values: Mapping[str, object]
    secret: bool = False


@dataclass(slots=True)  # one for every prompt, and no other file sees it: not frozen, it is made faster
class _Saying:
    say_id: int
    began: datetime
    interrupt: bool
    logged: tuple[tuple[str, str], ...]  # (language, words)


class Talk:
    """State and acts of one conversation. Every act appends to `commands`; the Dialogue hands them out."""

    def __init__(self, flow: Flow, facts: Mapping[str, object], surroundings: Surroundings) -> None:
        self.flow = flow
        self.surroundings = surroundings
        self.language: str | None = None
        self.variables: dict[str, object] = {}
        self.secrets: dict[str, str] = {}  # secret variable -> the step that asks for it
        self.scope: dict[str, object] = {
            CURRENCY: surroundings.currency,
            REGION: surroundings.region,
            "caller": "",
            "dialled": "",
            **facts,
            "language": flow.languages[0],
        }
        self.languages = flow.languages  # those that are spoken now
        self.step: Step | None = None
        self.activity: Activity | None = None
        self.visited: list[str] = []  # the caller's turns, for going back
        self.typed: list[str] = []  # keys pressed ahead
        self.wrong_answers: dict[str, int] = {}  # of who the caller is: step -> how many in this call
        self.counters: tuple[int, int, int] | None = None  # of the field that a restored talk resumes in
        self.saying: _Saying | None = None
        self.ears: Listen | None = None
        self.working: int | None = None
        self.deadline: datetime | None = None
        self.going: str | None = None
        self._because: dict[str, str] | None = None
        self.ways: list[tuple[str, str]] = []  # (step, way out of it) taken, for a rehearsal's coverage
        self.again = False
        self.giving_up = False
        self.gone = False
        self.ended = False
        self.steps_since_turn = 0
        self.troubles = 0
        self.say_id = 0
        self.work_id = 0
        self.commands: list[Command] = []
        self.now: datetime
        self._stray_hash_until: datetime | None = None

    # --- saying and listening -----------------------------------------------------------------------------

    @property
    def interruptible(self) -> bool:
        """Whether something is being said that the caller may interrupt."""
        return self.saying is not None and self.saying.interrupt

    def say(self, texts: Sequence[Wording | Sound | Filled], *, interrupt: bool) -> None:
        """Say the texts, in every language while none is chosen.

        Raises wording.expressions.Unset when a text needs a value that is not set.
        """
        if self.surroundings.written:
            texts = [_as_written(text) for text in texts]
        kept = self.flow.kept
        key = self._key(texts)
        if (found := kept.get(key)) is not None:
            self._say(found[1], found[2], interrupt)
            return
        parts: list[Text | Sound] = []
        logged: list[tuple[str, str]] = []
        static = True
        for language in self.languages:
            words = []
            for text in texts:
                if isinstance(text, Sound):
                    parts.append(Sound(text.name, language))
                    words.append(f"[{text.name}]")
                    static = False
                    continue
                scope: Mapping[str, object] = self.scope
                own: Set[str] = NO_NAMES
                secret: Set[str] = self.secrets.keys()
                if isinstance(text, Filled):
                    own = text.values.keys()
                    scope = {**scope, **text.values}
                    # A value of its own hides a secret variable of the same name.
                    secret = secret | text.values.keys() if text.secret else secret - text.values.keys()
                    text = text.text
                template = text[language]
                lasting = template.static
                static = static and (lasting or template.names <= own)
                said = template.render(scope, language)
                parts.append(Text(said, language, not lasting))
                hidden = secret and template.names & secret
                words.append(template.masked(scope, language, secret) if hidden else said)
            logged.append((language, " ".join(words)))
        if static and key is not None and len(kept) < MOST_KEPT:
            # With the texts themselves, so that no other object can come to have their ids.
            wordings = tuple(text.text if isinstance(text, Filled) else text for text in texts)
            kept[key] = (wordings, tuple(parts), tuple(logged))
        self._say(tuple(parts), tuple(logged), interrupt)

    def _key(self, texts: Sequence[Wording | Sound | Filled]) -> tuple[object, ...] | None:
        """What texts are the same by in every call; None when that is not worth keeping."""
        key: list[object] = [self.languages]
        for text in texts:
            if not isinstance(text, Filled):
                key.append(id(text))
                continue
            if text.secret or any(type(value) is not int for value in text.values.values()):
                return None
            place = self.surroundings
            key += (id(text.text), *text.values.items(), place.currency, place.region)
        return tuple(key)

    def _say(
        self, parts: tuple[Text | Sound, ...], logged: tuple[tuple[str, str], ...], interrupt: bool
    ) -> None:
        self.say_id += 1
        self.saying = _Saying(self.say_id, self.now, interrupt, logged)
        self.commands.append(Say(self.say_id, parts, interrupt))
        self.deadline = self.now + LONGEST_SAYING

    def said(self, *, interrupted: bool) -> None:
        """What was being said is over: note it, one note for each language it was said in."""
        saying, self.saying, self.deadline = self.saying, None, None
        if saying is None:
            return
        seconds = round((self.now - saying.began).total_seconds(), 3)
        for language, words in saying.logged:
            self.note(
                CallEventKind.SAID,
                {"text": words, "language": language, "interrupted": interrupted, "seconds": seconds},
            )

    def said_in_part(self) -> None:
        """It was cut off, by a hang-up or a failure: what had only just begun was said to nobody."""
        saying = self.saying
        if saying is not None and (self.now - saying.began).total_seconds() < SHORTEST_HEARD_SECONDS:
            self.saying = self.deadline = None
        self.said(interrupted=True)

    def stop_saying(self) -> None:
        if self.saying is not None:
            self.commands.append(StopSaying())
            self.said(interrupted=True)

    def listen(self, ears: Listen) -> None:
        if self.ears is not ears:
            self.ears = ears
            self.commands.append(ears)

    def stop_listening(self) -> None:
        if self.ears is not None:
            self.ears = None
            self.commands.append(StopListening())

    def keep_key(self, key: str) -> bool:
        """Keep a key that was pressed ahead for the step that will ask. False when it means nothing."""
        if self.stray_hash(key):
            return False
        if len(self.typed) < MOST_KEYS_AHEAD:
            self.typed.append(key)
        return True

    def forget_keys(self) -> None:
        self.typed.clear()

    def answered_early(self) -> None:
        """An answer was complete without #; one that comes now means nothing more."""
        if self.typed and self.typed[0] == "#":
            del self.typed[0]
        else:
            self._stray_hash_until = self.now + timedelta(seconds=STRAY_HASH_SECONDS)

    def stray_hash(self, key: str) -> bool:
        until, self._stray_hash_until = self._stray_hash_until, None
        return key == "#" and until is not None and self.now <= until

    # --- knowing ------------------------------------------------------------------------------------------

    @property
    def local(self) -> datetime:
        """Now, as the company's clocks show it."""
        return self.now.astimezone(self.surroundings.zone)

    def set(self, name: str, value: object, secret_of: str | None = None) -> bool:
        """Give a variable its value; `secret_of`: the step that asked for it in secret.

        False when `language` was to become one that the flow does not have: that is trouble.
        """
        if name == "language":
            if value not in self.flow.languages:
                self.trouble("unknown language", str(value))
                return False
            self.choose_language(str(value))
            return True
        self.variables[name] = self.scope[name] = value
        if secret_of is None:
            self.secrets.pop(name, None)
            self.note(CallEventKind.VALUE_SET, {"name": name, "value": value})
        else:
            self.secrets[name] = secret_of
            self.note(CallEventKind.VALUE_SET, {"name": name})
        return True

    def choose_language(self, language: str) -> None:
        if language != self.language:
            self.language = self.scope["language"] = language
            self.languages = (language,)
            self.note(CallEventKind.LANGUAGE_CHOSEN, {"language": language})

    def note(self, kind: CallEventKind, data: Mapping[str, object]) -> None:
        self.commands.append(Note(kind, data))

    # --- going on -----------------------------------------------------------------------------------------

    def finish(self, outcome: str) -> None:
        """The step is over: go where its outcome leads."""
        assert self.step is not None
        target = self.step.outcomes.get(outcome)
        if target is None:
            self.trouble(
                "unknown outcome", f"{self.step.verb} ended with {outcome!r}, which it does not have"
            )
        elif outcome in self.step.left_out and self._troubled_too_often():
            self.ways.append((self.step.name, outcome))
        else:
            self.go(target, outcome)

    def go(self, target: str, way: str) -> None:
        """To another step, by an outcome or one of the step's own ways ("choice 1", "case 2")."""
        assert self.step is not None
        self.ways.append((self.step.name, way))
        self.going = target

    def decide(self, because: str, otherwise: str | None = None) -> None:
        """Have the log say why the talk goes where it goes now; `otherwise`: where it would have gone."""
        self._because = {"because": because[:LONGEST_REASON]}
        if otherwise is not None and otherwise != self.going:
            self._because["otherwise"] = otherwise

    def take_because(self) -> Mapping[str, str] | None:
        because, self._because = self._because, None
        return because

    def caller_acted(self) -> None:
        self.steps_since_turn = 0
        self.troubles = 0

    def answered_wrong(self) -> int:
        """Who they are: how often, counted over the whole call, so that nobody tries without end."""
        assert self.step is not None
        times = self.wrong_answers[self.step.name] = self.wrong_answers.get(self.step.name, 0) + 1
        return times

    def go_back(self) -> None:
        """To the caller's turn before this one; to this one again when there is none."""
        assert self.step is not None
        here = self.visited.pop() if self.visited else self.step.name
        self.going = self.visited.pop() if self.visited else here

    def begin_again(self) -> None:
        """The same step from its beginning, without entering it anew."""
        self.again = True

    def work(self, begin: Callable[[int], Work]) -> None:
        self.work_id += 1
        self.working = self.work_id
        self.commands.append(begin(self.work_id))

    def work_over(self, outcome: str) -> None:
        """Nothing is waited for any more. The note lets a later engine count the work that was done."""
        assert self.step is not None
        self.working = self.deadline = None
        data = {"step": self.step.name, "verb": self.step.verb, "outcome": outcome}
        self.note(CallEventKind.WORK_DONE, data)

    def trouble(self, what: str, detail: str) -> None:
        """Something went wrong that the caller cannot help: a person is to take over."""
        self.note(CallEventKind.TROUBLE, {"what": what, "detail": detail})
        self.typed.clear()
        self.steps_since_turn = 0
        self.again = False
        if self.gone:
            self.end()
        elif not self._troubled_too_often():
            self.going = self.flow.always.trouble

    def _troubled_too_often(self) -> bool:
        """Once more on the way to `always.trouble`; when that does not help either, the call is given up."""
        self.troubles += 1
        if self.troubles > MOST_TROUBLES:
            self.going, self.giving_up = None, True
        return self.giving_up

    def hang_up(self, reason: str) -> None:
        if not self.gone:
            self.commands.append(HangUp(reason))
        self.end()

    def end(self) -> None:
        self.ended = True
        self.going = self.activity = self.saying = self.ears = self.working = self.deadline = None

    def shown(self, template: Template, language: str) -> str:
        """A text for a log or a variable's note: secret values hidden."""
        if self.secrets and template.names & self.secrets.keys():
            return HIDDEN
        return template.render(self.scope, language)


def _as_written(text: Wording | Sound | Filled) -> Wording | Sound | Filled:
    if isinstance(text, Sound):
        return text
    if isinstance(text, Filled):
        return replace(text, text=as_written(text.text))
    return as_written(text)
