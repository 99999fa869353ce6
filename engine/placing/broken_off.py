"""Calls that we placed and that nobody leads any more: each gets its end, by Asterisk's log if it can."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from calls.call import Call, fold
from calls.events import CallEvent, CallEventKind
from calls.outcome import Outcome, outcome_of_unanswered
from engine.exchange import Exchange
from engine.ports import LoggedLeg, NetworkLog, Queries

NETWORK_LOG = "asterisk's call log"
# A call that was written and not dialled since: the database's answer to its first event was lost.
IN_DOUBT = timedelta(seconds=60)


class BrokenOff:
    def __init__(self, exchange: Exchange, queries: Queries, network_log: NetworkLog) -> None:
        self._exchange = exchange
        self._queries = queries
        self._network_log = network_log

    async def end(self, call: Call, *, of_this_engine: bool) -> None:
        """`call` is in no switchboard. One of this engine's own is ended only if it was never dialled.

        Raises LedgerUnavailable, and what the logs raise.
        """
        events = await self._queries.events(call.id)
        if not of_this_engine:
            await self._end(events, await self._network_log.leg(call.network_id))
        elif len(events) == 1 and self._exchange.clock.now() - call.started_at >= IN_DOUBT:
            await self._close(events, Outcome.FAILED, "none: it was never dialled")

    async def _end(self, events: Sequence[CallEvent], leg: LoggedLeg | None) -> None:
        if leg is None:
            await self._close(events, Outcome.LOST, "none: the call is in no log")
            return
        outcome, cause = Outcome.LOST, None
        answered_at = fold(events).answered_at or leg.answered_at
        if answered_at is None and leg.ended_at is not None:
            outcome, cause = _unanswered(leg.cause), leg.cause
        await self._close(events, outcome, NETWORK_LOG, leg, cause)

    async def _close(
        self,
        events: Sequence[CallEvent],
        outcome: Outcome,
        source: str,
        leg: LoggedLeg | None = None,
        cause: int | None = None,
    ) -> None:
        call_log = self._exchange.call_log(events[0].call_id)
        call_log.resume(events)
        last = events[-1].at
        if leg is not None and leg.answered_at is not None and call_log.call.answered_at is None:
            last = max(last, leg.answered_at)
            await call_log.write(CallEventKind.ANSWERED, at=last)
        await call_log.write(CallEventKind.RECONCILED, {"source": source})
        if leg is not None and leg.ended_at is not None:
            last = max(last, leg.ended_at)
        if any(event.kind is CallEventKind.TROUBLE and event.data["what"] == "fault" for event in events):
            await call_log.end("fault", Outcome.FAILED, at=last)
        else:
            await call_log.end("network", outcome, cause or None, at=last)


def _unanswered(cause: int | None) -> Outcome:
    """Of a leg that ended while nobody looked. Asterisk tells no cause when the time to ring is over."""
    return Outcome.NO_ANSWER if not cause else outcome_of_unanswered(cause)
