"""Callback requests in memory, as far as those who dial go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from engine.ports import Clock
from engine.registers.callbacks import CallbackFilter, Standing
from engine.registers.pages import Page
from engine.registers.refusals import Changed, Missing
from history.callbacks import STANDING, CallbackRequest, CallbackState


class MemoryCallbacks:
    """`ends`: id, state and reason of each that ended, those that nobody knows among them."""

    def __init__(self, clock: Clock) -> None:
        self.requests: dict[str, CallbackRequest] = {}
        self.ends: list[tuple[str, str, str]] = []
        self.claims: list[tuple[str, str]] = []
        self.reads = 0
        self._clock = clock

    def put(self, request: CallbackRequest) -> None:
        self.requests[request.id] = request

    async def standing(self) -> Standing:
        standing = [one for one in self.requests.values() if one.state in STANDING]
        newest = max((one.id for one in standing), default=None)
        return Standing(len(standing), sum(one.version for one in standing), newest)

    async def list(
        self, wanted: CallbackFilter, *, limit: int = 50, after: Sequence[str] | None = None
    ) -> Page[CallbackRequest]:
        self.reads += 1
        found = [one for one in self.requests.values() if one.state in wanted.states]
        if wanted.contact_id is not None:
            found = [one for one in found if one.contact_id == wanted.contact_id]
        return Page(tuple(found))

    async def get(self, id: str) -> CallbackRequest:
        if id not in self.requests:
            raise Missing(id)
        return self.requests[id]

    async def claim(self, worker: str, id: str, lease: timedelta) -> CallbackRequest | None:
        known = await self.get(id)
        if known.state not in STANDING:
            return None
        self.claims.append((worker, id))
        self._change(id, state=CallbackState.DIALLING, attempts=known.attempts + 1)
        return self.requests[id]

    async def put_back(self, worker: str, id: str, not_before: datetime) -> CallbackRequest:
        known = await self.get(id)
        if known.state is not CallbackState.DIALLING:
            raise Changed("not this worker's", known.version)
        self._change(id, state=CallbackState.OPEN, not_before=not_before)
        return self.requests[id]

    async def reached(self, id: str, reason: str, agent: str | None = None) -> None:
        self._end(id, CallbackState.KEPT, reason)
        if id in self.requests:
            self._change(id, ended_by=agent)

    async def give_up(self, id: str, reason: str, *, unwanted: bool = False) -> None:
        self._end(id, CallbackState.CANCELLED if unwanted else CallbackState.BROKEN, reason)

    def _end(self, id: str, state: CallbackState, reason: str) -> None:
        self.ends.append((id, state.value, reason))
        if id in self.requests:
            self._change(id, state=state, ended_reason=reason)

    def _change(self, id: str, **changed: object) -> None:
        known = self.requests[id]
        self.requests[id] = replace(known, version=known.version + 1, **changed)  # type: ignore[arg-type]
