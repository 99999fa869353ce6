"""What a simulated caller does, as text: `press 2; say 'order'; wait 2; press 123456`."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Press:
    keys: str


@dataclass(frozen=True, slots=True)
class Speak:
    text: str


@dataclass(frozen=True, slots=True)
class PlayFile:
    """A WAV file of any rate, played as the caller's voice."""

    path: str


@dataclass(frozen=True, slots=True)
class Wait:
    seconds: float


@dataclass(frozen=True, slots=True)
class Interrupt:
    """The next action does not wait until the hotline has finished speaking."""


@dataclass(frozen=True, slots=True)
class HangUpNow:
    """End the call from the caller's side."""


Action = Press | Speak | PlayFile | Wait | Interrupt | HangUpNow


class ScriptError(ValueError):
    """The script cannot be understood; the message names the action and the remedy."""


LONGEST_WAIT_SECONDS = 600.0
_KEYS = re.compile(r"[0-9*#]+")
_ACTIONS = "press KEYS, say 'WORDS', play FILE.wav, wait SECONDS, interrupt, hang up"


def parse_script(script: str) -> tuple[Action, ...]:
    """Actions separated by `;` or line ends; quotes protect a `;`. Raises ScriptError."""
    return tuple(_action(number, text) for number, text in enumerate(_split(script), start=1))


def _split(script: str) -> list[str]:
    pieces, piece, quote = [], "", ""
    for letter in script:
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"" and piece.rstrip().lower() in ("say", "play"):
            quote = letter  # only an argument may be quoted: an apostrophe inside words is none
        elif letter in ";\n":
            pieces.append(piece)
            piece = ""
            continue
        piece += letter
    if quote:
        raise ScriptError(f"the {quote} of action {len(pieces) + 1} is never closed: {piece.strip()}")
    return [text.strip() for text in [*pieces, piece] if text.strip()]


def _action(number: int, text: str) -> Action:
    verb, _, argument = text.partition(" ")
    argument = argument.strip()
    if argument[:1] in ("'", '"') and argument[-1:] == argument[:1]:
        argument = argument[1:-1].strip()
    match verb.lower():
        case "press":
            keys = argument.replace(" ", "")
            if _KEYS.fullmatch(keys):
                return Press(keys)
            raise ScriptError(f"action {number}: press takes keys 0-9, * and #, not {argument!r}")
        case "say" if argument:
            return Speak(argument)
        case "play" if argument:
            return PlayFile(argument)
        case "wait":
            try:
                seconds = float(argument)
            except ValueError:
                seconds = -1.0
            if 0 <= seconds <= LONGEST_WAIT_SECONDS:
                return Wait(seconds)
            raise ScriptError(
                f"action {number}: wait takes seconds from 0 to {LONGEST_WAIT_SECONDS:.0f}, not {argument!r}"
            )
        case "interrupt" if not argument:
            return Interrupt()
        case "hang" if argument.lower() == "up":
            return HangUpNow()
        case "hangup" if not argument:
            return HangUpNow()
    raise ScriptError(f"action {number}: {text!r} is not understood; write {_ACTIONS}")
