"""Calls folded from Asterisk's own log."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from asterisk.cel import (
    CelLeg,
    CelRow,
    CelUnreadable,
    calls_since,
    fold_calls,
    fold_leg,
    make_cel_table,
    prune_cel,
)
from asterisk.folders import RuntimeFolders
from asterisk.network_log import CelNetworkLog
from asterisk.tidying import LONGEST_LOG_BYTES, tidy

ARGUMENTS = "infolinia,inbound,carrier,100,0,0"


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def row(event: str, seconds: float, app: str = "", data: str = "", **more: str) -> CelRow:
    return CelRow(
        event,
        seconds,
        more.get("linkedid", "n-1.0"),
        more.get("uniqueid", "n-1.0"),
        more.get("exten", "100"),
        "48220000011",
        app,
        data,
        more.get("extra", ""),
    )


def test_a_call_that_the_engine_served() -> None:
    rows = [
        row("CHAN_START", 10.0),
        row("APP_START", 10.1, "Stasis", ARGUMENTS),
        row("ANSWER", 10.2, "Stasis", ARGUMENTS),
        row("BRIDGE_ENTER", 11.0, "Stasis", ARGUMENTS, linkedid="n-0.9"),
        row("HANGUP", 15.1, "Stasis", ARGUMENTS),
        row("CHAN_END", 15.2, "Stasis", ARGUMENTS),
    ]
    (call,) = fold_calls(rows, at(0))
    assert (call.linkedid, call.trunk, call.dialled) == ("n-1.0", "carrier", "100")
    assert (call.started_at, call.answered_at, call.ended_at) == (at(10.0), at(10.2), at(15.2))
    assert call.engine_seconds == pytest.approx(5.0)
    assert call.away_count == 0
    assert call.message is None


@pytest.mark.parametrize(
    ("rows", "leg"),
    [
        ([row("CHAN_START", 10.0)], CelLeg()),
        (
            [row("ANSWER", 14.0), row("HANGUP", 15.0, extra='{"hangupcause":16}'), row("CHAN_END", 15.1)],
            CelLeg(at(14.0), at(15.0), 16),
        ),
        ([row("HANGUP", 15.0, extra='{"hangupcause":17,"dialstatus":""}')], CelLeg(None, at(15.0), 17)),
        ([row("HANGUP", 15.0, extra="")], CelLeg(None, at(15.0))),
        ([row("HANGUP", 15.0, extra='["hangupcause"]')], CelLeg(None, at(15.0))),
        ([row("CHAN_END", 15.1)], CelLeg(None, at(15.1))),
    ],
)
def test_a_leg_that_we_placed(rows: list[CelRow], leg: CelLeg) -> None:
    assert fold_leg(rows) == leg


def test_an_engine_that_died_during_the_call_and_then_was_away() -> None:
    rows = [
        row("CHAN_START", 10.0),
        row("APP_START", 10.0, "Stasis", ARGUMENTS),
        row("ENGINE_AWAY", 40.0, "CELGenUserEvent", "ENGINE_AWAY,deadman", extra='{"extra":"deadman"}'),
        row("APP_START", 42.0, "Stasis", "infolinia,inbound,carrier,100,1,1"),
        row("APP_END", 42.1, "Stasis", "infolinia,inbound,carrier,100,1,1"),
        row("ENGINE_AWAY", 42.1, "CELGenUserEvent", "ENGINE_AWAY,x", extra='{"extra":"unregistered"}'),
        row("CHAN_END", 43.0),
    ]
    (call,) = fold_calls(rows, at(0))
    assert call.engine_seconds == pytest.approx(30.0)
    assert call.away_count == 2


def test_legs_that_did_not_arrive_from_outside_are_no_calls() -> None:
    rows = [
        row("CHAN_START", 10.0, uniqueid="n-1.1"),
        row("APP_START", 10.1, "Stasis", "infolinia", uniqueid="n-1.1"),
        row("CHAN_END", 11.0, uniqueid="n-1.1"),
        row("CHAN_START", 10.0, uniqueid="n-1.2"),
        row("CHAN_END", 11.0, uniqueid="n-1.2"),
    ]
    assert list(fold_calls(rows, at(0))) == []


@pytest.mark.parametrize(("booted_at", "crashed"), [(at(5), False), (at(50), True), (None, True)])
def test_a_call_without_an_end_crashed_if_its_asterisk_is_gone(
    booted_at: datetime | None, crashed: bool
) -> None:
    rows = [
        row("CHAN_START", 10.0),
        row("APP_START", 10.1, "Stasis", ARGUMENTS),
        row("ANSWER", 12.0, "Stasis"),
    ]
    (call,) = fold_calls(rows, booted_at)
    assert call.crashed is crashed
    assert call.ended_at is None
    assert call.last_seen_at == at(12.0)
    assert call.engine_seconds == pytest.approx(1.9)


def test_a_message_is_measured_and_one_that_is_gone_or_empty_is_not_told(tmp_path: Path) -> None:
    path = tmp_path / "n-1.0.wav"
    rows = [
        row("CHAN_START", 10.0),
        row("APP_START", 10.1, "Stasis", ARGUMENTS),
        row("APP_START", 20.0, "Record", f"{path},5,120,k"),
        row("CHAN_END", 30.0),
    ]
    assert next(fold_calls(rows, at(0))).message is None
    path.write_bytes(bytes(44 + 24000))
    assert next(fold_calls(rows, at(0))).message is None, "nothing was said"
    path.write_bytes(bytes(44 + 16000) + (1000).to_bytes(2, "little") * 4000)
    (call,) = fold_calls(rows, at(0))
    assert (call.message, call.message_seconds) == (path, 1.5)


async def test_a_number_that_is_no_text_hides_no_call(tmp_path: Path) -> None:
    log = tmp_path / "cel.db"
    make_cel_table(log)
    with closing(sqlite3.connect(log)) as database:
        for uniqueid, caller in (("n-1.0", b"\xff\xfe"), ("n-2.0", b"48220000011")):
            for event, seconds in (("CHAN_START", 10.0), ("APP_START", 10.1), ("CHAN_END", 12.0)):
                database.execute(
                    "INSERT INTO cel (event, at, linkedid, uniqueid, exten, caller, app, app_data, extra)"
                    " VALUES (?, ?, ?, ?, '100', CAST(? AS TEXT), 'Stasis', ?, '')",
                    (event, seconds, uniqueid, uniqueid, caller, ARGUMENTS),
                )
        database.commit()
    odd, plain = await calls_since(log, at(0), at(0))
    assert (odd.linkedid, odd.caller, odd.ended_at) == ("n-1.0", "\ufffd\ufffd", at(12))
    assert (plain.linkedid, plain.caller) == ("n-2.0", "48220000011")


async def test_what_is_no_call_log_is_told(tmp_path: Path) -> None:
    with pytest.raises(CelUnreadable, match="cannot be read"):
        await calls_since(tmp_path / "cel.db", at(0), None)
    (tmp_path / "cel.db").write_text("not a database, but long enough to be taken for one" * 10)
    with pytest.raises(CelUnreadable, match="cannot be read"):
        await calls_since(tmp_path / "cel.db", at(0), None)


async def test_old_rows_and_long_logs_are_put_away(tmp_path: Path) -> None:
    folders = RuntimeFolders(tmp_path)
    for place in (folders.state, folders.log):
        place.mkdir()
    make_cel_table(folders.cel_db)
    make_cel_table(folders.cel_db)  # again, on a table with rows to keep
    database = sqlite3.connect(folders.cel_db)
    rows = [("CHAN_START", 10.0 + n, f"n-{n}") for n in range(5)] + [("CHAN_START", 4e9, "n-new")]
    database.executemany("INSERT INTO cel (event, at, uniqueid) VALUES (?, ?, ?)", rows)
    database.commit()
    assert prune_cel(folders.cel_db, at(100), most_rows=2) == 2
    left = [name for (name,) in database.execute("SELECT uniqueid FROM cel ORDER BY at")]
    assert left == ["n-2", "n-3", "n-4", "n-new"], "the oldest go first"
    assert tidy(folders) is False
    assert database.execute("SELECT uniqueid FROM cel").fetchall() == [("n-new",)]
    database.close()
    with folders.message_log.open("wb") as file:
        file.truncate(LONGEST_LOG_BYTES + 1)
    assert tidy(folders) is True
    assert not folders.message_log.exists()
    assert (folders.log / "messages.1").exists()


async def test_what_was_being_recorded_for_a_flow_is_found_and_is_no_message(tmp_path: Path) -> None:
    for name in ("c1.clip.7.wav", "c1.message.9.wav", "c11.clip.7.wav", "c2.clip.3.wav"):
        (tmp_path / name).touch()
    network_log = CelNetworkLog(tmp_path / "cel.db", lambda: None, tmp_path)
    assert await network_log.clips_of("c1") == [str(tmp_path / "c1.clip.7.wav")]
    assert await network_log.clips_of("c3") == []
    assert await network_log.message_of("c2") is None
