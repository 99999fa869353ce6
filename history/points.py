"""Points as everybody writes them, in the one form in which they are kept and compared."""

from __future__ import annotations

import re
import unicodedata

import idna
from phonenumbers import country_code_for_region

from calls.numbers import parse_number
from history.interaction import ContactPoint, PointKind

EMAIL_MOST = 254
MESSENGER_MOST = 200
VISITOR_MOST = 128

_NUMBER_SIGNS = re.compile(r"\+?[0-9 ()./\-]+")
_HYPHENS = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"))
_EMAIL_LOCAL = re.compile(r"[^\s@\"(),:;<>\[\\\]]{1,64}")
_MESSENGER = re.compile(r"([A-Za-z][A-Za-z0-9_-]{0,31}):@*([^\s@](?:.*\S)?)")
_VISITOR = re.compile(r"[A-Za-z0-9._:-]+")


class WrongPoint(ValueError):
    """It cannot be a point of this kind; the message is one sentence with the remedy."""


def point_of(kind: PointKind, written: str, region: str | None) -> ContactPoint:
    """The point as it is kept. `region`: the country whose national numbers are understood. WrongPoint."""
    match kind:
        case PointKind.PHONE:
            return ContactPoint(kind, phone_of(written, region))
        case PointKind.EMAIL:
            return ContactPoint(kind, email_of(written))
        case PointKind.MESSENGER:
            return ContactPoint(kind, messenger_of(written))
        case PointKind.VISITOR:
            return ContactPoint(kind, visitor_of(written))


def phone_of(written: str, region: str | None) -> str:
    """E.164. `+`, `00`, national, spaced, in any script's digits. Raises WrongPoint."""
    text = plain_digits(written)
    if not _NUMBER_SIGNS.fullmatch(text):
        raise WrongPoint("A number has digits, blanks and + ( ) - . / only; write it as +48 600 000 000.")
    e164 = parse_number(text, region or "ZZ").e164
    if e164 is None:
        if region is None and not text.startswith(("+", "00")):
            raise WrongPoint("The number has no country; write it with + and the country's code.")
        raise WrongPoint("There is no such number; check its country code and the number of its digits.")
    return e164


def plain_digits(written: str) -> str:
    """With digits of any script as 0-9, full-width signs as ASCII's, without what is not seen."""
    if written.isascii() and written.isprintable():
        return written.strip()
    seen = "".join(
        str(unicodedata.decimal(sign)) if sign.isdecimal() else sign
        for sign in unicodedata.normalize("NFKC", written)
        if unicodedata.category(sign) not in ("Cc", "Cf")
    )
    return " ".join(seen.translate(_HYPHENS).split())


def email_of(written: str) -> str:
    """In lower case, an international domain in its ASCII form. Raises WrongPoint."""
    text = unicodedata.normalize("NFC", written.strip())
    local, at, domain = text.rpartition("@")
    if not at or not _EMAIL_LOCAL.fullmatch(local) or local[0] == "." or local[-1] == "." or ".." in local:
        raise WrongPoint("This is no e-mail address; write it as name@example.com.")
    if not local.isprintable() or len(local.encode()) > 64:
        raise WrongPoint("The part before @ of an e-mail address has at most 64 letters that can be seen.")
    ascii_domain = domain_of(domain)
    if len(local.encode()) + 1 + len(ascii_domain) > EMAIL_MOST:
        raise WrongPoint(f"An e-mail address has at most {EMAIL_MOST} letters.")
    return f"{local.lower()}@{ascii_domain}"


def domain_of(written: str) -> str:
    """A domain in lower case and ASCII. Raises WrongPoint."""
    text = written.strip().rstrip(".").lower()
    wrong = WrongPoint("This is no domain of e-mail addresses; write it as example.com.")
    if not text.isascii():
        try:
            text = idna.encode(text, uts46=True).decode()
        except idna.IDNAError:
            raise wrong from None
    labels = text.split(".")
    if len(labels) < 2 or len(text) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise wrong
    return text


_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


def messenger_of(written: str) -> str:
    """`system:handle`, the system in lower case and the handle without its @. Raises WrongPoint."""
    text = unicodedata.normalize("NFC", written.strip())
    found = _MESSENGER.fullmatch(text)
    if found is None or not text.isprintable() or len(text) > MESSENGER_MOST:
        raise WrongPoint(
            f"A messenger's point is its system and the handle there, as telegram:anna, of at most "
            f"{MESSENGER_MOST} letters."
        )
    return f"{found[1].lower()}:{found[2]}"


def visitor_of(written: str) -> str:
    """The id that a browser keeps. Raises WrongPoint."""
    text = written.strip()
    if not _VISITOR.fullmatch(text) or len(text) > VISITOR_MOST:
        raise WrongPoint(f"A visitor's id has letters, digits and . _ : - only, at most {VISITOR_MOST}.")
    return text


def mailbox_of(email: str) -> str:
    """The e-mail address without what follows a + in its name: letters to both arrive in one mailbox."""
    local, _, domain = email.rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


def prefixes_of(typed: str, region: str) -> tuple[str, ...]:
    """How the points may begin for which somebody typed this, perhaps not to its end.

    A number without its country's code is one of `region`. Empty when nothing can begin so.
    """
    text = plain_digits(typed)
    digits = "".join(sign for sign in text if sign.isdecimal())
    if digits and _NUMBER_SIGNS.fullmatch(text):
        if text.startswith("+"):
            return (f"+{digits}",)
        if digits.startswith("00"):
            return (f"+{digits[2:]}",)
        code = country_code_for_region(region)
        national = digits.lstrip("0") if digits.startswith("0") else digits
        return (f"+{code}{national}", f"+{digits}") if code and national else (f"+{digits}",)
    lowered = unicodedata.normalize("NFC", typed.strip()).lower()
    return (lowered,) if lowered and " " not in lowered else ()
