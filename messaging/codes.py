"""One-time codes: what makes one right, wrong, too late or too often tried. Nobody here knows a code.

A code is compared by its salted hash, which is made outside; sending again makes another code, and keeps the
count of wrong ones.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

DIGITS = "0123456789"
LETTERS_AND_DIGITS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Without those that are taken for each other: 0 and O, 1 and I."""
SHORTEST, LONGEST = 4, 10
SHORTEST_LIFETIME, LONGEST_LIFETIME = timedelta(minutes=1), timedelta(days=1)
MOST_CHANCE = 1 / 1_000
"""The most that a guesser's chance may be who uses every attempt of every code."""
_NOT_READ = str.maketrans("", "", " -\u00a0\u2011\t\r\n")


@dataclass(frozen=True, slots=True)
class CodeRules:
    """`most_attempts`: wrong codes in all. `most_sends`: codes in all, the first included."""

    length: int = 6
    alphabet: str = DIGITS
    lifetime: timedelta = timedelta(minutes=10)
    most_attempts: int = 5
    most_sends: int = 3
    resend_pause: timedelta = timedelta(minutes=1)


def rule_mistakes(rules: CodeRules) -> tuple[str, ...]:
    """Each in one sentence with the remedy."""
    found = []
    if not SHORTEST <= rules.length <= LONGEST:
        found.append(f"A code has {SHORTEST} to {LONGEST} characters, not {rules.length}.")
    if len(rules.alphabet) < 10 or len(set(rules.alphabet)) < len(rules.alphabet):
        found.append("A code's alphabet has at least 10 characters, each once.")
    elif rules.alphabet.translate(_NOT_READ) != rules.alphabet or rules.alphabet != rules.alphabet.upper():
        found.append("A code's alphabet has digits and capital letters only.")
    if not SHORTEST_LIFETIME <= rules.lifetime <= LONGEST_LIFETIME:
        found.append("A code lives 1 minute to 1 day.")
    if rules.most_attempts < 1 or rules.most_sends < 1 or rules.resend_pause < timedelta(0):
        found.append("A code is sent and tried at least once, after no pause or one that is longer.")
    if not found and rules.most_attempts / len(rules.alphabet) ** rules.length > MOST_CHANCE:
        found.append(
            f"{rules.most_attempts} attempts at {rules.length} characters can be guessed: "
            f"make the code longer or the attempts fewer."
        )
    return tuple(found)


def code_of(rules: CodeRules, random: Sequence[int]) -> str:
    """`random`: one number for each character, each evenly from 0 to below the alphabet's length."""
    if len(random) != rules.length or not all(0 <= number < len(rules.alphabet) for number in random):
        raise ValueError(f"a code of {rules.length} characters needs as many numbers of its alphabet")
    return "".join(rules.alphabet[number] for number in random)


def as_compared(entered: str) -> str:
    """What is hashed of a code that somebody entered: blanks and dashes, and small letters, do not matter."""
    return entered.translate(_NOT_READ).upper()


class Verdict(StrEnum):
    RIGHT = "right"
    WRONG = "wrong"
    EXPIRED = "expired"
    USED = "used"
    TOO_OFTEN = "too_often"


@dataclass(frozen=True, slots=True)
class OneTimeCode:
    """`hashed`: the salted hash of the newest code, the only one that is good. `wrong`: of all of them."""

    hashed: bytes
    sent_at: datetime
    sends: int = 1
    wrong: int = 0
    used_at: datetime | None = None


def tried(code: OneTimeCode, rules: CodeRules, hashed: bytes, now: datetime) -> tuple[OneTimeCode, Verdict]:
    """Whether what was entered is the code; `hashed`: made of `as_compared` with the code's own salt.

    A right code is used up by it. One that is over is not compared, so that nobody can go on guessing.
    """
    if code.used_at is not None:
        return code, Verdict.USED
    if code.wrong >= rules.most_attempts:
        return code, Verdict.TOO_OFTEN
    if not code.sent_at <= now < code.sent_at + rules.lifetime:
        return code, Verdict.EXPIRED
    if hmac.compare_digest(code.hashed, hashed):
        return replace(code, used_at=now), Verdict.RIGHT
    code = replace(code, wrong=code.wrong + 1)
    return code, Verdict.TOO_OFTEN if code.wrong >= rules.most_attempts else Verdict.WRONG


def may_send_again_at(code: OneTimeCode, rules: CodeRules) -> datetime | None:
    """From when another code may be sent; None: never."""
    if code.used_at is not None or code.sends >= rules.most_sends or code.wrong >= rules.most_attempts:
        return None
    return code.sent_at + rules.resend_pause


class TooSoon(ValueError):
    """Another code may not be sent now, or no more; the message is one sentence."""


def sent_again(code: OneTimeCode, rules: CodeRules, hashed: bytes, now: datetime) -> OneTimeCode:
    """With another code, from which on the former is wrong. Raises TooSoon."""
    allowed_at = may_send_again_at(code, rules)
    if allowed_at is None:
        raise TooSoon("No other code is sent: this one was used, tried too often, or sent again too often.")
    if now < allowed_at:
        seconds = -int(-(allowed_at - now).total_seconds() // 1)
        raise TooSoon(f"Another code can be sent in {seconds} s.")
    return replace(code, hashed=hashed, sent_at=now, sends=code.sends + 1)
