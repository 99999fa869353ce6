"""Do not contact: what a person, or a list, has forbidden. It goes before every pack; no request lifts it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from compliance.facts import Callee, ObjectionFact, Request
from compliance.refusal_reasons import RefusalCode, sentence

RULE = "do-not-contact"


def objections(
    request: Request, known: tuple[ObjectionFact, ...], now: datetime
) -> Iterator[tuple[str, str]]:
    """(rule id, reason) of each that forbids this contact now."""
    for objection in known:
        if (
            objection.at <= now
            and (not objection.channels or request.channel in objection.channels)
            and (not objection.purposes or request.purpose in objection.purposes)
            and _covers(objection, request.contact)
        ):
            told = {"scope": objection.scope, "day": f"{objection.at:%Y-%m-%d}"}
            yield (
                f"{RULE}/{objection.scope}",
                sentence(RefusalCode.OBJECTED_BECAUSE, **told, why=objection.reason)
                if objection.reason
                else sentence(RefusalCode.OBJECTED, **told),
            )


def _covers(objection: ObjectionFact, callee: Callee) -> bool:
    value = objection.value
    if value is None:
        return True
    match objection.scope:
        case "number":
            return _address(value) == _address(callee.number)
        case "person":
            return value == callee.id
        case "household":
            return value == callee.household
        case "domain":
            domain = value.strip().lstrip("@*.").rstrip(".").casefold()
            return any(
                own == domain or own.endswith(f".{domain}")
                for address in (callee.email, callee.number)
                if address is not None and "@" in address and domain
                for own in (address.rpartition("@")[2].rstrip(".").casefold(),)
            )
        case "prefix":
            digits = _digits(value)
            return bool(digits) and "@" not in callee.number and _digits(callee.number).startswith(digits)
        case _:
            raise ValueError(f"{objection.scope!r} is no scope of an objection")


def _address(value: str) -> str:
    """A number by its digits, whatever is between them; anything else (an e-mail, a handle) as it is."""
    written = value.strip()
    if written[:1] == "+" or written.replace(" ", "").isdecimal():
        return _digits(written)
    return written.casefold()


def _digits(number: str) -> str:
    digits = "".join(sign for sign in number if sign.isdecimal())
    return digits[2:] if digits.startswith("00") and "+" not in number else digits
