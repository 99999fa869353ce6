"""Truth after a crash: every call that was under way, or came while we were away, gets a true end.

Three sources are laid side by side whenever Asterisk is (again) connected: the channels alive in it, our own
calls without an end, and Asterisk's own log (CEL).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from calls.call import Call
from calls.control import CallControlError, ChannelSnapshot
from calls.events import CallEventKind
from calls.numbers import parse_number
from calls.outcome import Outcome
from engine.call_log import CallLog, point_of
from engine.changes import InteractionAdded
from engine.exchange import Exchange
from engine.placing.broken_off import NETWORK_LOG, BrokenOff
from engine.placing.ringing import is_callee
from engine.ports import LedgerUnavailable, LoggedCall, NetworkLog, Queries, RecordingLost
from engine.switchboard import Switchboard
from engine.transfer import call_of_leg
from history.interaction import Channel, interaction_of
from ivr.steps.voicemail import Voicemail

# How far back Asterisk's log is searched on connecting, and how often for callers whom the dialplan served.
# The later looks read only what ended since the one before, and this much again: what was not settled then.
FIRST_LOOK_BACK = timedelta(days=7)
LOOK_AGAIN_SECONDS = 15.0
OVERLAP = timedelta(minutes=1)
# A caller who waits came no longer ago.
LONGEST_WAIT = timedelta(hours=3)
# A call that came and ended in a moment may not have reached us yet: it is not missed for this long.
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
        self._broken_off = BrokenOff(exchange, queries, network_log)
        self._once = asyncio.Lock()
        self._taken: set[str] = set()  # messages of the dialplan that were moved, or could not be
        self._began_at = exchange.clock.now()
        self._looked_at: datetime | None = None  # the last look that came to its end

    async def after_connecting(self) -> None:
        """Adopt or end what was under way, then find what was missed. Raises LedgerUnavailable."""
        self._looked_at = None
        await self._compare()

    async def watch(self) -> None:
        """Keep finding calls that the dialplan served without us. Runs until cancelled."""
        while True:
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
            try:
                await self._compare()
            except LedgerUnavailable as unavailable:
                log.warning("calls are not compared with Asterisk's log", why=str(unavailable))
            except Exception:
                log.exception("Asterisk's call log could not be compared with the history; trying again")

    async def _compare(self) -> None:
        """Lay the three sources side by side."""
        exchange = self._exchange
        async with self._once:
            now = exchange.clock.now()
            # In this order: a call that ends while we look was served, and one that ended is in the database.
            served = self._switchboard.served()
            await exchange.ledger.commit((), durable=True)
            unfinished = {
                call.id: call
                for call in await self._queries.unfinished_calls(exchange.node)
                if call.id not in served
            }
            await self._claim_channels(unfinished)
            if self._looked_at is None:
                over = await self._network_log.calls_since(now - FIRST_LOOK_BACK)
            else:
                over = await self._network_log.calls_ended_since(self._looked_at - OVERLAP)
            for call in unfinished.values():
                await self._apart(self._end_if_over(call, over))
            await self._find_missed(over)
            self._looked_at = now

    async def _apart(self, work: Coroutine[None, None, None]) -> None:
        """One call that cannot be recovered must not keep the others from it."""
        try:
            await work
        except Exception:
            log.exception("a call could not be recovered; trying again")

    async def _claim_channels(self, unfinished: dict[str, Call]) -> None:
        """Each channel goes on with its call, which is taken out of `unfinished`, or begins one, or ends."""
        channels = self._switchboard.take_unclaimed()
        for channel in channels:
            if call_of_leg(channel.channel_id) is None:
                await self._apart(self._claim(channel, unfinished))
        for channel in channels:
            call_id = call_of_leg(channel.channel_id)
            if call_id is None or channel.channel_id in self._exchange.campaigns().lines:
                continue
            # Its caller is gone; or it is a supervisor's, whom this engine does not know.
            if not self._switchboard.serves(call_id) or ".leg." not in channel.channel_id:
                await self._hang_up(channel)

    async def _claim(self, channel: ChannelSnapshot, unfinished: dict[str, Call]) -> None:
        for call in list(unfinished.values()):
            if call.network_id != channel.network_id:
                continue
            if self._switchboard.adopt(channel, await self._queries.events(call.id)):
                del unfinished[call.id]
                log.info("a call goes on", call=call.id)
                return
            del unfinished[call.id]
            if is_callee(channel.channel_id):
                await self._end(call, None, source="none: its flow is no longer loaded")
                break
            await self._end(call, None, source="none: the caller begins anew")
            self._switchboard.begin(channel, None)
            return
        if channel.dialled and not is_callee(channel.channel_id):
            self._switchboard.begin(channel, await self._came_at(channel))
        else:
            await self._hang_up(channel)

    async def _came_at(self, channel: ChannelSnapshot) -> datetime | None:
        """When a caller came whom an earlier engine served for a moment, or nobody."""
        try:
            since = self._exchange.clock.now() - LONGEST_WAIT
            logged = await self._network_log.call(channel.network_id, since)
        except Exception:
            log.exception("Asterisk's call log cannot be read; a caller who waits counts from now on")
            return None
        return None if logged is None else logged.started_at

    async def _hang_up(self, channel: ChannelSnapshot) -> None:
        with contextlib.suppress(CallControlError):  # a leg or media channel left alone may end by itself
            await self._exchange.control.hang_up(channel.channel_id)

    async def _end_if_over(self, call: Call, over: Sequence[LoggedCall]) -> None:
        """End a call of an earlier engine, or one that was handed over to the dialplan, once it is over."""
        if self._switchboard.serves(call.id):
            return
        if is_callee(call.network_id):
            await self._broken_off.end(call, of_this_engine=call.started_at >= self._began_at)
            return
        for logged in over:
            if logged.network_id == call.network_id:
                if self._settled(logged):
                    await self._end(call, logged)
                return
        if call.started_at < self._began_at:
            since = call.started_at - _SLACK
            if await self._network_log.call(call.network_id, since) is None:
                await self._end(call, None, source="none: the call is in no log")

    async def _end(self, call: Call, logged: LoggedCall | None, *, source: str = NETWORK_LOG) -> None:
        """Write the end that nobody wrote. `logged`: Asterisk's log of it, None when it tells nothing."""
        events = await self._queries.events(call.id)
        call_log = self._exchange.call_log(call.id)
        call_log.resume(events)
        await call_log.write(CallEventKind.RECONCILED, {"source": source})
        ended_at = events[-1].at
        if logged is not None:
            ended_at = max(ended_at, logged.ended_at or logged.last_seen_at)
            await self._message(call_log, logged)
            await self._broken_off_message(call_log, logged)
        if any(e.kind is CallEventKind.TROUBLE and e.data["what"] == "fault" for e in events):
            await call_log.end("fault", Outcome.FAILED, at=ended_at)
        else:
            await call_log.end("network", Outcome.LOST, at=ended_at)

    def _settled(self, logged: LoggedCall) -> bool:
        """Whether what the engine had to write of it must have been written."""
        last_at = logged.ended_at or logged.last_seen_at
        return logged.started_at < self._began_at or last_at < self._exchange.clock.now() - SETTLING

    async def _find_missed(self, over: Sequence[LoggedCall]) -> None:
        """Calls that came while no engine took them: the dialplan held them and took a message."""
        known = await self._queries.calls_of([logged.network_id for logged in over])
        for logged in filter(self._settled, over):
            call_id = known.get(logged.network_id)
            if call_id is None:
                await self._apart(self._write_missed(logged))
            elif logged.message_path is not None and logged.message_path not in self._taken:
                await self._apart(self._add_message(call_id, logged))

    async def _add_message(self, call_id: str, logged: LoggedCall) -> None:
        """A message that the dialplan took after our own log of the call had ended: a row of its own."""
        exchange = self._exchange
        call = await self._queries.call(call_id)
        name = await self._keep(call_id, logged)
        if call is None or name is None:
            return
        row = replace(
            interaction_of(call, exchange.ids.new(), point_of(call, exchange.region)),
            at=logged.last_seen_at,
            channel=Channel.VOICEMAIL,
            outcome=Outcome.VOICEMAIL.value,
            duration_seconds=logged.message_seconds,
            recording=name,
            data={"source": NETWORK_LOG},
        )
        await exchange.ledger.commit([InteractionAdded(row, exchange.ids.new())])
        log.info("a message taken after the end of its call is in the history", call=call_id)

    async def _write_missed(self, logged: LoggedCall) -> None:
        exchange = self._exchange
        call_log = exchange.call_log(exchange.ids.new())
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
        await call_log.write(CallEventKind.RECONCILED, {"source": NETWORK_LOG})
        await self._message(call_log, logged)
        outcome = Outcome.LOST if logged.ended_at is None else Outcome.ABANDONED
        by = "network" if logged.ended_at is None else "caller"
        await call_log.end(by, outcome, at=logged.ended_at or logged.last_seen_at)
        log.info("a call that came while the engine was away is in the history", call=call_log.call.id)

    async def _message(self, call_log: CallLog, logged: LoggedCall, *, box: str = "dialplan") -> None:
        if logged.message_path is None:
            return
        name = await self._keep(call_log.call.id, logged)
        if name is None:
            detail = f"the message at {logged.message_path} could not be kept"
            await call_log.write(CallEventKind.TROUBLE, {"what": "voicemail", "detail": detail})
            return
        await call_log.write(
            CallEventKind.MESSAGE_LEFT,
            {"box": box, "recording": name, "seconds": round(logged.message_seconds, 1)},
        )

    async def _broken_off_message(self, call_log: CallLog, logged: LoggedCall) -> None:
        """What the caller was saying when the engine died: the network went on recording it."""
        found = await self._network_log.message_of(call_log.call.id)
        if found is not None:
            path, seconds = found
            message = replace(logged, message_path=path, message_seconds=seconds)
            await self._message(call_log, message, box=self._box_of(call_log.call))
        for path in await self._network_log.clips_of(call_log.call.id):
            await self._exchange.recordings.discard(path)  # no flow is left that wanted it

    def _box_of(self, call: Call) -> str:
        """Where the step that the call was in puts its message; empty when its flow is no longer loaded."""
        flow = self._exchange.flows.by_version(call.flow or "", call.flow_version or "")
        step = flow.steps.get(call.path[-1]) if flow is not None and call.path else None
        return step.body.box if step is not None and isinstance(step.body, Voicemail) else ""

    async def _keep(self, call_id: str, logged: LoggedCall) -> str | None:
        """The recording's name, or None when it could not be kept; each is tried once."""
        assert logged.message_path is not None
        self._taken.add(logged.message_path)
        try:
            return await self._exchange.recordings.keep(logged.message_path, call_id, logged.started_at)
        except RecordingLost as lost:
            log.warning("a message could not be kept", call=call_id, why=str(lost))
            return None
