"""Right party: whether the person on the line is the one who owes, before anything about the debt is said.

    asking --enough answers right--> verified
    asking --too many wrong, or nothing left to ask--> failed
    asking --"that is not me"--> wrong_party        asking --"I will not say"--> declined

Only `verified` may hear of the debt; a state that is not `asking` never changes in the same call.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from history.folding import words_of


class PartyState(StrEnum):
    ASKING = "asking"
    VERIFIED = "verified"
    FAILED = "failed"
    WRONG_PARTY = "wrong_party"
    DECLINED = "declined"


class FactKind(StrEnum):
    """How an answer is compared with what is known."""

    DATE = "date"  # both as 2026-11-22
    DIGITS = "digits"
    WORDS = "words"  # letters, whatever case and accents


@dataclass(frozen=True, slots=True)
class Fact:
    """`expected` is the creditor's; it is never said, shown or logged."""

    name: str
    kind: FactKind
    expected: str


@dataclass(frozen=True, slots=True)
class PartyPolicy:
    """`needed` different facts right, at most `wrong_most` answers wrong (one may mishear)."""

    needed: int = 2
    wrong_most: int = 2


@dataclass(frozen=True, slots=True)
class Party:
    """`right` and `wrong` are names of facts, in the order of the answers. A fact is asked twice at most."""

    state: PartyState = PartyState.ASKING
    right: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()


def begin(facts: tuple[Fact, ...], policy: PartyPolicy) -> Party:
    """Where fewer facts are known than are needed nobody can be verified."""
    known = [fact for fact in facts if _comparable(fact.kind, fact.expected)]
    return Party() if len(known) >= policy.needed else Party(PartyState.FAILED)


def next_fact(party: Party, facts: tuple[Fact, ...]) -> Fact | None:
    """What to ask now: the first that was not asked, then one that was wrong once. None: nothing is left."""
    if party.state is not PartyState.ASKING:
        return None
    open_facts = [
        fact
        for fact in facts
        if fact.name not in party.right
        and party.wrong.count(fact.name) < 2
        and _comparable(fact.kind, fact.expected)
    ]
    return min(open_facts, key=lambda fact: party.wrong.count(fact.name), default=None)


def answered(party: Party, fact: Fact, answer: str, facts: tuple[Fact, ...], policy: PartyPolicy) -> Party:
    """They answered; once it is decided, answers change nothing."""
    if party.state is not PartyState.ASKING:
        return party
    if matches(fact, answer):
        right = party.right if fact.name in party.right else (*party.right, fact.name)
        state = PartyState.VERIFIED if len(right) >= policy.needed else PartyState.ASKING
        party = replace(party, right=right, state=state)
    else:
        wrong = (*party.wrong, fact.name)
        state = PartyState.FAILED if len(wrong) > policy.wrong_most else PartyState.ASKING
        party = replace(party, wrong=wrong, state=state)
    if party.state is PartyState.ASKING and next_fact(party, facts) is None:
        return replace(party, state=PartyState.FAILED)
    return party


def not_them(party: Party) -> Party:
    """ "That is not me", or "they are not here"."""
    return replace(party, state=PartyState.WRONG_PARTY) if party.state is PartyState.ASKING else party


def declined(party: Party) -> Party:
    return replace(party, state=PartyState.DECLINED) if party.state is PartyState.ASKING else party


def may_disclose(party: Party) -> bool:
    """Whether anything of the debt, its creditor included, may be said."""
    return party.state is PartyState.VERIFIED


# What an agent or flow closes the call as when nothing could be said.
DISPOSITION: Mapping[PartyState, str | None] = {
    PartyState.ASKING: None,
    PartyState.VERIFIED: "right_party",
    PartyState.FAILED: None,
    PartyState.WRONG_PARTY: "wrong_number",
    PartyState.DECLINED: None,
}


def matches(fact: Fact, answer: str) -> bool:
    """Never True where nothing comparable is known or said."""
    if not (_comparable(fact.kind, fact.expected) and _comparable(fact.kind, answer)):
        return False
    return _form(fact.kind, fact.expected) == _form(fact.kind, answer)


def _comparable(kind: FactKind, text: str) -> bool:
    form = _form(kind, text)
    return re.fullmatch(r"\d{4}-\d{2}-\d{2}", form) is not None if kind is FactKind.DATE else bool(form)


def _form(kind: FactKind, text: str) -> str:
    match kind:
        case FactKind.DATE:
            return text.strip()
        case FactKind.DIGITS:
            return "".join(sign for sign in text if sign.isdecimal() and sign.isascii())
        case FactKind.WORDS:
            return " ".join(words_of(text))
