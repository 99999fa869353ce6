"""Templates of messages from their folder: every problem of every file is told at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from hashlib import sha256
from pathlib import Path

from console.messages.means import TemplateFile
from engine.followup.composing import PERSON_VALUES
from infolinia.configuration import Configuration, ConfigurationRejected
from messaging.template_reading import load_template
from messaging.templates import CODE, MessageTemplate, misspelt_names, unknown_names
from wording.yaml_source import LONGEST_BYTES, Problem, SourceRejected


def template_folder(configuration: Configuration) -> Path:
    return configuration.place(configuration.messaging.templates)


def load_templates(configuration: Configuration) -> dict[str, MessageTemplate]:
    """By name; none where there is no such folder. Raises ConfigurationRejected naming all problems."""
    files = template_files(template_folder(configuration))
    if problems := [str(problem) for file in files for problem in file.problems]:
        raise ConfigurationRejected("\n".join(problems))
    return {file.name: file.template for file in files if file.template is not None}


Given = Mapping[str, Collection[str]]
"""By template: what the rules that send it give."""


def misspelt_values(templates: Mapping[str, MessageTemplate], given: Given) -> list[str]:
    """Of all templates, a sentence each."""
    return [
        str(mistake)
        for template in templates.values()
        for mistake in misspelt_names(template, _known(template, given))
    ]


def unknown_values(
    templates: Mapping[str, MessageTemplate], given: Given, attributes: Collection[str]
) -> list[str]:
    """Values that no message has as long as nobody's profile has them, a sentence each."""
    found: dict[tuple[str, str], str] = {}
    for template in templates.values():
        for mistake in unknown_names(template, {*_known(template, given), *attributes}):
            found.setdefault((template.name, mistake.name), str(mistake))
    return list(found.values())


def _known(template: MessageTemplate, given: Given) -> set[str]:
    code = ("minutes",) if CODE in template.checked_by else ()
    return {*PERSON_VALUES, *given.get(template.name, ()), *code}


def changed_files(folder: Path, before: Mapping[str, bytes]) -> tuple[dict[str, bytes], list[str]]:
    """What the folder's files hold, each as a digest by its name, and the names of those that differ."""
    now: dict[str, bytes] = {}
    for path in folder.glob("*.yaml"):
        try:
            now[path.stem] = sha256(path.read_bytes()).digest()
        except OSError:
            continue  # whoever reads it tells why
    return now, sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))


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
