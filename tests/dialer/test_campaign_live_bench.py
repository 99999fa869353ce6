"""The bench of a real campaign: what it reads out of the logs, and what it holds against the forecast."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, insert

from bench import campaign_live_world as world
from bench.campaign_live_figures import Measured, Played, Rung, measured
from bench.campaign_live_page import aims, text
from dialer.machine import ASSUMED_ERROR, Detect
from store.tables.attempts import attempts
from store.tables.calls import call_events
from store.tables.columns import metadata
from store.tables.interactions import interactions

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
WRAP = "wrapped_up"
CORES = dict.fromkeys(("engine", "asterisk", "public", "bench", "others"), 0.1)


def number(place: int) -> str:
    return f"+4860000000{place}"


def rung(place: int, *, answered: float | None = None, agent: float | None = None, ended: float) -> Rung:
    at = NOON.timestamp()
    return Rung(
        number(place),
        at,
        person=True,
        talk_seconds=20.0,
        answered_at=None if answered is None else at + answered,
        agent_at=None if agent is None else at + agent,
        ended_at=at + ended,
    )


def row(place: int, verdict: float, agent: str | None) -> dict[str, object]:
    return {
        "id": f"call-{place}",
        "lead": f"lead-{place}",
        "campaign": world.QUEUE,
        "contact_id": "c",
        "number": number(place),
        "caller_id": "+48220000010",
        "mode": "predictive",
        "step": 1,
        "at": NOON,
        "reserved_at": NOON,
        "verdict_at": NOON + timedelta(seconds=verdict),
        "result": "answered" if agent else "abandoned",
        "agent": agent,
        "abandoned": not agent,
        "live": True,
        "message_played": False,
        "conversation": bool(agent),
    }


def in_history(place: int) -> dict[str, object]:
    needed = {column.name for column in interactions.c if not column.nullable} - {"number"}
    told = {"at": NOON, "channel": "call", "subject_id": f"call-{place}", "duration_seconds": 1.0}
    lists: dict[str, object] = {"path": [], "heard": []}
    return {**dict.fromkeys(needed, ""), **told, **lists, "id": f"row-{place}"}


@pytest.fixture
def run(tmp_path: Path) -> Played:
    """Anna talks from 10 to 30 and wraps up until 40, and again from 41; nobody had time for the third."""
    file = tmp_path / "run.db"
    engine = create_engine(f"sqlite:///{file}")
    metadata.create_all(engine)
    with engine.begin() as database:
        for place, verdict, talk, ended in (
            (1, 9.9, 10.0, 30.0),
            (2, 39.0, 41.0, 70.0),
            (3, 20.0, None, 0.0),
        ):
            database.execute(insert(attempts).values(row(place, verdict, "anna" if talk else None)))
            if talk is None:
                continue
            database.execute(insert(interactions).values(in_history(place)))
            for seq, at, kind in (
                (1, talk, "agent_connected"),
                (2, ended, "talk_ended"),
                (3, ended + 10, WRAP),
            ):
                moment = NOON + timedelta(seconds=at)
                event = {"call_id": f"call-{place}", "seq": seq, "at": moment, "kind": kind, "data": {}}
                database.execute(insert(call_events).values(event))
    engine.dispose()
    at = NOON.timestamp()
    return Played(
        file,
        began=at,
        seconds=60.0,
        onsets={"anna": [at + 10.05, at + 41.03]},
        rung=(
            rung(1, answered=8.6, agent=10.2, ended=30.0),
            rung(2, answered=37.7, agent=41.2, ended=70.0),
            rung(3, answered=18.7, ended=22.0),
            rung(4, ended=15.0),
        ),
        open_lines=CORES,
        campaigning=CORES,
    )


def test_what_a_run_came_to(run: Played) -> None:
    found = measured(run)
    assert found.utilisation == pytest.approx((30 + 19) / (world.AGENTS * 60))
    assert (found.people, found.dropped, found.connected) == (3, 1, 2)
    # The second had to wait until Anna was done: that is no matter of the line.
    assert list(found.heard) == pytest.approx([0.15], abs=1e-6)
    assert list(found.silence) == pytest.approx([1.45, 3.33], abs=1e-6)
    assert found.unheard == 0
    assert found.talks == (20.0, 20.0)
    assert (found.rung, found.attempts, found.twice, found.lost) == (4, 3, 0, 0)
    assert (found.unknown, found.not_in_history) == (1, 1)
    assert not found.agrees


def test_who_is_called_twice_or_not_heard_is_found(run: Played) -> None:
    found = measured(replace(run, rung=(*run.rung[:3], run.rung[0]), onsets={}))
    assert (found.twice, found.unheard, found.heard) == (1, 2, ())


def test_the_forecast_is_made_with_what_the_engine_gives_to_its_pacer() -> None:
    paced = world.settings(NOON, Detect.AMD)
    assert (paced.lines, paced.ring_timeout, paced.tick) == (world.LINES, world.RING_SECONDS, 0.5)
    assert paced.machine_error == ASSUMED_ERROR
    assert world.settings(NOON, Detect.OFF).machine_error == 0


def test_a_run_outside_its_forecast_is_said_to_be(run: Played) -> None:
    found = replace(measured(run), unknown=0, not_in_history=0)
    outlook = world.outlook(1.0, 2, world.settings(NOON, Detect.AMD), Detect.AMD, jobs=1)
    fits = replace(
        found, utilisation=outlook.utilisation.expected, people=100, dropped=0, connected=100, unheard=0
    )
    assert next(aims([fits], outlook)) == "- Run 1: reached."
    (told,) = aims([replace(fits, utilisation=0.99, heard=(0.2,) * 20)], outlook)
    assert "utilisation 99.0% is outside" in told
    assert "p95 is 200 ms" in told
    facts = {"date": "2026-11-22", "cores": 2, "processor": "one", "asterisk": "22", "python": "3.11"}
    assert "**no**" in text([_twice(fits)], outlook, facts)


def _twice(one: Measured) -> Measured:
    return replace(one, utilisation=0.99, twice=1)
