"""What is not to be contacted, as it is written and as it is kept: numbers, addresses, domains, prefixes."""

from __future__ import annotations

import re

from history.interaction import PointKind
from history.permissions import Scope
from history.points import WrongPoint, domain_of, email_of, messenger_of, phone_of, plain_digits, point_of

_PREFIX = re.compile(r"\+[1-9][0-9]{0,14}")
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_DOMAIN_SIGNS = "@*. "
LONGEST_LINE = 1000
# Between the columns of a table; the first column has the entry.
_SEPARATORS = re.compile(r"[,;\t|]")


def objection_value(scope: Scope, written: str, region: str | None) -> str:
    """The value as it is kept. `region`: whose national numbers are understood. Raises WrongPoint.

    A `number` may be an e-mail address or a messenger's point as well: one address, and not its domain.
    """
    text = written.strip()
    match scope:
        case Scope.NUMBER if "@" in text:
            return email_of(text)
        case Scope.NUMBER if ":" in text:
            return messenger_of(text)
        case Scope.NUMBER:
            return phone_of(text, region)
        case Scope.PREFIX:
            digits = re.sub(r"[ ()./*-]", "", plain_digits(text))
            digits = "+" + digits[2:] if digits.startswith("00") else digits
            if not _PREFIX.fullmatch(digits):
                raise WrongPoint("A prefix is + and the first digits of numbers; write it as +48 22.")
            return digits
        case Scope.DOMAIN:
            return domain_of(text.lstrip(_DOMAIN_SIGNS))
        case Scope.PERSON | Scope.HOUSEHOLD:
            if not _ID.fullmatch(text):
                raise WrongPoint("This is no id of ours; take it from the contact or the household.")
            return text


def entry_of(line: str, region: str | None) -> tuple[Scope, str] | None:
    """What a line of a list names; None for an empty one or a comment (#). Raises WrongPoint.

    "+48 600 000 001" is a number, "+4822*" a prefix, "anna@example.com" one address, "@example.com" and
    "example.com" a domain. Of a table the first column is read.
    """
    if len(line) > LONGEST_LINE:
        raise WrongPoint(f"A line has at most {LONGEST_LINE} characters; write one entry a line.")
    text = _SEPARATORS.split(line.strip().lstrip("\ufeff"), 1)[0].strip().strip("\"'").strip()
    if not text or text.startswith("#"):
        return None
    if text.endswith("*") and "@" not in text:
        scope = Scope.PREFIX
    elif text.startswith(("@", "*")) or ("@" not in text and re.search(r"[^\W\d_]", text) and "." in text):
        scope = Scope.DOMAIN
    else:
        scope = Scope.NUMBER
    return scope, objection_value(scope, text, region)


def checked_point(written: str, region: str | None) -> tuple[PointKind, str]:
    """A number or an address that is asked about. Raises WrongPoint."""
    kind = PointKind.EMAIL if "@" in written else PointKind.MESSENGER if ":" in written else PointKind.PHONE
    return kind, point_of(kind, written, region).value
