"""Recordings as files: what people said comes back, and nothing half done is ever there."""

from __future__ import annotations

import errno
import hashlib
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest

from calls.talk_control import TalkFiles
from engine.ports import RecordingLost
from engine.registers.recordings import RecordingDamaged
from store.recordings import vault as vault_module
from store.recordings.keys import RecordingKeys
from store.recordings.vault import RecordingVault
from tests.recordings.sounds import RATE, Samples, likeness, samples, talk, tone, written

AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
KEYS = RecordingKeys((bytes(32),), "the test")


@pytest.fixture
def vault(tmp_path: Path) -> RecordingVault:
    return RecordingVault(tmp_path / "recordings", KEYS)


def sides(vault: RecordingVault, name: str) -> tuple[Samples, Samples]:
    both = samples(b"".join(vault.samples(name))).reshape(-1, 2)
    return both[:, 0], both[:, 1]


def raw_samples(raw: TalkFiles) -> tuple[Samples, Samples]:
    return samples(Path(raw.said).read_bytes()), samples(Path(raw.heard).read_bytes())


def drop(path: str) -> None:
    Path(path).unlink()


@pytest.mark.parametrize(("codec", "suffix", "least"), [("flac", "flac", 1.0), ("opus", "ogg", 0.9)])
async def test_each_side_of_a_talk_is_heard_on_its_own_channel(
    vault: RecordingVault, tmp_path: Path, codec: str, suffix: str, least: float
) -> None:
    raw = talk(tmp_path / "raw", "c1.rec.4")
    kept = await vault.keep_talk(raw, "c1.rec.4", AT, codec)
    assert (kept.path, kept.key_id) == (f"2026/11/22/c1.rec.4.{suffix}", KEYS.current)
    said, heard = raw_samples(raw)
    agent, caller = sides(vault, kept.path)
    assert abs(kept.seconds - len(heard) / RATE) < 0.01
    assert likeness(said, agent) >= least - 1e-6
    assert likeness(heard, caller) >= least - 1e-6
    assert likeness(said, caller) < 0.1
    # While one side is silent, nothing of the other is on its channel.
    assert np.abs(agent[4 * RATE :].astype(int)).max() < 50
    sound = vault.open(kept.path)
    assert sound is not None
    whole = sound.read(0, sound.size)
    assert (len(whole), hashlib.sha256(whole).hexdigest()) == (kept.bytes, kept.sha256)
    sound.close()
    stored = (tmp_path / "recordings" / f"{kept.path}.sealed").read_bytes()
    assert b"fLaC" not in stored
    assert b"OggS" not in stored
    assert max(kept.peaks[0][:4]) == 0
    assert max(kept.peaks[0]) > 20
    assert raw_samples(raw), "the raw files go once the row is written"


async def test_a_side_that_is_shorter_or_lost_is_silent(vault: RecordingVault, tmp_path: Path) -> None:
    raw = written(tmp_path, "x", tone(440, 1), tone(700, 2) + b"\1")
    kept = await vault.keep_talk(raw, "x.rec.1", AT, "flac")
    agent, _ = sides(vault, kept.path)
    assert (kept.seconds, np.abs(agent[RATE:]).max()) == (2.0, 0)
    drop(raw.heard)
    kept = await vault.keep_talk(raw, "x.rec.1", AT, "flac")
    _, caller = sides(vault, kept.path)
    assert (kept.seconds, np.abs(caller).max()) == (1.0, 0)
    assert await vault.raw_seconds(raw) == 1.0
    assert await vault.drop_raw(raw)
    assert await vault.raw_seconds(raw) is None


@pytest.mark.parametrize("step", ["encode", "seal"])
async def test_a_full_disk_loses_nothing_and_leaves_nothing_half(
    vault: RecordingVault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    raw = written(tmp_path, "x", tone(440, 1), tone(700, 1))

    def full(*_: object) -> NoReturn:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(vault_module, step, full)
        with pytest.raises(RecordingLost, match=r"No space left.*still lies at .*x\.said\.raw"):
            await vault.keep_talk(raw, "x.rec.1", AT, "flac")
    assert [path for path in (tmp_path / "recordings").rglob("*") if path.is_file()] == []
    assert (await vault.keep_talk(raw, "x.rec.1", AT, "flac")).seconds == 1.0


async def test_kept_again_after_a_crash_it_is_the_same(vault: RecordingVault, tmp_path: Path) -> None:
    raw = written(tmp_path, "x", tone(440, 1), tone(700, 1))
    first = await vault.keep_talk(raw, "x.rec.1", AT, "flac")
    assert await vault.keep_talk(raw, "x.rec.1", AT, "flac") == first


async def test_a_message_goes_through_the_same_vault_and_old_ones_still_play(
    vault: RecordingVault, tmp_path: Path
) -> None:
    plain = RecordingVault(vault.folder)
    for keeper, text in ((plain, b"RIFF old"), (vault, b"RIFF new")):
        spoken = tmp_path / "m.wav"
        spoken.write_bytes(text)
        name = await keeper.keep(str(spoken), "c1", AT)
        sound = vault.open(name)
        assert sound is not None
        assert (sound.media_type, sound.read(0, 99)) == ("audio/wav", text)
        sound.close()
        assert vault.has(name)
        assert not spoken.exists()
    assert name == "2026/11/22/c1-2.wav", "an old one is not overwritten"
    assert b"RIFF" not in (vault.folder / f"{name}.sealed").read_bytes()
    with pytest.raises(RecordingDamaged, match="put that key back"):
        RecordingVault(vault.folder, RecordingKeys((b"x" * 32,), "elsewhere")).open(name)
    assert await vault.remove(name)
    assert not vault.has(name)
    assert await vault.remove(name), "it is gone: that is what was wanted"


async def test_nothing_outside_of_the_folder_is_opened(vault: RecordingVault, tmp_path: Path) -> None:
    vault.folder.mkdir()
    (tmp_path / "outside.wav").write_bytes(b"RIFF")
    (vault.folder / "link.wav").symlink_to(tmp_path / "outside.wav")
    for name in ("../outside.wav", "../outside", "link", "/etc/passwd", "a\0b", "x" * 4000):
        assert vault.open(name) is None


async def test_a_plain_file_in_the_place_of_an_encrypted_one_is_not_played(
    vault: RecordingVault, tmp_path: Path
) -> None:
    raw = written(tmp_path, "x", tone(440, 1), tone(700, 1))
    plain = RecordingVault(vault.folder)
    mine = await plain.keep_talk(raw, "x.rec.1", AT, "flac")  # of before recordings were encrypted
    sound = vault.open(mine.path, mine.sha256)
    assert sound is not None
    sound.close()
    other = await vault.keep_talk(written(tmp_path, "y", tone(300, 1), tone(500, 1)), "y.rec.1", AT, "flac")
    (vault.folder / f"{other.path}.sealed").unlink()
    (vault.folder / other.path).write_bytes((vault.folder / mine.path).read_bytes())
    for opened in (vault.open, lambda *of: list(vault.samples(*of))):
        with pytest.raises(RecordingDamaged, match="is not the one that was kept, and is not played"):
            opened(other.path, other.sha256)
