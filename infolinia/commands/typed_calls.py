"""`infolinia flow talk`: a conversation with a flow, typed in the terminal, in virtual time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ivr.commands import Enqueue
from ivr.flow import Flow
from ivr.rehearsal.conversation import Conversation
from ivr.rehearsal.outside import OUTCOMES, Outside, Told
from ivr.rehearsal.rehearsal import Act, Dials, Given, HangsUp, Says
from ivr.rehearsal.script import Answer
from ivr.rehearsal.written_values import value_of
from ivr.surroundings import Surroundings
from ivr.typed_answers import KEYS
from wording.yaml_source import SourceRejected, Table, read_yaml

Ask = Callable[[str], str]
"""Shows a question and returns the line that was typed. Raises EOFError."""

Tell = Callable[[str], None]

HELP = "Digits are keys, other lines are speech, an empty line is silence, Ctrl-D hangs up."


class TypedCall(Conversation):
    """One call."""

    def __init__(
        self,
        flow: Flow,
        facts: Mapping[str, object],
        surroundings: Surroundings,
        language: str | None,
        ask: Ask,
        tell: Tell,
    ) -> None:
        self._ask = ask
        self._tell_person = tell
        self._language = language
        self._shown = 0
        super().__init__(flow, facts, surroundings, _AskedOutside(self._show, ask, tell))

    def run(self) -> None:
        """Until one of them hangs up."""
        self._tell_person(HELP)
        while True:
            self.until_asked()
            self._show()
            if self.dialogue.ended:
                break
            try:
                line = self._ask("> ").strip()
            except EOFError:
                self._tell_person("")
                self._type(HangsUp())
                break
            if not line:
                self.silence()
            elif KEYS.fullmatch(line):
                self._type(Dials(line))
            else:
                # Until the flow has chosen one, words may be of any language.
                self._type(Says(line, self._language if self.dialogue.language is None else None))
        self._show()
        self.close()

    def _type(self, act: Act) -> None:
        for failure in self.do(act):
            self._tell_person(f"({failure})")

    def _show(self) -> None:
        lines = self.result.lines
        for line in lines[self._shown :]:
            if line.who != "caller":
                self._tell_person(f"{line.at:7.1f}  {line.text}")
        self._shown = len(lines)


class _AskedOutside(Outside):
    """Asks how work ends: an outcome, a table of values, or an empty line for the usual."""

    def __init__(self, show: Callable[[], None], ask: Ask, tell: Tell) -> None:
        super().__init__(Given())
        self._show = show
        self._ask = ask
        self._tell_person = tell

    def answer(self, step: str, command: Any) -> Told:
        self._show()
        outcomes = OUTCOMES[type(command)]
        answer = Answer(outcomes[0])
        while len(outcomes) > 1 or isinstance(command, Enqueue):
            try:
                typed = self._ask(f"{step} ends with {', '.join(outcomes)}, or {{values}} [{outcomes[0]}]: ")
            except EOFError:
                break
            told = _answer(typed.strip(), outcomes)
            if isinstance(told, Answer):
                answer = told
                break
            self._tell_person(told)
        self._answers[step] = [answer]
        return super().answer(step, command)


def _answer(typed: str, outcomes: Sequence[str]) -> Answer | str:
    """What was typed, or a sentence about what is wrong with it."""
    if not typed:
        return Answer(outcomes[0])
    if typed in outcomes:
        return Answer(typed)
    try:
        node = read_yaml(typed, "typed")
    except SourceRejected as rejected:
        return str(rejected)
    if isinstance(node, Table):
        return Answer(outcomes[0], value_of(node))
    return f"One of {', '.join(outcomes)} is wanted, or a table such as {{status: sent}}."
