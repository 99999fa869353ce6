"""Recordings that are kept and those that are no message."""

from __future__ import annotations

from collections.abc import MutableMapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog

from store.recordings.vault import RecordingVault

AT = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


async def test_a_second_message_of_a_call_overwrites_none(tmp_path: Path) -> None:
    folder = RecordingVault(tmp_path / "recordings")
    for text, name in (("one", "2026/05/04/call-1.wav"), ("two", "2026/05/04/call-1-2.wav")):
        spoken = tmp_path / "m.wav"
        spoken.write_text(text)
        assert await folder.keep(str(spoken), "call-1", AT) == name
        assert (folder.folder / name).read_text() == text
        assert not spoken.exists()
    for number in range(3, 100):
        (folder.folder / f"2026/05/04/call-1-{number}.wav").touch()
    spoken.write_text("one more")
    assert await folder.keep(str(spoken), "call-1", AT) == "2026/05/04/call-1-100.wav"


async def test_what_is_no_message_is_deleted_and_a_failure_told(tmp_path: Path) -> None:
    folder = RecordingVault(tmp_path / "recordings")
    empty = tmp_path / "m.wav"
    empty.write_bytes(b"RIFF")
    logs: list[MutableMapping[str, Any]]
    with structlog.testing.capture_logs() as logs:
        await folder.discard(str(empty))
        await folder.discard(str(empty))  # gone already: nothing to tell
        assert logs == []
        assert not empty.exists()
        await folder.discard(str(tmp_path))
    assert [entry["event"] for entry in logs] == ["a recording of nothing was not deleted"]
