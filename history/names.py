"""People's names, in any script: cleaned for keeping, folded for finding."""

from __future__ import annotations

import unicodedata

from history.folding import words_of

NAME_MOST = 200
# Joiners change how letters of some scripts are written; other signs that are not seen are dropped.
_JOINERS = "\u200c\u200d"


def cleaned(text: str | None) -> str | None:
    """Composed, on one line, without control characters and double blanks; None when nothing is left."""
    if not text:
        return None
    if text.isprintable():  # nothing in it that would be dropped
        return " ".join((text if text.isascii() else unicodedata.normalize("NFC", text)).split()) or None
    seen = "".join(
        " " if sign.isspace() else sign
        for sign in unicodedata.normalize("NFC", text)
        if sign.isspace() or sign in _JOINERS or unicodedata.category(sign) not in ("Cc", "Cf", "Cs", "Cn")
    )
    return " ".join(seen.split()).strip(_JOINERS) or None


def whole_name(given: str | None, family: str | None) -> str | None:
    """The name as it is shown, of the parts that are known."""
    return " ".join(part for part in (given, family) if part) or None


def search_keys(name: str | None, given: str | None, family: str | None) -> tuple[str | None, str | None]:
    """The folded name, and the one with the family name first: people are looked for by either."""
    words = words_of(name or whole_name(given, family) or "")
    if not words:
        return None, None
    last = words_of(family or "") or words[-1:]
    first = words[: -len(last)] if words[-len(last) :] == last else words_of(given or "")
    return _cut(words), _cut([*last, *first])


def _cut(words: list[str]) -> str:
    return " ".join(words)[:NAME_MOST]
