"""What a test made of a call expects between two acts of the caller: the work that began, and words said.

A `hears` stands before, between and after the work, and for each time that nothing was understood: the first
sentence with values of the call in it, after work the first two, else the first of all. Only what the call's
own log has is expected, so never a secret, which the log hides. Words that depend on the day are the same
again, since such a test is given the time of the call.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from calls.events import CallEvent, CallEventKind
from ivr.commands import Command, Note, Say, Text
from ivr.flow import Flow
from ivr.rehearsal.outside import OUTCOMES
from ivr.rehearsal.script import Gets, Hears

MOST_CHARACTERS = 60
# The first sentence often repeats what the caller asked for, and the second one tells what was found.
MOST_AFTER_WORK = 2
# Who presses a key sooner than this after a prompt began has not listened to it.
LISTENED_FROM_SECONDS = 1.0

_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+")


class ExpectedWords:
    """Of one call, whose log is told event by event."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._fixed = [
            part
            for step in flow.steps.values()
            for texts in step.body.spoken()
            for template in texts.values()
            for part in template.parts
            if isinstance(part, str)
        ]
        self._told: list[str] = []  # since the caller's last act
        self._listened: list[str] = []  # of these, what the caller did not cut short at once

    def said(self, event: CallEvent) -> None:
        """A line of the log that tells what was said."""
        text = str(event.data["text"])
        self._told.append(text)
        if not event.data.get("interrupted") or float(str(event.data["seconds"])) >= LISTENED_FROM_SECONDS:
            self._listened.append(text)

    def since(self, step: str, commands: Sequence[Command], *, by_key: bool) -> list[Gets | Hears]:
        """What is expected of `commands`, performed since the caller's last act, when they stood in `step`.

        `by_key`: the next act is a key, which may have been pressed ahead.
        """
        told = self._listened if by_key else self._told
        found: list[Gets | Hears] = []
        texts: list[Text] = []
        most = 1
        for command in commands:
            match command:
                case Note(kind=CallEventKind.STEP_ENTERED, data=data):
                    step = str(data["step"])
                case Note(kind=CallEventKind.NOT_UNDERSTOOD):
                    found += self._hears(texts, told, most)
                    texts = []
                case Say(parts=parts):
                    texts += [part for part in parts if isinstance(part, Text)]
                case _ if type(command) in OUTCOMES:
                    found += [*self._hears(texts, told, most), Gets(self._flow.steps[step].verb)]
                    texts, most = [], MOST_AFTER_WORK
        found += self._hears(texts, told, most)
        self._told, self._listened = [], []
        return _once(found)

    def _hears(self, texts: Sequence[Text], told: Sequence[str], most: int) -> list[Hears]:
        """Some of what was said: up to `most` sentences with values, else one without, else none."""
        plain: list[Hears] = []
        valued: list[Hears] = []
        for text in texts:
            for sentence in _SENTENCE_END.split(text.text.strip()):
                has_values = text.passing and not any(sentence in part for part in self._fixed)
                short = _shortened(sentence, end=has_values)
                if short and any(short in line for line in told):
                    (valued if has_values else plain).append(Hears(short))
        return valued[:most] or plain[:1]


def _once(acts: Sequence[Gets | Hears]) -> list[Gets | Hears]:
    """Without words that are expected already: said again they prove nothing."""
    return [act for n, act in enumerate(acts) if isinstance(act, Gets) or act not in acts[:n]]


def _shortened(sentence: str, *, end: bool) -> str:
    """Its last words, or its first: as many as are worth comparing. Values stand mostly at the end."""
    if len(sentence) <= MOST_CHARACTERS:
        return sentence
    if end:
        words = sentence[-MOST_CHARACTERS:]
        return (words.partition(" ")[2] or words).lstrip(" ,;:-")
    words = sentence[:MOST_CHARACTERS]
    return words.rpartition(" ")[0] or words
