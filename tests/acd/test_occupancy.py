"""How occupied an agent was within the last hour, however often it is asked."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from acd.agents import Agent, AgentState
from acd.seats import HOUR, Part, Seat
from acd.work import WorkKind
from tests.acd.floors import START

pauses = st.floats(0, 2000).map(lambda seconds: timedelta(seconds=round(seconds, 3)))


@given(st.lists(st.tuples(pauses, st.lists(pauses, max_size=3), pauses), max_size=8), pauses)
def test_the_last_hour_is_added_up_as_if_anew(
    works: list[tuple[timedelta, list[timedelta], timedelta]], rest: timedelta
) -> None:
    """Each: a pause, moments within the work at which it is asked, and the rest of the work."""
    seat, now = Seat(Agent("anna")), START
    done: list[tuple[datetime, datetime]] = []

    def check() -> None:
        since = now - HOUR
        busy = sum((end - max(begun, since) for begun, end in done if end > since), timedelta())
        assert seat.occupancy_percent(now) == 100 * busy // HOUR

    for pause, moments, end in works:
        now += pause
        check()
        part, begun = Part("work", WorkKind.CALL, "", now), now
        seat.begin(part, AgentState.TALKING, now)
        for moment in moments:
            now += moment
            done.append((begun, now))
            check()
            done.pop()
        now += end
        done.append((begun, now))
        seat.end(part, now)
        check()
    for _ in range(4):
        now += rest
        check()
