"""Rows of the history that have some words, by the index of the migration on full-text search."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, column, func, select, table

from history.search_query import Term
from store.tables import interactions

# SQLite: a table of FTS5. PostgreSQL: a table with the words of each row as tsvector. Triggers keep both.
WORDS = "interaction_words"


def having_terms(terms: Sequence[Term], database: str) -> ColumnElement[bool]:
    """All terms are there. They hold folded letters and digits alone, so nothing in them has a meaning."""
    if database == "postgresql":
        words = table(WORDS, column("number"), column("words"))
        query = func.to_tsquery("simple", " & ".join(_tsquery(term) for term in terms))
        found = words.c.words.op("@@", is_comparison=True)(query)
        return interactions.c.number.in_(select(words.c.number).where(found))
    words = table(WORDS, column("rowid"), column(WORDS))
    match = words.c[WORDS].op("MATCH", is_comparison=True)(" AND ".join(_fts5(term) for term in terms))
    return interactions.c.number.in_(select(words.c.rowid).where(match))


def _tsquery(term: Term) -> str:
    *first, last = (f"'{word}'" for word in term.words)
    return "(" + " <-> ".join([*first, f"{last}:*" if term.prefix else last]) + ")"


def _fts5(term: Term) -> str:
    phrase = " ".join(term.words)
    return f'"{phrase}" *' if term.prefix else f'"{phrase}"'
