"""The virtual environment of a small project whose build backend is its own, so that no network is used."""

from __future__ import annotations

import ast
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from infolinia.setup import environment
from infolinia.setup.commands import run
from infolinia.setup.environment import EnvironmentFailure, build

BACKEND = """
import zipfile
def build_editable(folder, config_settings=None, metadata_directory=None):
    name = "tiny-1.0-py3-none-any.whl"
    with zipfile.ZipFile(f"{folder}/{name}", "w") as wheel:
        wheel.writestr("tiny.py", "")
        wheel.writestr("tiny-1.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: tiny\\nVersion: 1.0\\n")
        wheel.writestr(
            "tiny-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
        )
        wheel.writestr("tiny-1.0.dist-info/RECORD", "")
    return name
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    tree = tmp_path / "tree"
    (tree / "infolinia/setup").mkdir(parents=True)
    shutil.copy(environment.__file__, tree / "infolinia/setup/environment.py")
    (tree / "backend.py").write_text(BACKEND)
    (tree / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    )
    (tree / "requirements.lock").write_text("# nothing\n")
    return tree


def set_up(tree: Path) -> str:
    # As the Makefile does: a bare Python, nothing of the project on its path.
    result = run(["python3", tree / "infolinia/setup/environment.py"], 120, environment={"PYTHONPATH": ""})
    assert result.exit_code in (0, 2), result.output
    return result.output


@pytest.mark.timeout(240)
def test_the_environment_is_built_once_and_again_when_the_lock_changes(tree: Path) -> None:
    assert "done" in set_up(tree)
    assert run([tree / ".venv/bin/python", "-c", "import tiny"], 20).ok
    assert "already there" in set_up(tree)

    (tree / "requirements.lock").write_text("# something else\n")
    assert "done" in set_up(tree)

    # A removed base Python, as after an upgrade of the host.
    (tree / ".venv/bin/python").unlink()
    assert "done" in set_up(tree)
    assert "already there" in set_up(tree)

    (tree / "requirements.lock").write_text("pip==0.0.1 --hash=sha256:" + "0" * 64 + "\n")
    os.environ.update(PIP_NO_INDEX="1")
    try:
        said = set_up(tree)
    finally:
        del os.environ["PIP_NO_INDEX"]
    assert said.startswith("setup: installing the locked dependencies failed (ERROR: ")
    # Nothing counts as installed after a failure.
    assert not (tree / ".venv/.infolinia-stamp").exists()


def test_a_tree_without_its_lock_says_so(tree: Path) -> None:
    (tree / "requirements.lock").unlink()
    with pytest.raises(EnvironmentFailure, match=r"requirements\.lock is missing"):
        build(tree)


def test_an_old_python_says_which_is_needed(
    tree: Path, monkeypatch: pytest.MonkeyPatch, path_of_programs: Callable[..., Path]
) -> None:
    folder = path_of_programs(alone=True)
    monkeypatch.setattr(environment.sys, "version_info", (3, 9, 2))
    monkeypatch.setattr(environment.os, "geteuid", lambda: 1000)
    with pytest.raises(
        EnvironmentFailure,
        match=r"Python 3\.11 or newer is needed.*sudo apt-get install -y python3 python3-venv",
    ):
        build(tree)
    path_of_programs(python3_12="exit 1")
    (folder / "python3-12").rename(folder / "python3.12")
    with pytest.raises(EnvironmentFailure, match=r"venv module is missing.*install -y python3\.12-venv`"):
        build(tree)


def test_a_missing_venv_module_says_the_command(
    tree: Path, monkeypatch: pytest.MonkeyPatch, path_of_programs: Callable[..., Path]
) -> None:
    folder = path_of_programs(python3="exit 1")
    monkeypatch.setattr(environment.sys, "executable", str(folder / "python3"))
    monkeypatch.setattr(environment.os, "geteuid", lambda: 1000)
    with pytest.raises(
        EnvironmentFailure,
        match=r"venv module is missing: run `sudo apt-get update && sudo apt-get install -y python3-venv`",
    ):
        build(tree)


def test_the_script_can_be_read_by_an_older_python_and_imports_only_the_standard_library() -> None:
    module = ast.parse(Path(environment.__file__).read_text(encoding="utf-8"), feature_version=(3, 8))
    imported = {
        name.split(".")[0]
        for node in ast.walk(module)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported <= set(sys.stdlib_module_names)
