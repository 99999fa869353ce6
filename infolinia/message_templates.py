"""Templates of messages from their folder: every problem of every file is told at once."""

from __future__ import annotations

from pathlib import Path

from infolinia.configuration import Configuration, ConfigurationRejected
from messaging.template_reading import load_template
from messaging.templates import MessageTemplate
from wording.yaml_source import LONGEST_BYTES, SourceRejected


def template_folder(configuration: Configuration) -> Path:
    return configuration.place(configuration.messaging.templates)


def load_templates(configuration: Configuration) -> dict[str, MessageTemplate]:
    """By name; none where there is no such folder. Raises ConfigurationRejected naming all problems."""
    folder = template_folder(configuration)
    found: dict[str, MessageTemplate] = {}
    problems: list[str] = []
    for path in sorted(folder.glob("*.yaml")) if folder.is_dir() else ():
        try:
            with path.open("rb") as file:
                text = file.read(LONGEST_BYTES + 1)
            found[path.stem] = load_template(text, str(path), named=path.stem)
        except OSError as error:
            problems.append(f"{path}: the template cannot be read ({error.strerror}). Mend or remove it.")
        except SourceRejected as rejected:
            problems.append(str(rejected))
    if problems:
        raise ConfigurationRejected("\n".join(problems))
    return found
