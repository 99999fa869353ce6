"""What is pinned: exact versions and checksums, kept in pins.json beside this file.

To renew the pins of Asterisk, set `version` to the new one, run setup with an empty INFOLINIA_CACHE and
copy the entries of `archives/asterisk.json` in that cache; then run all tests.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from infolinia.setup.debs import Deb

_PINS_FILE = Path(__file__).with_name("pins.json")


@dataclass(frozen=True, slots=True)
class AsteriskPin:
    """The Debian version of Asterisk that is tested, and where it is looked for."""

    version: str
    suites: tuple[str, ...]
    debs: tuple[Deb, ...]
    """The whole closure for this machine's architecture; empty where none was recorded."""


@dataclass(frozen=True, slots=True)
class ModelPin:
    """The npm package that carries the English recognition model."""

    package: str
    version: str
    file_name: str
    sha256: str
    model_folder: str
    recording: str


@dataclass(frozen=True, slots=True)
class PackagePin:
    """An npm package that only the tests need."""

    package: str
    version: str
    file_name: str
    sha256: str


def smsc_pins() -> tuple[PackagePin, ...]:
    """The SMPP server of the tests, with what it requires."""
    record = json.loads(_PINS_FILE.read_text(encoding="utf-8"))
    return tuple(PackagePin(**entry) for entry in record["smsc"])


def load_pins(architecture: str) -> tuple[AsteriskPin, ModelPin]:
    """The pins for a Debian architecture name such as `amd64`."""
    record = json.loads(_PINS_FILE.read_text(encoding="utf-8"))
    asterisk, model = record["asterisk"], record["english_model"]
    debs = tuple(Deb(**entry) for entry in asterisk["debs"].get(architecture, ()))
    return AsteriskPin(asterisk["version"], tuple(asterisk["suites"]), debs), ModelPin(**model)
