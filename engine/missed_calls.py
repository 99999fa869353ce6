"""Missed calls by rule: which callers are called back although they did not ask. Pure.

Whether they were served by another call, or want no calls, the database knows: it is looked at in the
transaction that writes the request.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from calls.call import Call, Direction
from calls.numbers import parse_number
from calls.outcome import Outcome
from calls.queue_stay import QueueStay
from history.callback_windows import own_window
from history.callbacks import CallbackRequest, CallbackSource
from history.interaction import ContactPoint, PointKind
from schedules.opening_hours import OPEN, OpeningHours


@dataclass(frozen=True, slots=True)
class MissedCalls:
    """`numbers`: calls to these. `outcomes`: how a queue was left, as the call's log says it.

    `shortest_wait_seconds`: who gave up sooner is not called back. `within`: the window; None: no end.
    `closed`: so are calls that came outside `hours`, but for those that left a message.
    """

    numbers: frozenset[str]
    topic: str = "missed"
    outcomes: frozenset[str] = frozenset({"abandoned"})
    shortest_wait_seconds: float = 5.0
    within: timedelta | None = timedelta(hours=4)
    hours: OpeningHours | None = None
    closed: bool = False

    def request_of(
        self, call: Call, stay: QueueStay | None, *, found_later: bool, at: datetime, region: str
    ) -> CallbackRequest | None:
        """The request that an ended call deserves. `found_later`: no engine served it to its end.

        The window is counted from `at`, which is now: nobody knew of a call that was found later.
        """
        if call.direction is not Direction.INBOUND or call.dialled not in self.numbers:
            return None
        unserved = self._gave_up(stay) or self._found_closed(call) or (found_later and not call.agent)
        if call.agent or call.outcome is Outcome.TRANSFERRED or not unserved:
            return None
        number = parse_number(call.caller, region).e164
        if number is None:
            return None
        window = own_window(at, self.within, self.hours)
        return CallbackRequest(
            id=f"{call.id}-missed",
            point=ContactPoint(PointKind.PHONE, number),
            topic=self.topic,
            source=CallbackSource.MISSED,
            requested_at=call.ended_at or at,
            window_from=window.begins,
            window_to=window.ends,
            queue=stay.queue if stay else None,
            place_kept_at=stay.since if stay else None,
            call_id=call.id,
            language=call.language,
        )

    def _found_closed(self, call: Call) -> bool:
        if not self.closed or self.hours is None or call.outcome is Outcome.VOICEMAIL:
            return False
        return self.hours.at(call.started_at) != OPEN and call.duration_seconds >= self.shortest_wait_seconds

    def _gave_up(self, stay: QueueStay | None) -> bool:
        return (
            stay is not None
            and stay.outcome in self.outcomes
            and stay.waited_seconds >= self.shortest_wait_seconds
        )
