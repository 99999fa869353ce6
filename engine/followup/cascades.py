"""The worker that moves cascades on: by what their messages came to, what people did, and their deadlines.

What happens to a message is written down for its cascade in the same transaction, and struck out with the
step that answers it: a worker that dies between two steps leaves both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from engine.followup.cascade_steps import advanced_run, begun_run
from engine.followup.shelf import MessageShelf
from engine.lookout import Lookout
from engine.ports import Clock, Ids
from engine.registers.cascades import Cascades, KeptRun
from engine.registers.refusals import Refused
from history.contact import Contact
from messaging.cascade import CascadeRun

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
        pending = await self._cascades.pending(limit=BATCH)
        if not pending:
            return False
        now = self._clock.now()
        advances = [advanced_run(one.kept, one.contact, one.news, shelf, now) for one in pending]
        moved = await self._cascades.keep(advances)
        return moved > 0
