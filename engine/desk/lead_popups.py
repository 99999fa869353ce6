"""Who a lead is that an agent looks at: the history is read as it comes to the desk, as of one who rings."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from engine.desk.popup import TIMELINE_ROWS
from engine.desk.previews import Preview, Previews
from engine.desk.view import Popup
from engine.ports import StoreUnavailable
from engine.registers.desk import DeskRegister, KnownCaller
from history.interaction import ContactPoint, PointKind

READ_SECONDS = 3.0
# Pauses between tries to read it, while the agent looks at the lead.
RETRY_SECONDS = 3.0
MOST_TRIES = 20
NOT_READ = "The history does not answer: what is kept of this person will be here once it does."

log = structlog.get_logger(__name__)


@dataclass(slots=True, eq=False)
class _Read:
    lead: str
    known: KnownCaller = field(default_factory=KnownCaller)
    missing: str = ""
    task: asyncio.Task[None] | None = None


class LeadPopups:
    """`tell(agent)` has the agent's page fetch it anew."""

    def __init__(self, register: DeskRegister, previews: Previews, tell: Callable[[str], None]) -> None:
        self._register = register
        self._previews = previews
        self._tell = tell
        self._read: dict[str, _Read] = {}  # by agent

    def of(self, agent: str) -> tuple[Preview, Popup] | None:
        """The agent's lead, with what has been read so far of who it is."""
        preview, read = self._previews.of(agent), self._read.get(agent)
        if read is not None and (preview is None or read.lead != preview.lead.id):
            self._forget(agent)
            read = None
        if preview is None:
            return None
        if read is None:
            read = self._read[agent] = _Read(preview.lead.id)
            read.task = asyncio.get_running_loop().create_task(self._reading(agent, preview, read))
        return preview, _popup_of(preview, read)

    async def close(self) -> None:
        tasks = [read.task for read in self._read.values() if read.task is not None]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=1.0)

    # --- inside -------------------------------------------------------------------------------------------

    def _forget(self, agent: str) -> None:
        read = self._read.pop(agent)
        if read.task is not None:
            read.task.cancel()

    async def _reading(self, agent: str, preview: Preview, read: _Read) -> None:
        point = ContactPoint(PointKind.PHONE, preview.number)
        for _ in range(MOST_TRIES):
            try:
                async with asyncio.timeout(READ_SECONDS):
                    read.known = await self._register.caller(point, timeline=TIMELINE_ROWS)
                read.missing = ""
                self._tell(agent)
                return
            except (StoreUnavailable, TimeoutError) as away:
                log.warning("who a lead is could not be read", lead=preview.lead.id, why=str(away))
            except Exception:
                log.exception("who a lead is could not be read", lead=preview.lead.id)
            if not read.missing:
                read.missing = NOT_READ
                self._tell(agent)
            await asyncio.sleep(RETRY_SECONDS)


def _popup_of(preview: Preview, read: _Read) -> Popup:
    known, campaign = read.known, preview.campaign
    return Popup(
        call_id=f"lead:{preview.lead.id}",
        direction="outbound",
        number=preview.number,
        point=ContactPoint(PointKind.PHONE, preview.number),
        arrived_at=preview.since,
        flow=None,
        language=campaign.language,
        queue=campaign.queue,
        queued_at=None,
        waited_seconds=None,
        contact=known.contact,
        timeline=tuple(known.timeline),
        promises=tuple(known.promises),
        callbacks=tuple(known.callbacks),
        consents=tuple(known.consents),
        objections=tuple(known.objections),
        missing=read.missing,
    )
