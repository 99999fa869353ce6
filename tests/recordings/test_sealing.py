"""Encrypted sounds: read from anywhere, and never given when somebody touched them."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from engine.registers.recordings import RecordingDamaged
from store.recordings.keys import RecordingKeys
from store.recordings.sealing import HEAD_BYTES, SEGMENT_BYTES, SealedSound, seal

KEY, OTHER = bytes(range(32)), bytes(range(1, 33))
NAME = "2026/11/22/c1.rec.4.flac"
SEALED = SEGMENT_BYTES + 16
SOUND = os.urandom(3 * SEGMENT_BYTES + 1000)


def keys(*given: bytes) -> RecordingKeys:
    return RecordingKeys(given or (KEY,), "the test")


def sealed(
    path: Path, sound: bytes = SOUND, name: str = NAME, with_keys: RecordingKeys | None = None
) -> Path:
    with path.open("wb") as file:
        seal(io.BytesIO(sound), file, with_keys or keys(), name)
    return path


def opened(path: Path, name: str = NAME, with_keys: RecordingKeys | None = None) -> SealedSound:
    file = path.open("rb")
    try:
        return SealedSound(file, with_keys or keys(), name)
    except RecordingDamaged:
        file.close()
        raise


@pytest.mark.parametrize("size", [0, 1, SEGMENT_BYTES - 1, SEGMENT_BYTES, SEGMENT_BYTES + 1, len(SOUND)])
def test_what_is_sealed_comes_out_whole(tmp_path: Path, size: int) -> None:
    path = sealed(tmp_path / "s", SOUND[:size])
    sound = opened(path)
    assert sound.size == size
    assert sound.read(0, size + 5) == SOUND[:size]
    assert SOUND[:64] not in path.read_bytes()
    sound.close()


def test_any_part_can_be_read(tmp_path: Path) -> None:
    sound = opened(sealed(tmp_path / "s"))
    edge = SEGMENT_BYTES
    for start, stop in (
        (0, 1),
        (edge - 1, edge + 1),
        (edge, 2 * edge),
        (5, 3 * edge + 7),
        (len(SOUND) - 1, 10**9),
    ):
        assert sound.read(start, stop) == SOUND[start:stop]
    assert sound.read(len(SOUND), len(SOUND) + 1) == b""
    sound.close()


def test_two_files_of_one_sound_have_nothing_in_common(tmp_path: Path) -> None:
    one, other = sealed(tmp_path / "a").read_bytes(), sealed(tmp_path / "b").read_bytes()
    assert one[HEAD_BYTES : HEAD_BYTES + 64] != other[HEAD_BYTES : HEAD_BYTES + 64]


def test_a_bit_that_was_flipped_anywhere_gives_no_sound(tmp_path: Path) -> None:
    path = sealed(tmp_path / "s")
    whole = path.read_bytes()
    for place in (
        0,
        15,
        17,
        30,
        55,
        56,
        60,
        HEAD_BYTES + SEALED,
        len(whole) // 2,
        len(whole) - 17,
        len(whole) - 1,
    ):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(RecordingDamaged):
            opened(path)


@pytest.mark.parametrize(
    "left", [0, 10, HEAD_BYTES, HEAD_BYTES + 5, HEAD_BYTES + SEALED, HEAD_BYTES + 3 * SEALED]
)
def test_what_was_cut_off_gives_no_sound(tmp_path: Path, left: int) -> None:
    path = sealed(tmp_path / "s")
    path.write_bytes(path.read_bytes()[:left])
    with pytest.raises(RecordingDamaged, match="cut off"):
        opened(path)


def test_segments_that_were_swapped_repeated_or_added_give_no_sound(tmp_path: Path) -> None:
    path = sealed(tmp_path / "s")
    whole = path.read_bytes()
    head, parts = whole[:HEAD_BYTES], [whole[HEAD_BYTES + n * SEALED :][:SEALED] for n in range(4)]
    for order in ((1, 0, 2, 3), (0, 0, 2, 3), (0, 1, 2, 2, 3), (0, 2, 3), (1, 2, 3)):
        path.write_bytes(head + b"".join(parts[n] for n in order))
        with pytest.raises(RecordingDamaged):
            opened(path)


def test_a_file_in_anothers_place_gives_no_sound(tmp_path: Path) -> None:
    path = sealed(tmp_path / "s")
    with pytest.raises(RecordingDamaged):
        opened(path, "2026/11/22/c2.rec.4.flac")


def test_segments_of_another_file_give_no_sound(tmp_path: Path) -> None:
    one, other = sealed(tmp_path / "a").read_bytes(), sealed(tmp_path / "b").read_bytes()
    (tmp_path / "c").write_bytes(one[: HEAD_BYTES + SEALED] + other[HEAD_BYTES + SEALED :])
    with pytest.raises(RecordingDamaged):
        opened(tmp_path / "c")


def test_a_key_that_is_not_here_is_named(tmp_path: Path) -> None:
    path = sealed(tmp_path / "s")
    with pytest.raises(RecordingDamaged, match=f"'{keys().current}'.*put that key back"):
        opened(path, with_keys=keys(OTHER))


def test_a_new_key_leaves_old_sounds_to_be_read(tmp_path: Path) -> None:
    old = sealed(tmp_path / "old")
    both = keys(KEY, OTHER)
    new = sealed(tmp_path / "new", with_keys=both)
    for path in (old, new):
        sound = opened(path, with_keys=both)
        assert sound.read(0, 10) == SOUND[:10]
        sound.close()
    with pytest.raises(RecordingDamaged):
        opened(new)


def test_a_sound_that_is_changed_while_it_is_read_gives_no_more(tmp_path: Path) -> None:
    path = sealed(tmp_path / "s")
    sound = opened(path)
    with path.open("r+b") as file:
        file.seek(HEAD_BYTES + SEALED + 5)
        file.write(b"xxxx")
    assert sound.read(0, 10) == SOUND[:10]
    with pytest.raises(RecordingDamaged):
        sound.read(SEGMENT_BYTES, SEGMENT_BYTES + 10)
    sound.close()
