"""Cascades read from YAML, one in a file, with every mistake and its line.

cascade: payment_due                      # the file's name
until: delivered
stops_on: [debt.paid]
steps:
  - {push: payment_due, moves_on: [failed, not_read, no_point], wait: 5m}
  - {sms: payment_due}
  - {email: payment_due_letter, wait: 1d}
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

from compliance.facts import Channel
from messaging.cascade_plan import Cascade, Goal, MoveOn, Step
from messaging.reading import NAME, FileReader
from wording.yaml_source import Listing, Node, Scalar, SourceRejected, Table, read_leniently

_KEYS = ("cascade", "until", "stops_on", "steps")
_CHANNELS = tuple(channel.value for channel in Channel if channel is not Channel.CALL)
_STEP_KEYS = (*_CHANNELS, "moves_on", "wait", "send_within")
_SPAN = re.compile(r"([0-9]{1,6})(s|m|h|d)")
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_EVENT = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*){1,3}")
_DEFAULT = Step(Channel.SMS, "")


def load_cascade(text: str | bytes, file: str, *, named: str | None = None) -> Cascade:
    """Raises SourceRejected with every problem. What templates make wrong, cascade_plan.mistakes tells."""
    root, problems = read_leniently(text, file)
    reader = _Reader(file, problems)
    cascade = reader.cascade(root, named)
    reader.refuse_if_noted()
    return cascade


class _Reader(FileReader):
    def cascade(self, root: Node, named: str | None) -> Cascade:
        if not isinstance(root, Table):
            self.note(root.place, "a cascade is a table that begins with cascade: and its name")
            raise SourceRejected(tuple(self.problems))
        self.check_keys(root, _KEYS)
        name = self.name(root, "cascade", named)
        until = {
            Goal(word) for word in self.chosen(self.words(root.value("until")), [goal.value for goal in Goal])
        }
        stops_on = self.words(root.value("stops_on"))
        for word in stops_on:
            if not _EVENT.fullmatch(word.text):
                self.note(word.place, f"{word.text!r} is no event: write it as debt.paid")
        return Cascade(
            name,
            tuple(self._steps(root)),
            frozenset(until) or frozenset({Goal.DELIVERED}),
            frozenset(word.text for word in stops_on),
        )

    def _steps(self, root: Table) -> Iterator[Step]:
        node = root.value("steps")
        if not isinstance(node, Listing) or not node.items:
            place = root.place if node is None else node.place
            self.note(place, "steps: a list of them, such as - {sms: payment_due, wait: 10m}")
            return
        for item in node.items:
            if (step := self._step(item)) is not None:
                yield step

    def _step(self, node: Node) -> Step | None:
        named = [key for key in node.entries if key in _CHANNELS] if isinstance(node, Table) else []
        if not isinstance(node, Table) or len(named) != 1:
            channels = ", ".join(_CHANNELS)
            self.note(
                node.place, f"a step has one channel ({channels}) and its template: {{sms: payment_due}}"
            )
            return None
        self.check_keys(node, _STEP_KEYS)
        template, moves_on = node.value(named[0]), node.value("moves_on")
        if not isinstance(template, Scalar) or not NAME.fullmatch(template.text):
            self.note(node.entries[named[0]][0].place, f"{named[0]}: the name of a template")
            return None
        reasons = {
            MoveOn(word) for word in self.chosen(self.words(moves_on), [reason.value for reason in MoveOn])
        }
        return Step(
            Channel(named[0]),
            template.text,
            _DEFAULT.moves_on if moves_on is None else frozenset(reasons),
            self._span(node, "wait", _DEFAULT.wait),
            self._span(node, "send_within", _DEFAULT.send_within),
        )

    def _span(self, step: Table, key: str, default: timedelta) -> timedelta:
        node = step.value(key)
        if node is None:
            return default
        found = _SPAN.fullmatch(node.text) if isinstance(node, Scalar) else None
        if found is None:
            self.note(node.place, f"{key}: a time with its unit, such as 30s, 10m, 4h or 1d")
            return default
        return timedelta(seconds=int(found[1]) * _SECONDS[found[2]])
