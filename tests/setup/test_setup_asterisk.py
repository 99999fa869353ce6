from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest

from infolinia.setup.asterisk_part import (
    choose_source,
    installed_asterisk,
    link_sounds,
    newest_fitting,
    parse_version,
)
from infolinia.setup.failure import NetworkError, SetupError
from infolinia.setup.pins import AsteriskPin, load_pins
from infolinia.setup.progress import Progress

from .conftest import TRUSTED, MakeDeb, MakeMirror

PIN = AsteriskPin("1:22.10.1-1", ("forky", "sid"), ())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Asterisk 22.10.1+dfsg+~cs6.17.60671434-1", (22, 10)),
        ("Asterisk certified/20.7-cert3", (20, 7)),
        ("1:22.10.1+dfsg-1", (22, 10)),
        ("sh: asterisk: not found", None),
    ],
)
def test_versions_are_read(text: str, expected: tuple[int, int] | None) -> None:
    assert parse_version(text) == expected


def test_the_newest_of_the_tested_series_is_taken_and_nothing_older_or_of_another() -> None:
    assert newest_fitting(["1:23.1.0-1", "1:22.11.0-1", "1:22.9.0-1", "1:20.1-1"]) == "1:22.11.0-1"
    assert newest_fitting(["1:23.1.0-1", "1:22.5.2-1"]) is None


@pytest.mark.parametrize(
    ("version", "used"), [("22.6.0", True), ("23.0.1", True), ("22.5.9", False), ("x", False)]
)
def test_an_installed_asterisk_is_used_when_it_is_new_enough(
    tmp_path: Path, path_of_programs: Callable[..., Path], version: str, used: bool
) -> None:
    folder = path_of_programs(asterisk=f"echo 'Asterisk {version}'")
    modules = tmp_path / "usr/lib/x86_64-linux-gnu/asterisk/modules"
    modules.mkdir(parents=True)
    (modules / "chan_websocket.so").touch()
    data = tmp_path / "usr/share/asterisk"
    (data / "documentation").mkdir(parents=True)
    expected = ((str(folder / "asterisk"),), modules, data) if used else None
    assert installed_asterisk("x86_64-linux-gnu", tmp_path) == expected


def choose(cache: Path, sites: list[str]) -> tuple[list[str], str]:
    said = io.StringIO()
    packages = ("asterisk", "sip-tester")
    return choose_source(cache, packages, PIN, Progress(said), sites, TRUSTED)[1], said.getvalue()


def test_the_pinned_version_is_asked_for(tmp_path: Path, make_deb: MakeDeb, make_mirror: MakeMirror) -> None:
    offered = [make_deb("asterisk", "1:22.10.1-1"), make_deb("asterisk", "1:22.11.0-1")]
    packages, said = choose(tmp_path / "cache", [make_mirror("forky", offered)])
    assert packages == ["asterisk=1:22.10.1-1", "sip-tester"]
    assert said == ""


def test_when_the_pinned_version_has_gone_the_newest_fitting_is_taken_and_said(
    tmp_path: Path, make_deb: MakeDeb, make_mirror: MakeMirror
) -> None:
    make_mirror("forky", [make_deb("asterisk", "1:23.0.0-1")])
    site = make_mirror("sid", [make_deb("asterisk", "1:22.12.0-1")])
    packages, said = choose(tmp_path / "cache", [site])
    assert packages[0] == "asterisk=1:22.12.0-1"
    assert "pinned Asterisk 1:22.10.1-1 is no longer" in said
    assert "1:22.12.0-1 from sid" in said


def test_when_no_version_fits_the_sentence_says_what_was_seen_and_what_to_do(
    tmp_path: Path, make_deb: MakeDeb, make_mirror: MakeMirror
) -> None:
    make_mirror("forky", [make_deb("asterisk", "1:23.0.0-1")])
    site = make_mirror("sid", [make_deb("asterisk", "1:22.5.0-1")])
    with pytest.raises(
        SetupError, match=r"forky has 1:23\.0\.0-1; sid has 1:22\.5\.0-1.*asterisk -V.*MIRROR"
    ):
        choose(tmp_path / "cache", [site])


def test_a_second_mirror_serves_when_the_first_is_away(
    tmp_path: Path, make_deb: MakeDeb, make_mirror: MakeMirror
) -> None:
    site = make_mirror("forky", [make_deb("asterisk", "1:22.10.1-1")])
    away = "http://127.0.0.1:9/debian"
    packages, _ = choose(tmp_path / "cache", [away, site])
    assert packages[0] == "asterisk=1:22.10.1-1"
    with pytest.raises(NetworkError):
        choose(tmp_path / "cache", [away])


def test_sound_languages_are_links_that_survive_a_rename(tmp_path: Path) -> None:
    recorded = tmp_path / "new/usr/share/asterisk/sounds/en_US_f_Allison"
    recorded.mkdir(parents=True)
    (recorded / "hello.wav").touch()
    link_sounds(tmp_path / "new")
    (tmp_path / "new").rename(tmp_path / "final")
    assert (tmp_path / "final/usr/share/asterisk/sounds/en/hello.wav").is_file()


def test_the_pins_hold_a_checksum_for_every_archive_of_the_closure() -> None:
    asterisk, model = load_pins("amd64")
    names = [deb.file_name for deb in asterisk.debs]
    assert f"asterisk_{asterisk.version.replace(':', '%3a')}_amd64.deb" in names
    assert len(names) == len(set(names)) > 100
    assert all(len(deb.sha256) == 64 and deb.size_bytes > 0 for deb in asterisk.debs)
    assert len(model.sha256) == 64
    assert load_pins("riscv64")[0].debs == ()
