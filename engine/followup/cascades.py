"""The worker that moves cascades on: by what their messages came to, what people did, and their deadlines.

What happens to a message is written down for its cascade in the same transaction, and struck out with the
step that answers it: a worker that dies between two steps leaves both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import structlog

from engine.followup.cascade_steps import advanced_run, begun_run
from engine.followup.resting import Resting
from engine.followup.shelf import MessageShelf
from engine.lookout import Lookout
from engine.ports import Clock, Ids, StoreUnavailable
from engine.registers.cascades import Advance, Cascades, KeptRun
from engine.registers.refusals import Refused
from history.contact import Contact
from messaging.cascade import CascadeRun

log = structlog.get_logger("cascades")

BATCH = 200
LOOK_SECONDS = 1.0
AWAY_SECONDS = 5.0


class CascadeWork:
    """`shelf`: as it is now; files may be read anew."""

    def __init__(self, cascades: Cascades, shelf: Callable[[], MessageShelf], clock: Clock, ids: Ids) -> None:
        self._cascades = cascades
        self._shelf = shelf
        self._clock = clock
        self._ids = ids
        self._resting = Resting[str](clock)
        self.lookout = Lookout("cascades", self.round, every_seconds=LOOK_SECONDS, away_seconds=AWAY_SECONDS)

    async def begin(
        self,
        name: str,
        contact: Contact,
        *,
        values: Mapping[str, str] | None = None,
        language: str | None = None,
        campaign: str | None = None,
        id: str | None = None,
    ) -> KeptRun:
        """Tell one person by that cascade; an `id` that is there already begins nothing. Raises Refused."""
        shelf, now = self._shelf(), self._clock.now()
        cascade = shelf.cascades.get(name)
        if cascade is None:
            raise Refused(f"There is no cascade {name}: choose another, or write its file.", "cascade")
        kept = KeptRun(
            id=id or self._ids.new(),
            run=CascadeRun(cascade),
            contact_id=contact.id,
            created_at=now,
            values=values or {},
            language=language,
            campaign=campaign,
        )
        advance = begun_run(kept, contact, shelf, now)
        if not await self._cascades.begin(advance):
            return await self._cascades.get(kept.id)
        return advance.kept

    async def round(self) -> bool:
        """Move on what can be. True: something did, and what that led to may be told already."""
        shelf = self._shelf()
        pending = await self._cascades.pending(limit=BATCH, without=self._resting.now())
        if not pending:
            return False
        now, advances = self._clock.now(), []
        for one in pending:
            try:
                advances.append(advanced_run(one.kept, one.contact, one.news, shelf, now))
            except Exception:
                self._failed(one.kept.id)
        return await self._keep(advances) > 0

    async def _keep(self, advances: Sequence[Advance]) -> int:
        """How many moved. Where one cannot be kept, each is kept by itself."""
        moved = 0
        try:
            moved = await self._cascades.keep(advances)
        except StoreUnavailable:
            raise
        except Exception:
            if len(advances) == 1:
                self._failed(advances[0].kept.id)
                return 0
            for one in advances:
                moved += await self._keep([one])
            return moved
        for one in advances:
            self._resting.went_well(one.kept.id)
        return moved

    def _failed(self, run_id: str) -> None:
        """In the `except` of what it did."""
        if self._resting.failed(run_id):
            log.exception(
                "a cascade could not be moved on; it is tried again, less and less often", run=run_id
            )
