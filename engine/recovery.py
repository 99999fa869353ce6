"""Truth after a crash: every call that was under way, or came while we were away, gets a true end.

Three sources are laid side by side whenever Asterisk is (again) connected: the channels alive in it, our own
calls without an end, and Asterisk's own log (CEL).
"""

from __future__ import annotations

import asyncio
import contextlib
from datetime import datetime, timedelta

import structlog

from calls.call import Call
from calls.control import CallControlError, ChannelSnapshot
from calls.events import CallEventKind
from calls.numbers import parse_number
from calls.outcome import Outcome
from engine.call_log import CallLog
from engine.ports import LoggedCall, NetworkLog, Queries, RecordingLost
from engine.switchboard import Exchange, Switchboard

# How far back Asterisk's log is searched at the start, and how often for callers whom the dialplan served.
FIRST_LOOK_BACK = timedelta(days=7)
LOOK_AGAIN_SECONDS = 15.0
LOOK_BACK = timedelta(hours=3)
# A call of ours that has just ended may not be in the database yet: it is not missed for this long.
SETTLING = timedelta(seconds=10)
_SLACK = timedelta(seconds=5)  # between Asterisk's first sign of a call and ours

log = structlog.get_logger(__name__)


class Recovery:
    """Adopts, ends and finds calls."""

    def __init__(
        self, exchange: Exchange, switchboard: Switchboard, queries: Queries, network_log: NetworkLog
    ) -> None:
        self._exchange = exchange
        self._switchboard = switchboard
        self._queries = queries
        self._network_log = network_log
        self._once = asyncio.Lock()
        self._began_at = exchange.clock.now()

    async def after_connecting(self) -> None:
        """Adopt or end what was under way, then find what was missed."""
        async with self._once:
            unfinished = {
                call.network_id: call
                for call in await self._queries.unfinished_calls(self._exchange.node)
                if not self._switchboard.serves(call.id)
            }
            for channel in self._switchboard.take_unclaimed():
                await self._claim(channel, unfinished.pop(channel.network_id, None))
            for call in unfinished.values():
                await self._end(call)
            await self._find_missed(self._exchange.clock.now() - FIRST_LOOK_BACK)

    async def watch(self) -> None:
        """Keep finding calls that the dialplan served without us. Runs until cancelled."""
        while True:
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
            try:
                async with self._once:
                    await self._find_missed(self._exchange.clock.now() - LOOK_BACK)
            except Exception:
                log.exception("Asterisk's call log could not be compared with the history; trying again")

    async def _claim(self, channel: ChannelSnapshot, call: Call | None) -> None:
        if call is not None:
            events = await self._queries.events(call.id)
            if self._switchboard.adopt(channel, call, events):
                log.info("a call goes on", call=call.id)
                return
            await self._end(call)
        if channel.dialled:
            self._switchboard.begin(channel)
            return
        with contextlib.suppress(CallControlError):  # a leg or media channel left alone may end by itself
            await self._exchange.control.hang_up(channel.channel_id)

    async def _end(self, call: Call) -> None:
        """One of our calls whose end nobody wrote: Asterisk's log knows it, or died with the call."""
        logged = await self._network_log.call(call.network_id, call.started_at - _SLACK)
        events = await self._queries.events(call.id)
        last_at = events[-1].at if events else call.started_at
        call_log = self._call_log(call.id)
        if events:
            call_log.resume(events)
        source = "asterisk's call log" if logged is not None else "none: the call is in no log"
        await call_log.write(CallEventKind.RECONCILED, {"source": source})
        if logged is None or logged.ended_at is None:
            seen_at = last_at if logged is None else max(logged.last_seen_at, last_at)
            await call_log.end("network", Outcome.LOST, at=seen_at)
            return
        await self._message(call_log, logged)
        await call_log.end("network", Outcome.LOST, at=max(logged.ended_at, last_at))

    async def _find_missed(self, since: datetime) -> None:
        """Calls that came while no engine took them: the dialplan held them and took a message."""
        logged = await self._network_log.calls_since(since)
        known = await self._queries.known_network_ids([call.network_id for call in logged])
        settled = self._exchange.clock.now() - SETTLING
        for call in logged:
            over = (call.ended_at or call.last_seen_at) < settled or call.started_at < self._began_at
            if over and call.network_id not in known:
                await self._write_missed(call)

    async def _write_missed(self, logged: LoggedCall) -> None:
        exchange = self._exchange
        call_log = self._call_log(exchange.ids.new())
        await call_log.write(
            CallEventKind.RECEIVED,
            {
                "direction": "inbound",
                "caller": parse_number(logged.caller, exchange.region).shown,
                "dialled": logged.dialled,
                "trunk": logged.trunk,
                "network_id": logged.network_id,
                "node": exchange.node,
            },
            at=logged.started_at,
        )
        if logged.answered_at is not None:
            await call_log.write(CallEventKind.ANSWERED, at=logged.answered_at)
        await call_log.write(CallEventKind.RECONCILED, {"source": "asterisk's call log"})
        await self._message(call_log, logged)
        outcome = Outcome.LOST if logged.ended_at is None else Outcome.ABANDONED
        by = "network" if logged.ended_at is None else "caller"
        await call_log.end(by, outcome, at=logged.ended_at or logged.last_seen_at)
        log.info("a call that came while the engine was away is in the history", call=call_log.call.id)

    async def _message(self, call_log: CallLog, logged: LoggedCall) -> None:
        if logged.message_path is None:
            return
        try:
            name = await self._exchange.recordings.keep(
                logged.message_path, call_log.call.id, logged.started_at
            )
        except RecordingLost as lost:
            await call_log.write(CallEventKind.TROUBLE, {"what": "voicemail", "detail": str(lost)})
            return
        await call_log.write(
            CallEventKind.MESSAGE_LEFT,
            {"box": "dialplan", "recording": name, "seconds": round(logged.message_seconds, 1)},
        )

    def _call_log(self, call_id: str) -> CallLog:
        exchange = self._exchange
        return CallLog(
            call_id,
            ledger=exchange.ledger,
            clock=exchange.clock,
            ids=exchange.ids,
            live=exchange.live,
            region=exchange.region,
        )
