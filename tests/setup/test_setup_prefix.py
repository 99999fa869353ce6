"""A private prefix from a real apt and a small mirror on this disk."""

from __future__ import annotations

import fcntl
import io
from collections.abc import Callable
from pathlib import Path

import pytest

from infolinia.setup.apt import PrivateApt, SignatureError, Source, keyring_option, mirror_sites
from infolinia.setup.debs import Deb, sha256_of
from infolinia.setup.failure import NetworkError, SetupError
from infolinia.setup.prefix import Prefix
from infolinia.setup.progress import Progress

from .conftest import TRUSTED, MakeDeb, MakeMirror


class Mirrored:
    """A prefix `part` of package `tool` and what it depends on, with the number of times apt was asked."""

    def __init__(self, cache: Path, site: str, pinned: tuple[Deb, ...] = ()) -> None:
        self.asked = 0
        self.said = io.StringIO()
        self._cache, self._site = cache, site
        cache.mkdir(exist_ok=True)
        self.prefix = Prefix(
            name="part",
            cache=cache,
            request="v1",
            needed_bytes=1000,
            pinned=pinned,
            pins_suffice=bool(pinned),
            choose=self._choose,
            finish=lambda tree: None,
        )

    def _choose(self) -> tuple[PrivateApt, list[str]]:
        self.asked += 1
        source = Source(self._site, "forky", TRUSTED)
        apt = PrivateApt(self._cache / "apt" / "part", self.prefix.archives, source, None)
        apt.update(lambda: None)
        return apt, ["tool"]

    def provide(self) -> None:
        self.prefix.provide(Progress(self.said))


@pytest.fixture
def debs(make_deb: MakeDeb) -> list[Path]:
    return [make_deb("tool", "1:2.0", {"usr/bin/tool": "run"}, depends="library"), make_deb("library")]


def test_packages_are_fetched_with_what_they_depend_on(
    tmp_path: Path, debs: list[Path], make_mirror: MakeMirror
) -> None:
    part = Mirrored(tmp_path / "cache", make_mirror("forky", debs))
    part.provide()
    assert part.prefix.is_complete
    assert (part.prefix.folder / "usr/bin/tool").read_text() == "run"
    assert (part.prefix.folder / "usr/share/library").is_file()


def test_a_lost_prefix_is_unpacked_again_without_asking_the_mirror(
    tmp_path: Path, debs: list[Path], make_mirror: MakeMirror
) -> None:
    part = Mirrored(tmp_path / "cache", make_mirror("forky", debs))
    part.provide()
    (part.prefix.folder / "usr/bin/tool").unlink()
    assert not part.prefix.is_complete
    part.provide()
    assert part.prefix.is_complete
    assert part.asked == 1


@pytest.mark.parametrize("damage", ["short", "changed"])
def test_a_damaged_archive_is_fetched_anew(
    tmp_path: Path, debs: list[Path], make_mirror: MakeMirror, damage: str
) -> None:
    part = Mirrored(tmp_path / "cache", make_mirror("forky", debs))
    part.provide()
    archive = next(part.prefix.archives.glob("tool_*.deb"))
    good = archive.read_bytes()
    archive.write_bytes(good[:-100] if damage == "short" else good[:-1] + bytes([good[-1] ^ 1]))
    (part.prefix.folder / ".complete").unlink()
    part.provide()
    assert archive.read_bytes() == good
    assert part.prefix.is_complete
    assert part.asked == 2


def test_an_archive_that_contradicts_its_pin_is_refused(
    tmp_path: Path, debs: list[Path], make_mirror: MakeMirror
) -> None:
    pinned = Deb("tool_1%3a2.0_all.deb", 1, "0" * 64)
    part = Mirrored(tmp_path / "cache", make_mirror("forky", debs), (pinned,))
    with pytest.raises(SetupError, match=r"tool_1%3a2\.0_all\.deb with another checksum.*MIRROR"):
        part.provide()
    assert not part.prefix.folder.exists()


