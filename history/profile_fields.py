"""Fields of a profile in the form in which they are kept."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from zoneinfo import available_timezones

TAG_MOST = 60
ATTRIBUTE_NAME_MOST = 60

_LANGUAGE = re.compile(r"([A-Za-z]{2,3})(?:[-_]([A-Za-z]{4}))?(?:[-_]([A-Za-z]{2}|[0-9]{3}))?")
_COUNTRY = re.compile(r"[A-Za-z]{2}")
_CURRENCY = re.compile(r"[A-Za-z]{3}")
_ATTRIBUTE_NAME = re.compile(r"[^\W\d]\w*(?:[-.]\w+)*")


class WrongField(ValueError):
    """The value cannot be kept; the message is one sentence with the remedy."""


def language_of(written: str) -> str:
    """As `pl`, `pt-BR` or `sr-Latn`. Raises WrongField."""
    found = _LANGUAGE.fullmatch(written.strip())
    if found is None:
        raise WrongField("Write the language by its code, as pl or pt-BR.")
    parts = [found[1].lower()]
    if found[2]:
        parts.append(found[2].title())
    if found[3]:
        parts.append(found[3].upper())
    return "-".join(parts)


def country_of(written: str) -> str:
    """Two capital letters. Raises WrongField."""
    text = written.strip()
    if not _COUNTRY.fullmatch(text):
        raise WrongField("Write the country by its two letters, as PL.")
    return text.upper()


def currency_of(written: str) -> str:
    """Three capital letters. Raises WrongField."""
    text = written.strip()
    if not _CURRENCY.fullmatch(text):
        raise WrongField("Write the currency by its three letters, as PLN.")
    return text.upper()


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def time_zone_of(written: str) -> str:
    """An IANA name. Raises WrongField."""
    text = written.strip()
    if text not in _zones():
        raise WrongField("There is no such time zone; write its IANA name, as Europe/Warsaw.")
    return text


def tag_of(written: str) -> str:
    """In lower case, without a comma, which parts tags in lists. Raises WrongField."""
    text = " ".join(unicodedata.normalize("NFC", written).lower().split())
    if not text or len(text) > TAG_MOST or not text.isprintable() or "," in text or "/" in text:
        raise WrongField(f"A tag has 1 to {TAG_MOST} letters, without commas and slashes.")
    return text


def attribute_name_of(written: str) -> str:
    """A word; parts of it are joined by . or -. Raises WrongField."""
    text = unicodedata.normalize("NFC", written).strip()
    if len(text) > ATTRIBUTE_NAME_MOST or not _ATTRIBUTE_NAME.fullmatch(text):
        raise WrongField(
            f"An attribute's name has at most {ATTRIBUTE_NAME_MOST} letters, digits and _ - . and begins "
            "with a letter."
        )
    return text
