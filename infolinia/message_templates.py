"""Templates of messages from their folder: every problem of every file is told at once."""

from __future__ import annotations

from pathlib import Path

from console.messages.means import TemplateFile
from infolinia.configuration import Configuration, ConfigurationRejected
from messaging.template_reading import load_template
from messaging.templates import MessageTemplate
from wording.yaml_source import LONGEST_BYTES, Problem, SourceRejected


def template_folder(configuration: Configuration) -> Path:
    return configuration.place(configuration.messaging.templates)


def load_templates(configuration: Configuration) -> dict[str, MessageTemplate]:
    """By name; none where there is no such folder. Raises ConfigurationRejected naming all problems."""
    files = template_files(template_folder(configuration))
    if problems := [str(problem) for file in files for problem in file.problems]:
        raise ConfigurationRejected("\n".join(problems))
    return {file.name: file.template for file in files if file.template is not None}


def template_files(folder: Path) -> list[TemplateFile]:
    """Each file of the folder as it is now, by name."""
    return [_read(path) for path in sorted(folder.glob("*.yaml"))] if folder.is_dir() else []


def _read(path: Path) -> TemplateFile:
    try:
        with path.open("rb") as file:
            text = file.read(LONGEST_BYTES + 1)
        return TemplateFile(path.stem, load_template(text, str(path), named=path.stem))
    except OSError as error:
        why = f"the template cannot be read ({error.strerror}). Mend or remove it."
        return TemplateFile(path.stem, None, (Problem(str(path), 1, 1, why),))
    except SourceRejected as rejected:
        return TemplateFile(path.stem, None, rejected.problems)
