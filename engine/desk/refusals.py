"""Why the desk does not do a thing: a short name for pages that translate it, and a sentence."""

from __future__ import annotations

from compliance.decision import Decision


class DeskRefused(Exception):
    """`why` is a short name, as "no_talk"; the message is one sentence with the remedy.

    `values` fill the words that pages have for it.
    """

    def __init__(self, why: str, sentence: str, **values: str) -> None:
        super().__init__(sentence)
        self.why = why
        self.values = values


class ContactForbidden(DeskRefused):
    """The gate refuses: `decision` has the rule and the next lawful moment."""

    def __init__(self, decision: Decision) -> None:
        super().__init__("gate", decision.reason or "The rules forbid it.")
        self.decision = decision


def store_away() -> DeskRefused:
    return DeskRefused("store", "The database does not answer: try again in a moment.")
