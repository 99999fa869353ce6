"""Recordings over the API: found, heard by Range by those who may, deleted with a reason."""

from __future__ import annotations

import errno
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from engine.changes import RecordingBegun
from engine.registers.audit import AuditFilter
from engine.registers.recordings import (
    Recording,
    RecordingBasis,
    RecordingState,
    Spoken,
    TranscriptState,
    Word,
)
from engine.seen_notes import SeenNotes
from store.recordings.keys import RecordingKeys
from store.recordings.vault import RecordingVault
from tests.api.serving import RunningApi, running_api
from tests.recordings.sounds import tone, written

AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ONE = "/recordings/c1.rec.4"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[RunningApi]:
    vault = RecordingVault(tmp_path / "recordings", RecordingKeys((bytes(32),), "the test"))
    url = f"sqlite:///{tmp_path}/infolinia.db"
    async with running_api(url, tmp_path, recordings=vault) as api:
        seen = SeenNotes(api.store.accounts.audit, api.parts.clock, flush_seconds=0.01)
        object.__setattr__(api.parts, "seen", seen)
        raw = written(tmp_path, "raw", tone(440, 2), tone(700, 2))
        begun = Recording(
            "c1.rec.4", "c1", "anna", "sales", "infolinia", RecordingBasis.CONSENT, AT, language="en", raw=raw
        )
        kept = await vault.keep_talk(raw, begun.id, AT, "flac")
        await api.store.ledger.commit([RecordingBegun(begun)], durable=True)
        whole = Recording(
            begun.id,
            "c1",
            "anna",
            "sales",
            "infolinia",
            RecordingBasis.CONSENT,
            AT,
            language="en",
            state=RecordingState.KEPT,
            seconds=kept.seconds,
            codec=kept.codec,
            bytes=kept.bytes,
            sha256=kept.sha256,
            key_id=kept.key_id,
            path=kept.path,
            pauses=((0.5, 1.0),),
            peaks=kept.peaks,
        )
        assert await api.store.recordings.put(whole)
        spoken = [Spoken("agent", (Word("hello", 0.1, 0.4, 0.9),))]
        await api.store.recordings.transcribed(begun.id, TranscriptState.DONE, spoken)
        yield api
        await seen.flush()


async def told(api: RunningApi) -> list[str]:
    assert api.parts.seen is not None
    await api.parts.seen.flush()
    entries = await api.store.accounts.audit.entries(AuditFilter(subject="recording:c1.rec.4"), limit=20)
    return sorted({entry.note.action for entry in entries})


async def test_a_recording_is_found_read_and_heard(house: RunningApi) -> None:
    supervisor = house.person("supervisor")
    listed = await supervisor.get("/recordings?call=c1")
    (item,) = listed.json["items"]
    assert (item["id"], item["seconds"], item["basis"], item["pauses"]) == (
        "c1.rec.4",
        2.0,
        "consent",
        [[0.5, 1.0]],
    )
    for query in ("call=c2", "agent=jan", "since=2026-11-23T00:00:00Z", "until=2026-11-22T11:00:00Z"):
        assert (await supervisor.get(f"/recordings?{query}")).json == {"items": [], "next": None}
    one = await supervisor.get(ONE)
    assert one.json["transcript"] == [
        {"side": "agent", "words": [{"text": "hello", "start": 0.1, "end": 0.4, "confidence": 0.9}]}
    ]
    whole = await supervisor.get(f"{ONE}/audio")
    assert (whole.status, whole.headers["Content-Type"], whole.raw[:4]) == (200, "audio/flac", b"fLaC")
    assert len(whole.raw) == item["bytes"]
    part = await supervisor.get(f"{ONE}/audio", headers={"Range": "bytes=100-199"})
    assert (part.status, part.raw) == (206, whole.raw[100:200])
    assert part.headers["Content-Range"] == f"bytes 100-199/{len(whole.raw)}"
    last = await supervisor.get(f"{ONE}/audio", headers={"Range": "bytes=-10"})
    assert last.raw == whole.raw[-10:]
    beyond = await supervisor.get(f"{ONE}/audio", headers={"Range": "bytes=9999999-"})
    assert beyond.status == 416
    assert await told(house) == ["recording.heard", "recording.seen"]


async def test_an_agent_hears_nobody_elses(house: RunningApi) -> None:
    agent = house.person("agent")
    assert (await agent.get("/recordings")).json["items"] == []
    for path in (ONE, f"{ONE}/audio"):
        reply = await agent.get(path)
        assert (reply.status, "own calls" in reply.json["detail"]) == (403, True)
    assert (await house.token("recordings:read").get(ONE)).status == 200
    assert (await house.token("calls:read").get(ONE)).status == 403
    assert (await house.person("supervisor").get("/recordings/nobody")).status == 404


async def test_a_damaged_one_is_told_in_a_sentence(house: RunningApi, tmp_path: Path) -> None:
    (file,) = (tmp_path / "recordings").rglob("*.sealed")
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    reply = await house.person("supervisor").get(f"{ONE}/audio")
    assert reply.status == 409
    assert "was changed or cut off" in reply.json["detail"]


async def test_a_file_that_stays_is_told(house: RunningApi, monkeypatch: pytest.MonkeyPatch) -> None:
    def stays(self: Path, missing_ok: bool = False) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", stays)
        reply = await house.person("manager").delete(f"{ONE}?reason=asked")
    assert (reply.status, "by hand" in reply.json["detail"]) == (500, True)


async def test_a_recording_is_deleted_with_a_reason(house: RunningApi, tmp_path: Path) -> None:
    manager = house.person("manager")
    assert (await house.person("supervisor").delete(f"{ONE}?reason=x")).status == 403
    assert (await manager.delete(ONE)).status in (400, 422)
    assert (await manager.delete(f"{ONE}?reason=the+caller+asked")).status == 204
    assert not list((tmp_path / "recordings").rglob("*.sealed"))
    gone: Any = await manager.get(f"{ONE}/audio")
    assert (gone.status, gone.json["detail"]) == (404, "This recording was deleted.")
    assert (await manager.get(ONE)).json["transcript"] == []
    assert "recording.deleted" in await told(house)
