"""What was told, as it is read: by those who follow the events, and by those who deliver them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Told:
    """A publication that is written. `number` is its place among all, `sequence` its place in its subject."""

    number: int
    id: str
    at: datetime
    kind: str
    subject: str
    sequence: int
    data: Mapping[str, object]

    def body(self) -> dict[str, object]:
        """The JSON object that receivers get."""
        return {
            "id": self.id,
            "kind": self.kind,
            "subject": self.subject,
            "sequence": self.sequence,
            "at": self.at.isoformat().replace("+00:00", "Z"),
            "data": self.data,
        }


class PublicationLog(Protocol):
    """Both raise StoreUnavailable."""

    async def settled(self) -> int:
        """The number up to which all is written: nothing more can come at or below it. 0 when nothing is."""

    async def between(
        self,
        after: int,
        until: int,
        *,
        limit: int,
        kinds: Collection[str] = (),
        subject: str | None = None,
    ) -> Sequence[Told]:
        """Those with after < number <= until, in order; of these kinds (none: all) and this subject."""