def test_pinned_archives_in_the_cache_need_no_mirror(
    tmp_path: Path, debs: list[Path], make_mirror: MakeMirror
) -> None:
    site = make_mirror("forky", debs)
    first = Mirrored(tmp_path / "cache", site)
    first.provide()
    pins = tuple(
        Deb(path.name, path.stat().st_size, sha256_of(path))
        for path in sorted(first.prefix.archives.glob("*.deb"))
    )
    (tmp_path / "cache/archives/part.json").unlink()
    (first.prefix.folder / ".complete").unlink()
    second = Mirrored(tmp_path / "cache", "copy:/nowhere", pins)
    second.provide()
    assert second.prefix.is_complete
    assert second.asked == 0


def test_packages_newer_than_their_pins_are_said(
    tmp_path: Path, debs: list[Path], make_mirror: MakeMirror
) -> None:
    pinned = Deb("library_0.9_all.deb", 1, "0" * 64)
    part = Mirrored(tmp_path / "cache", make_mirror("forky", debs), (pinned,))
    part.provide()
    assert "2 of 2 packages for part are other versions than the pinned ones" in part.said.getvalue()


def test_an_unsigned_mirror_is_refused(tmp_path: Path, debs: list[Path], make_mirror: MakeMirror) -> None:
    source = Source(make_mirror("forky", debs), "forky", keyring_option())
    apt = PrivateApt(tmp_path / "apt", tmp_path / "archives", source, None)
    with pytest.raises(SignatureError, match=r"not signed by a key.*debian-archive-keyring"):
        apt.update(lambda: None)


def test_a_mirror_that_cannot_be_reached_is_a_network_sentence(tmp_path: Path) -> None:
    # Port 9 of this machine: nobody listens.
    apt = PrivateApt(
        tmp_path / "apt", tmp_path / "archives", Source("http://127.0.0.1:9/debian", "forky", TRUSTED), None
    )
    with pytest.raises(NetworkError, match=r"No connection to the Debian mirror .*make setup"):
        apt.update(lambda: None)


def test_an_apt_left_over_from_an_ended_setup_is_said(
    tmp_path: Path, debs: list[Path], make_mirror: MakeMirror
) -> None:
    part = Mirrored(tmp_path / "cache", make_mirror("forky", debs))
    part.prefix.archives.mkdir(parents=True)
    with (part.prefix.archives / "lock").open("w") as held:
        fcntl.lockf(held, fcntl.LOCK_EX)
        with pytest.raises(SetupError, match=r"An apt-get of an earlier setup still runs .*make setup"):
            part.provide()


def test_the_mirror_is_the_one_the_hosts_own_sources_name(path_of_programs: Callable[..., Path]) -> None:
    path_of_programs(
        apt_get="""
        echo "'http://mirror.example/debian/dists/bookworm/InRelease' a 0 "
        echo "'http://mirror.example/debian/dists/bookworm-updates/InRelease' a 0 "
        echo "'http://mirror.example/debian-security/dists/bookworm-security/InRelease' a 0 "
        echo "'https://other.example/node/dists/nodistro/InRelease' a 0 "
        echo "'https://second.example/debian/dists/trixie/Release' a 0 "
        """
    )
    assert mirror_sites({}) == ["http://mirror.example/debian", "https://second.example/debian"]
    assert mirror_sites({"INFOLINIA_DEBIAN_MIRROR": "http://own.example/debian/"}) == [
        "http://own.example/debian"
    ]


def test_no_debian_sources_and_no_apt_are_one_sentence_each(path_of_programs: Callable[..., Path]) -> None:
    folder = path_of_programs(alone=True, apt_get="exit 0")
    with pytest.raises(SetupError, match=r"name no Debian mirror.*INFOLINIA_DEBIAN_MIRROR"):
        mirror_sites({})
    (folder / "apt-get").unlink()
    with pytest.raises(SetupError, match=r"apt-get is not here.*Asterisk 22\.6 or newer"):
        mirror_sites({})


def test_a_missing_keyring_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"apt-get install -y debian-archive-keyring"):
        keyring_option([tmp_path / "none.gpg"])
