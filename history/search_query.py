"""What people type to search the history: words, "a phrase", the beginning of a word*."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from history.folding import folded, words_of

TERMS_MOST = 20
WORD_MOST = 100
_AROUND = 60  # letters shown before the first match of a snippet, and after it

_TERM = re.compile(r'"([^"]*)"?(\*?)|([^\s"]+)')
_WRITTEN_WORD = re.compile(r"[^\W_](?:[^\W_]|[\u0300-\u036f])*")


@dataclass(frozen=True, slots=True)
class Term:
    """Folded words that follow one another; with `prefix` the last one is the beginning of a word."""

    words: tuple[str, ...]
    prefix: bool = False


def terms_of(text: str) -> tuple[Term, ...]:
    """All of these must be found. Empty when nothing in the text can be looked for."""
    terms: list[Term] = []
    for found in _TERM.finditer(text):
        phrase, star, word = found.groups()
        written = word if phrase is None else phrase
        words = tuple(one[:WORD_MOST] for one in words_of(written))
        prefix = bool(star) or (word is not None and word.endswith("*"))
        term = Term(words[:TERMS_MOST], prefix)
        if words and term not in terms:
            terms.append(term)
    return tuple(terms[:TERMS_MOST])


def snippet(text: str, terms: Sequence[Term]) -> tuple[str, tuple[tuple[int, int], ...]] | None:
    """The part of the text around its first match, with the places of the matches; None without one."""
    spans = [(found.start(), found.end()) for found in _WRITTEN_WORD.finditer(text)]
    words = [folded(text[start:end]) for start, end in spans]
    hit: set[int] = set()
    for term in terms:
        for at in range(len(words) - len(term.words) + 1):
            if _stands_at(words, at, term):
                hit.update(range(at, at + len(term.words)))
    if not hit:
        return None
    first = min(hit)
    begin = _word_start(spans, spans[first][0] - _AROUND)
    end = _word_end(spans, spans[first][1] + _AROUND, len(text))
    cut_before, cut_after = "… " if begin else "", " …" if end < len(text) else ""
    shift = len(cut_before) - begin
    matches = tuple(
        (spans[at][0] + shift, spans[at][1] - spans[at][0])
        for at in sorted(hit)
        if spans[at][0] >= begin and spans[at][1] <= end
    )
    return f"{cut_before}{text[begin:end]}{cut_after}", matches


def _stands_at(words: Sequence[str], at: int, term: Term) -> bool:
    *first, last = term.words
    if list(words[at : at + len(first)]) != first:
        return False
    candidate = words[at + len(first)]
    return candidate.startswith(last) if term.prefix else candidate == last


def _word_start(spans: Sequence[tuple[int, int]], near: int) -> int:
    if near <= 0:
        return 0
    return next((start for start, _ in spans if start >= near), near)


def _word_end(spans: Sequence[tuple[int, int]], near: int, length: int) -> int:
    if near >= length:
        return length
    return next((end for _, end in reversed(spans) if end <= near), near)
