"""What became of each part of a message that is handed over, and what that makes of the whole. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from messaging.provider import Answer, Taken

_WENT = frozenset({Taken.ACCEPTED, Taken.UNKNOWN})


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one part. `reference`: the SMSC's id, when it was accepted."""

    taken: Taken
    reference: str = ""
    code: str = ""
    why: str = ""
    retry_after_seconds: float | None = None


@dataclass(slots=True)
class Handing:
    """A message of `total` parts; `outcomes` are of the parts that were tried, in order.

    `is_answered`: submit has returned, so what is learned later must be told.
    """

    message_id: str
    total: int
    outcomes: list[Outcome] = field(default_factory=list)
    is_answered: bool = False

    @property
    def has_begun(self) -> bool:
        """Some of it may have gone out."""
        return any(outcome.taken in _WENT for outcome in self.outcomes)

    def answer(self) -> Answer:
        """`busy` and `away` mean that nothing went: a message of which some went is never sent again."""
        references = tuple(outcome.reference for outcome in self.outcomes if outcome.reference)
        last = self.outcomes[-1]
        refused = next((outcome for outcome in self.outcomes if outcome.taken not in _WENT), None)
        if refused is not None and self.has_begun:
            went = sum(outcome.taken in _WENT for outcome in self.outcomes)
            certainty = "went" if went == len(references) else "may have gone"
            why = f"{went} of {self.total} parts {certainty}, the others did not: {refused.why}"
            return Answer(Taken.REJECTED, references, refused.code, why)
        if refused is not None:
            return Answer(
                refused.taken, (), refused.code, refused.why, retry_after_seconds=refused.retry_after_seconds
            )
        unknown = next((outcome for outcome in self.outcomes if outcome.taken is Taken.UNKNOWN), None)
        if unknown is not None:
            return Answer(Taken.UNKNOWN, references, unknown.code, unknown.why)
        return Answer(Taken.ACCEPTED, references, last.code, last.why)
