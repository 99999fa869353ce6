"""A whole hotline, a real Asterisk, callers by SIP and RTP: what is said reaches the history."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.house import take_ports
from tests.running import running
from tests.sipp import run_sipp

pytestmark = [pytest.mark.live, pytest.mark.timeout(150)]


def kinds(row: dict[str, object]) -> list[str]:
    events = row["events"]
    assert isinstance(events, list)
    return [event["kind"] for event in events]


async def test_a_simulated_caller_orders_by_voice_and_keys(tmp_path: Path) -> None:
    with take_ports() as ports:
        async with running(tmp_path, ports) as hotline:
            # The menu is still being said when the caller speaks: the keys wait until that was surely heard.
            script = "press 2; say 'order'; wait 6; press 123456; press 1; press 2"
            _, transcript, _ = await hotline.run("call", "--script", script, limit_seconds=120)
            (row,) = await hotline.rows(1)
    assert "caller   presses 2" in transcript
    assert "[automatic]" in transcript
    assert row["channel"] == "call"
    assert row["direction"] == "inbound"
    assert row["outcome"] in ("completed", "transferred")
    assert row["language"] == "en"
    assert row["contact_points"] == [{"kind": "phone", "value": "+48220000001"}]
    assert row["path"][:2] == ["language", "main"]
    assert row["heard"][0] == "2"
    assert "order" in row["heard"]
    assert "123456" in "".join(row["heard"])
    assert row["duration_seconds"] > 5
    assert kinds(row)[:3] == ["received", "answered", "flow_started"]
    assert kinds(row)[-1] == "ended"
    ats = [event["at"] for event in row["events"]]
    assert ats == sorted(ats)


async def test_a_message_left_is_kept_and_named_in_the_history(tmp_path: Path) -> None:
    with take_ports() as ports:
        async with running(tmp_path, ports) as hotline:
            script = "press 2; press 9; say 'please call me back about my parcel'; interrupt; press #"
            await hotline.run("call", "--script", script, "--from", "+48220000007", limit_seconds=120)
            (row,) = await hotline.rows(1)
            assert row["outcome"] == "voicemail"
            assert row["channel"] == "voicemail"
            recording = tmp_path / "recordings" / f"{row['recording']}.sealed"
            assert recording.stat().st_size > 16000  # more than a second of 8 kHz audio
            assert recording.stat().st_mode & 0o077 == 0
            assert "message_left" in kinds(row)


async def test_two_sip_callers_at_once_and_an_unknown_number(tmp_path: Path) -> None:
    with take_ports() as ports:
        async with running(tmp_path, ports) as hotline:
            result = await run_sipp(
                "caller",
                folder=tmp_path,
                sip_port=ports.sip,
                local_port=ports.spare(0),
                audio_port=ports.spare(2),
                calls=2,
                rate=2,
                stay_seconds=2,
            )
            assert result.ok, result.output
            unknown = await run_sipp(
                "patient",
                folder=tmp_path,
                sip_port=ports.sip,
                local_port=ports.spare(5),
                audio_port=ports.spare(7),
                number="999",
                limit_seconds=40,
            )
            assert unknown.ok, unknown.output
            rows = await hotline.rows(3)
    served = [row for row in rows if row["to"] == "100"]
    assert [row["outcome"] for row in served] == ["abandoned", "abandoned"]
    assert all(row["data"]["ended_by"] == "caller" for row in served)
    (lost,) = [row for row in rows if row["to"] == "999"]
    assert lost["outcome"] == "unknown_number"
    assert lost["flow"] == "unknown-number"
    assert lost["data"]["ended_by"] == "flow"
    assert "trouble" in kinds(lost)
