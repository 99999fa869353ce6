"""A case for the gate as JSON: read with every mistake named in one sentence, and the decision written.

Its members are told in docs/rules.md.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

import phonenumbers
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)

from compliance.choice import packs_for
from compliance.decision import Decision
from compliance.facts import (
    Callee,
    Channel,
    ConsentFact,
    Facts,
    Mode,
    ObjectionFact,
    PastContact,
    Purpose,
    Reached,
    Request,
    Requested,
)
from compliance.gate import PACKS, decide
from compliance.pack import Pack
from compliance.zones import country_of

_BY_NUMBER = (Channel.CALL, Channel.SMS)
_DATE = re.compile(r"\d{4}-\d\d-\d\d[Tt ]")
_YEARS = range(1970, 2200)


class BadCase(Exception):
    """The message is one sentence that names the member."""


def _written_out(value: object) -> object:
    if not isinstance(value, str) or _DATE.match(value) is None:
        raise ValueError('must be a time such as "2026-11-21T16:05:00Z"')
    return value


def _of_our_times(value: datetime) -> datetime:
    if value.year not in _YEARS:
        raise ValueError(f"must be in the years {_YEARS.start} to {_YEARS.stop - 1}")
    return value


# Not strict: `_written_out` has seen that it is text in the form of a time.
Moment = Annotated[
    AwareDatetime, Field(strict=False), BeforeValidator(_written_out), AfterValidator(_of_our_times)
]
Text = Annotated[str, StringConstraints(max_length=300, pattern=r"^[^\x00]*$")]
Word = Annotated[str, StringConstraints(min_length=1, max_length=300, pattern=r"^[^\x00]*$")]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]


class _Members(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _Contact(_Members):
    id: Word
    number: Word
    timezone: Text | None = None
    country: Country | None = None
    region: Text | None = None
    type: Literal["mobile", "fixed"] | None = None
    email: Word | None = None
    household: Word | None = None


class _Requested(_Members):
    at: Moment
    begins: Moment | None = Field(None, alias="from")
    ends: Moment | None = Field(None, alias="to")


class _Consent(_Members):
    channel: Channel
    purpose: Purpose
    given_at: Moment
    withdrawn_at: Moment | None = None


class _Objection(_Members):
    scope: Literal["number", "person", "household", "domain", "prefix"]
    value: Word | None = None
    reason: Text = ""
    at: Moment
    channels: frozenset[Channel] = frozenset()
    purposes: frozenset[Purpose] = frozenset()


class _PastContact(_Members):
    at: Moment
    direction: Literal["outbound", "inbound"] = "outbound"
    channel: Channel
    kind: Reached
    debt: Text | None = None
    abandoned: bool = False


class _Case(_Members):
    now: Moment
    channel: Channel
    purpose: Purpose
    mode: Mode
    contact: _Contact
    debt: Text | None = None
    requested: _Requested | None = None
    consents: tuple[_Consent, ...] = ()
    do_not_contact: tuple[_Objection, ...] = ()
    history: tuple[_PastContact, ...] = ()


def packs_named(names: Sequence[str]) -> tuple[Pack, ...]:
    """Each once, in the order given. Raises BadCase for a name that no pack has."""
    for name in names:
        if name not in PACKS:
            raise BadCase(f"There is no pack {name!r}; there are {', '.join(PACKS)}.")
    return tuple(PACKS[name] for name in dict.fromkeys(names))


def answer(text: bytes, packs: Sequence[Pack]) -> dict[str, object]:
    """The decision on the JSON object in `text`. Without packs those are asked that apply to the callee.

    Raises BadCase.
    """
    case = _read(text)
    request = Request(
        case.channel, case.purpose, case.mode, _callee(case), case.debt or None, _requested(case.requested)
    )
    facts = Facts(
        consents=tuple(ConsentFact(**dict(consent)) for consent in case.consents),
        do_not_contact=tuple(ObjectionFact(**dict(objection)) for objection in case.do_not_contact),
        history=tuple(PastContact(**{**dict(row), "debt": row.debt or None}) for row in case.history),
    )
    chosen = tuple(packs) or _applying(request)
    told = as_json(decide(request, facts, chosen, case.now))
    return told if packs else {**told, "packs": [pack.name for pack in chosen]}


def as_json(decision: Decision) -> dict[str, object]:
    return {
        "allowed": decision.allowed,
        "rule": decision.rule,
        "reason": decision.reason,
        "next_allowed_at": _rfc3339(decision.next_allowed_at),
        "checked": [
            {
                "rule": each.rule,
                "verdict": each.verdict.value,
                **({"reason": each.reason} if each.reason else {}),
            }
            for each in decision.checked
        ],
    }


def _read(text: bytes) -> _Case:
    try:
        return _Case.model_validate_json(text)
    except ValidationError as problem:
        raise BadCase(_sentence(problem)) from None


def _sentence(problem: ValidationError) -> str:
    first = problem.errors(include_url=False)[0]
    path = ""
    for part in first["loc"]:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    name = path or "The case"
    context = first.get("ctx", {})
    match first["type"]:
        case "json_invalid":
            return f"The case is not JSON: {context['error']}."
        case "missing":
            return f"{name} is missing."
        case "extra_forbidden":
            return f"{name} is no member of a case: leave it out or correct its name."
        case "timezone_aware":
            return f'{name} has no time zone: end it with "Z" or an offset such as "+01:00".'
        case "enum" | "literal_error":
            return f"{name} must be {context['expected']}, not {_short(first['input'])}."
        case "value_error":
            return f"{name} {context['error']}, not {_short(first['input'])}."
        case "model_type" | "model_attributes_type":
            return f"{name} must be a JSON object, not {_short(first['input'])}."
        case "string_pattern_mismatch" if path == "contact.country":
            return f'contact.country must be two capitals such as "US", not {_short(first["input"])}.'
        case "string_pattern_mismatch":
            return f"{name} has a NUL character: leave it out."
        case _:
            return f"{name}: {first['msg']}."


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _callee(case: _Case) -> Callee:
    members = dict(case.contact)
    number = case.contact.number.strip()
    if case.channel in _BY_NUMBER:
        members["number"] = _e164(number, case.contact.country)
    return Callee(**members)


def _e164(number: str, country: str | None) -> str:
    try:
        parsed = phonenumbers.parse(number, country)
    except phonenumbers.NumberParseException:
        remedy = 'write it as "+12125550123"'
        raise BadCase(f"contact.number {_short(number)} is no phone number: {remedy}.") from None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def _requested(given: _Requested | None) -> Requested | None:
    if given is None:
        return None
    if given.begins is not None and given.ends is not None and given.ends < given.begins:
        raise BadCase("requested.to is before requested.from: the chosen time ends after it begins.")
    return Requested(given.at, given.begins, given.ends)


def _applying(request: Request) -> tuple[Pack, ...]:
    country = request.contact.country or country_of(request.contact.number)
    return packs_named(packs_for(country, request.purpose, request.channel, request.mode))


def _rfc3339(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")
