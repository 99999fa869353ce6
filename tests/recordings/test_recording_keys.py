"""Where the keys of recordings come from."""

from __future__ import annotations

import base64
import os
import stat
from pathlib import Path

import pytest

from store.recordings.keys import VARIABLE, KeysRefused, add_key, key_id, recording_keys

KEY = base64.b64encode(bytes(32)).decode()
OTHER = base64.b64encode(bytes(31) + b"\1").decode()


@pytest.fixture(autouse=True)
def _no_key_around(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)


def test_the_first_start_makes_a_key_for_this_user_alone(tmp_path: Path) -> None:
    made = recording_keys(None, tmp_path / "var")
    path = tmp_path / "var" / "recording.keys"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert recording_keys(None, tmp_path / "var").current == made.current
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_a_new_key_is_the_last_one_and_the_old_ones_stay(tmp_path: Path) -> None:
    old = recording_keys(None, tmp_path).current
    new = add_key(tmp_path / "recording.keys")
    keys = recording_keys(None, tmp_path)
    assert keys.current == new != old
    assert keys.get(old) is not None
    assert stat.S_IMODE((tmp_path / "recording.keys").stat().st_mode) == 0o600


def test_the_environment_goes_first_and_its_last_key_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, f"{KEY} {OTHER}")
    keys = recording_keys(None, tmp_path)
    assert keys.current == key_id(base64.b64decode(OTHER))
    assert keys.get(key_id(bytes(32))) == bytes(32)
    assert not list(tmp_path.iterdir())


def test_a_new_key_leaves_the_file_to_whose_it_is(tmp_path: Path) -> None:
    """`sudo infolinia recordings new-key` must not take it from the hotline's own user."""
    file = tmp_path / "recording.keys"
    recording_keys(None, tmp_path)
    if os.geteuid() != 0:
        pytest.skip("only root can give files away")
    os.chown(file, 12345, 12346)
    add_key(file)
    assert (file.stat().st_uid, file.stat().st_gid) == (12345, 12346)


def test_a_key_is_not_put_behind_what_is_no_text(tmp_path: Path) -> None:
    file = tmp_path / "recording.keys"
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(KeysRefused, match="it is no text"):
        add_key(file)
    assert file.read_bytes() == b"\xff\xfe"


def test_a_key_of_other_letters_is_told_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "zażółć")
    with pytest.raises(KeysRefused, match="32 bytes in base64"):
        recording_keys(None, tmp_path)


@pytest.mark.parametrize("written", ["", "# nothing\n", "no base64!\n", base64.b64encode(b"short").decode()])
def test_a_wrong_file_is_told_with_its_name(tmp_path: Path, written: str) -> None:
    file = tmp_path / "keys"
    file.write_text(written)
    with pytest.raises(KeysRefused, match="keys"):
        recording_keys(file, tmp_path)


def test_a_named_file_that_is_gone_is_not_made_anew(tmp_path: Path) -> None:
    with pytest.raises(KeysRefused, match="backup"):
        recording_keys(tmp_path / "gone", tmp_path)
    assert not os.listdir(tmp_path)
