"""Mistake: what is wrong with a campaign, where, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mistake:
    """`field` is a campaign's own, as "retry.caps.day"; the sentence has the remedy.

    `blocks` False: a note. It may be meant, but it is not to be overlooked.
    """

    field: str
    sentence: str
    blocks: bool = True
