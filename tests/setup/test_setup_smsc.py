from __future__ import annotations

import io
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from infolinia.setup.debs import sha256_of
from infolinia.setup.failure import SetupError
from infolinia.setup.host_packages import find_node
from infolinia.setup.inventory import find_parts
from infolinia.setup.pins import PackagePin, smsc_pins
from infolinia.setup.progress import Progress
from infolinia.setup.smsc import modules_of, provide_smsc


def packed(folder: Path, name: str, *members: str) -> PackagePin:
    path = folder / f"{name}-1.0.0.tgz"
    with tarfile.open(path, "w:gz") as archive:
        for member in members:
            entry = tarfile.TarInfo(member)
            entry.size = len(member)
            archive.addfile(entry, io.BytesIO(member.encode()))
    return PackagePin(name, "1.0.0", path.name, sha256_of(path))


def test_packages_stand_side_by_side_and_nothing_is_written_beside_them(
    tmp_path: Path, path_of_programs: Callable[..., Path], progress: Progress
) -> None:
    pins = [
        packed(tmp_path, "smpp", "package/package.json", "package/lib/smpp.js", "package/../../outside"),
        packed(tmp_path, "iconv-lite", "package/package.json", "elsewhere/file"),
    ]
    path_of_programs(npm=f"cp {tmp_path}/*.tgz .")
    cache = tmp_path / "cache"
    cache.mkdir()
    assert modules_of(cache) is None
    modules, made = provide_smsc(cache, pins, progress)
    assert made
    assert modules == modules_of(cache)
    files = {str(path.relative_to(modules)) for path in modules.rglob("*") if path.is_file()}
    assert files == {"smpp/package.json", "smpp/lib/smpp.js", "iconv-lite/package.json"}
    assert not list(tmp_path.rglob("outside"))
    assert provide_smsc(cache, pins, progress) == (modules, False)
    (modules / "smpp/lib/smpp.js").unlink()
    path_of_programs(npm="exit 1")
    assert provide_smsc(cache, pins, progress) == (modules, True)


def test_what_is_no_package_is_refused(
    tmp_path: Path, path_of_programs: Callable[..., Path], progress: Progress
) -> None:
    pin = packed(tmp_path, "smpp", "package/lib/smpp.js")
    path_of_programs(npm=f"cp {tmp_path}/*.tgz .")
    (tmp_path / "cache").mkdir()
    with pytest.raises(SetupError, match=r"is no npm package"):
        provide_smsc(tmp_path / "cache", [pin], progress)
    assert modules_of(tmp_path / "cache") is None


def test_the_provided_server_loads_in_the_pinned_version() -> None:
    modules, node = find_parts().smsc_modules_dir, find_node()
    assert modules is not None, "run `make setup-tests`"
    assert node is not None, "run `make setup-tests`"
    program = "require('smpp'); console.log(require('smpp/package.json').version)"
    done = subprocess.run(
        [node, "-e", program],
        env={"NODE_PATH": str(modules)},
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert done.stdout.strip() == next(pin.version for pin in smsc_pins() if pin.package == "smpp")
