"""debt: look up what the call is about, for a caller who has proved who they are."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from ivr.commands import Errand, ReadDebt
from ivr.steps.errand import ErrandBody
from ivr.steps.set import VariableName

if TYPE_CHECKING:
    from collections.abc import Callable

    from ivr.events import Finished
    from ivr.flow import Step
    from ivr.talk import Talk


class Debt(ErrandBody):
    """`debt: {into: debt}`.

    `unknown`: there is none, or nobody has been verified in this call, whatever the flow says.
    """

    verb: ClassVar[str] = "debt"
    needs_verified: ClassVar[bool] = True
    required: ClassVar[tuple[str, ...]] = ("next", "unknown")

    into: VariableName

    def sets(self, outcome: str) -> frozenset[str]:
        return frozenset({self.into}) if outcome == "next" else frozenset()

    def errand(self, talk: Talk, step: Step) -> Callable[[int], Errand] | str:
        return partial(ReadDebt)

    def finished(self, talk: Talk, step: Step, work: Finished) -> None:
        debt = work.values.get("debt")
        if work.outcome != "next" or debt is None:
            talk.finish("unknown")
        elif talk.set(self.into, debt):
            talk.finish("next")
