"""A campaign's mistakes in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from console.words import Words
from dialer.mistakes import TOLD, Mistake, Told, counted


def mistake_told(mistake: Mistake, words: Words) -> str:
    """One sentence, with the remedy."""
    gaps = {name: _told(name, value, words) for name, value in mistake.data.items()}
    return words(f"mistake_{mistake.code}", None, **gaps)


def _told(name: str, value: object, words: Words) -> object:
    how = TOLD.get(name)
    if how is not None:
        return _WRITTEN[how](value, words)
    return _listed(value, words) if isinstance(value, tuple) else value


def _seconds(value: object, words: Words) -> str:
    count, unit = counted(int(str(value)))
    return words(f"mistake_told_{unit or 'seconds'}", count=count)


def _listed(value: object, words: Words, begin: str = "") -> str:
    found = value if isinstance(value, tuple) else (value,)
    told = [words.get(f"{begin}{one}", str(one)) if begin else str(one) for one in found]
    return ", ".join(told) or words("mistake_told_none")


def _named(begin: str) -> Callable[[object, Words], str]:
    return lambda value, words: _listed(value, words, begin)


_WRITTEN: Mapping[Told, Callable[[object, Words], str]] = {
    Told.SECONDS: _seconds,
    Told.TIMES: lambda value, words: words("mistake_told_times", count=int(str(value))),
    Told.NOUN: _named("mistake_noun_"),
    Told.RESULT: _named("attempt_result_"),
    Told.MODE: _named("campaign_mode_"),
}
