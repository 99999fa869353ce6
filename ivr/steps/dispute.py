"""dispute: the caller says that they do not owe what the call is about."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from ivr.commands import DisputeDebt, Errand
from ivr.outward import outward_text
from ivr.steps.errand import ErrandBody
from ivr.texts import TemplateText

if TYPE_CHECKING:
    from collections.abc import Callable

    from ivr.flow import Step
    from ivr.talk import Talk

LONGEST_NOTE = 500


class Dispute(ErrandBody):
    """`dispute: {note: "{why}"}`. Calls about the debt stop at once.

    `unknown`: there is no such debt, or it is not that of the person who was verified in this call.
    """

    verb: ClassVar[str] = "dispute"
    needs_verified: ClassVar[bool] = True
    optional: ClassVar[tuple[str, ...]] = ("unknown",)

    note: TemplateText

    def errand(self, talk: Talk, step: Step) -> Callable[[int], Errand] | str:
        return partial(DisputeDebt, note=outward_text(talk, step, self.note)[:LONGEST_NOTE])
