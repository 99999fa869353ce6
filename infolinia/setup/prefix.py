"""A private prefix: Debian packages fetched, verified and unpacked into one folder of the cache."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from infolinia.setup import debs as archives_of
from infolinia.setup.apt import MIRROR_VARIABLE, PrivateApt
from infolinia.setup.cache import remove
from infolinia.setup.debs import Deb
from infolinia.setup.failure import SetupError, require_space
from infolinia.setup.progress import Progress

_TRIES = 2


def request_of(*words: str) -> str:
    """A short fingerprint of what is asked for; a prefix made for another request is made anew."""
    return hashlib.sha256("\n".join(words).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Prefix:
    """What one private prefix is made of.

    `choose` finds a source and returns it with the packages to ask for; it is only called when the
    archives at hand do not suffice. `finish` completes the unpacked tree (links).
    """

    name: str
    cache: Path
    request: str
    needed_bytes: int
    pinned: Sequence[Deb]
    pins_suffice: bool
    choose: Callable[[], tuple[PrivateApt, list[str]]]
    finish: Callable[[Path], None]

    @property
    def folder(self) -> Path:
        return self.cache / self.name

    @property
    def archives(self) -> Path:
        return self.cache / "archives" / self.name

    @property
    def is_complete(self) -> bool:
        return archives_of.is_complete(self.folder, self.request)

    def provide(self, progress: Progress) -> None:
        """Fetch what is missing or damaged, then unpack and swap in. Raises SetupError."""
        require_space(self.cache, self.needed_bytes, f"The part {self.name}")
        plan = self.cache / "archives" / f"{self.name}.json"
        debs = self._at_hand(plan) or self._fetch(plan, progress)
        archives_of.unpack(debs, self.archives, self.folder, self.request, self.finish, progress.moving)
        wanted = {deb.file_name for deb in debs}
        for path in self.archives.glob("*.deb"):
            if path.name not in wanted:
                path.unlink()
        # The mirror's index is large and soon stale; the plan tells all that is needed.
        remove(self.cache / "apt" / self.name)

    def _at_hand(self, plan: Path) -> list[Deb]:
        """A whole set of archives that is already in the cache, so that no mirror is asked."""
        for debs in (archives_of.load_plan(plan, self.request), self.pinned if self.pins_suffice else ()):
            if debs and not archives_of.not_whole(debs, self.archives):
                return list(debs)
        return []

    def _fetch(self, plan: Path, progress: Progress) -> list[Deb]:
        apt, packages = self.choose()
        debs = apt.resolve(packages)
        refuse_contradiction(debs, self.pinned, apt.source.site)
        if self.pins_suffice:
            pinned_names = {deb.file_name for deb in self.pinned}
            others = sum(deb.file_name not in pinned_names for deb in debs)
            if others:
                progress.note(
                    f"{others} of {len(debs)} packages for {self.name} are other versions than the pinned "
                    "ones; they are verified against the mirror's signed index."
                )
        total_bytes = sum(deb.size_bytes for deb in debs)
        damaged = archives_of.not_whole(debs, self.archives)
        for _ in range(_TRIES):
            if not damaged:
                break
            archives_of.discard(damaged, self.archives)
            apt.download(packages, total_bytes, progress.moving)
            damaged = archives_of.not_whole(debs, self.archives)
        if damaged:
            raise SetupError(
                f"{damaged[0].file_name} from {apt.source.site} differs from its checksum after {_TRIES} "
                f"downloads: set {MIRROR_VARIABLE} to another mirror and run `make setup` again."
            )
        archives_of.save_plan(plan, self.request, debs)
        return debs


def refuse_contradiction(debs: Sequence[Deb], pinned: Sequence[Deb], site: str) -> None:
    """Raise SetupError when the mirror lists a pinned archive with another checksum."""
    pins = {deb.file_name: deb.sha256 for deb in pinned}
    for deb in debs:
        if pins.get(deb.file_name, deb.sha256) != deb.sha256:
            raise SetupError(
                f"{site} lists {deb.file_name} with another checksum than the pinned one, so it is not "
                f"used: set {MIRROR_VARIABLE} to another mirror and run `make setup` again."
            )
