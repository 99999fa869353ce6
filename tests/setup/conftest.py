"""Real parts in small: Debian archives made by dpkg-deb, and a mirror of them that apt can read."""

from __future__ import annotations

import gzip
import hashlib
import io
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from infolinia.setup.progress import Progress

MakeDeb = Callable[..., Path]
MakeMirror = Callable[..., str]
TRUSTED = "trusted=yes"


@pytest.fixture
def progress() -> Progress:
    return Progress(io.StringIO())


@pytest.fixture
def make_deb(tmp_path: Path) -> MakeDeb:
    """make_deb(name, version, files) -> path of a real .deb holding those files."""

    def make(name: str, version: str = "1.0", files: dict[str, str] | None = None, depends: str = "") -> Path:
        tree = tmp_path / "deb-trees" / f"{name}-{version.replace(':', '_')}"
        for file_name, content in (files or {f"usr/share/{name}": name}).items():
            (tree / file_name).parent.mkdir(parents=True, exist_ok=True)
            (tree / file_name).write_text(content)
        (tree / "DEBIAN").mkdir(parents=True, exist_ok=True)
        control = (
            f"Package: {name}\nVersion: {version}\nArchitecture: all\nMaintainer: Test <test@example.org>\n"
        )
        control += f"Depends: {depends}\n" if depends else ""
        (tree / "DEBIAN" / "control").write_text(control + f"Description: {name}\n")
        path = tmp_path / "debs" / f"{name}_{version.replace(':', '%3a')}_all.deb"
        path.parent.mkdir(exist_ok=True)
        command = ["dpkg-deb", "--build", "--root-owner-group", str(tree), str(path)]
        subprocess.run(command, check=True, capture_output=True, timeout=30)
        return path

    return make


@pytest.fixture
def make_mirror(tmp_path: Path) -> MakeMirror:
    """make_mirror(suite, debs) -> site address of an unsigned mirror on this disk."""

    def make(suite: str, debs: list[Path], folder: str = "mirror") -> str:
        root = tmp_path / folder
        pool = root / "pool"
        pool.mkdir(parents=True, exist_ok=True)
        entries = []
        for deb in debs:
            content = deb.read_bytes()
            # A mirror's pool leaves the epoch out of file names.
            name = deb.name.replace("%3a", "+")
            (pool / name).write_bytes(content)
            fields = subprocess.run(
                ["dpkg-deb", "--field", str(deb)], check=True, capture_output=True, text=True, timeout=30
            ).stdout
            digest = hashlib.sha256(content).hexdigest()
            entries.append(f"{fields}Filename: pool/{name}\nSize: {len(content)}\nSHA256: {digest}\n")
        architecture = subprocess.run(
            ["dpkg", "--print-architecture"], check=True, capture_output=True, text=True, timeout=30
        ).stdout.strip()
        plain = "\n".join(entries).encode()
        index = gzip.compress(plain)
        place = root / "dists" / suite / "main" / f"binary-{architecture}"
        place.mkdir(parents=True)
        (place / "Packages.gz").write_bytes(index)
        relative = f"main/binary-{architecture}/Packages"
        (root / "dists" / suite / "Release").write_text(
            f"Suite: {suite}\nCodename: {suite}\nComponents: main\nArchitectures: {architecture} all\n"
            "Date: Thu, 01 Jan 2026 00:00:00 UTC\n"
            f"SHA256:\n {hashlib.sha256(index).hexdigest()} {len(index)} {relative}.gz\n"
            f" {hashlib.sha256(plain).hexdigest()} {len(plain)} {relative}\n"
        )
        return f"copy:{root}"

    return make


@pytest.fixture
def path_of_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """path_of_programs(name=shell text, ...) puts these programs in front of PATH, or alone on it."""

    def put(alone: bool = False, **programs: str) -> Path:
        folder = tmp_path / "programs"
        folder.mkdir(exist_ok=True)
        for name, text in programs.items():
            program = folder / name.replace("_", "-")
            program.write_text(f"#!/bin/sh\n{text}\n")
            program.chmod(0o755)
        if alone:
            monkeypatch.setenv("PATH", str(folder))
        else:
            monkeypatch.setenv("PATH", str(folder), prepend=":")
        return folder

    return put
