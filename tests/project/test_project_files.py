"""What no program runs here must be well-formed all the same: container files, the lock, the wheel."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import yaml

from infolinia.configuration import load_configuration

ROOT = Path(__file__).parents[2]


def test_the_compose_file_names_an_engine_and_a_database_that_fit() -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    assert set(services) == {"hotline", "database"}
    assert services["hotline"]["depends_on"]["database"]["condition"] == "service_healthy"
    assert services["hotline"]["environment"]["INFOLINIA_DATABASE"].startswith("postgresql://infolinia:")
    for volume in services["hotline"]["volumes"]:
        source = volume.partition(":")[0]
        assert not source.startswith("./") or (ROOT / source).exists(), volume


def test_the_container_configuration_loads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INFOLINIA_DATABASE", "postgresql://infolinia:x@127.0.0.1:5432/infolinia")
    configuration = load_configuration(ROOT / "docker" / "infolinia.yaml")
    assert configuration.database_url == "postgresql://infolinia:x@127.0.0.1:5432/infolinia"
    assert configuration.sip.bind == "0.0.0.0"


def test_the_dockerfile_copies_and_starts_what_exists() -> None:
    text = (ROOT / "Dockerfile").read_text()
    instructions = re.findall(r"^([A-Z]+) ", text, re.MULTILINE)
    assert instructions[0] == "FROM"
    assert {"RUN", "COPY", "CMD", "HEALTHCHECK", "USER"} <= set(instructions)
    assert "/etc/infolinia/infolinia.yaml" in text
    assert "asterisk-core-sounds-en-wav" in text


def test_the_lock_pins_every_dependency_with_hashes_and_names_no_index() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    pins = re.findall(r"^([a-z0-9._-]+)==\S+ \\$", lock, re.MULTILINE)
    entries = re.split(r"^(?=[a-z0-9])", lock, flags=re.MULTILINE)[1:]
    assert len(pins) == len(entries)
    assert all("--hash=sha256:" in entry for entry in entries)
    assert "://" not in lock
    assert "--index-url" not in lock
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    names = {re.split(r"[\[><=]", requirement)[0].lower() for requirement in wanted}
    assert names <= set(pins)


def test_the_wheel_holds_every_room() -> None:
    tool = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
    packages = tool["hatch"]["build"]["targets"]["wheel"]["packages"]
    rooms = sorted(path.parent.name for path in ROOT.glob("*/__init__.py") if path.parent.name != "tests")
    assert packages == [room for room in rooms if room != "bench"]
    assert tool["importlinter"]["root_packages"] == packages
    assert tool["mypy"]["packages"] == packages
