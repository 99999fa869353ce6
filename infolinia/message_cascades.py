"""Cascades from their folder: every problem of every file is told at once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from infolinia.configuration import Configuration, ConfigurationRejected
from messaging.cascade_plan import Cascade, mistakes
from messaging.cascade_reading import load_cascade
from messaging.templates import MessageTemplate
from wording.yaml_source import LONGEST_BYTES, SourceRejected


def cascade_folder(configuration: Configuration) -> Path:
    return configuration.place(configuration.messaging.cascades)


def load_cascades(
    configuration: Configuration, templates: Mapping[str, MessageTemplate]
) -> dict[str, Cascade]:
    """By name; none where there is no such folder. Raises ConfigurationRejected naming all problems."""
    folder = cascade_folder(configuration)
    found: dict[str, Cascade] = {}
    problems: list[str] = []
    for path in sorted(folder.glob("*.yaml")) if folder.is_dir() else ():
        try:
            with path.open("rb") as file:
                cascade = load_cascade(file.read(LONGEST_BYTES + 1), str(path), named=path.stem)
        except OSError as error:
            problems.append(f"{path}: the cascade cannot be read ({error.strerror}). Mend or remove it.")
        except SourceRejected as rejected:
            problems.append(str(rejected))
        else:
            problems += [f"{path}: {one}" for one in mistakes(cascade, templates)]
            found[path.stem] = cascade
    if problems:
        raise ConfigurationRejected("\n".join(problems))
    return found
