"""What the pages say exists: commands, settings, fields, events, metrics, links and examples."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from pydantic import BaseModel

from calls.events import CallEventKind
from calls.legs import TRANSITIONS, LegState
from console.metrics import Metrics
from engine.changes import JobAdded
from engine.health import Health
from engine.live import LiveCalls
from engine.outbox_jobs import Circumstances, checked_job, kept_of
from history.interaction import ContactPoint, Interaction, PointKind
from infolinia.command import app
from infolinia.configuration import Configuration
from infolinia.flows.testing import coverage_lines, missed_lines
from ivr.commands import (
    KeepPromise,
    SendCode,
    SendMessage,
)
from ivr.reading.loader import FlowRejected, load_flow
from ivr.rehearsal.flow_tests import ABOUT_THE_CALL, ACTS
from ivr.rehearsal.rehearsal import Dials, Ends, Rehearsal
from ivr.rehearsal.verdicts import run_flows
from ivr.steps.body import FieldBody
from ivr.steps.verbs import VERBS
from speech.recorded_prompts import recording_name

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
DOCS = ROOT / "docs"


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def rows(text: str, head: str) -> Iterator[list[str]]:
    """The cells of every table whose first column is headed `head`."""
    for table in re.findall(rf"^\| {re.escape(head)} \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", text, re.MULTILINE):
        for line in table.splitlines():
            yield [cell.strip() for cell in line.strip("|").split("|")]


def words(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


# --- links and commands -----------------------------------------------------------------------------------


def anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", path.read_text(encoding="utf-8")):
        if re.match(r"[a-z]+:", target):
            continue
        place, _, anchor = target.partition("#")
        linked = (path.parent / place).resolve() if place else path
        assert linked.exists(), f"{path.name} links to {target}"
        assert linked.is_relative_to(ROOT), f"{path.name} links out of the project: {target}"
        assert not anchor or anchor in anchors(linked.read_text(encoding="utf-8")), f"{path.name}: {target}"


def test_every_page_is_in_the_index() -> None:
    linked = set(re.findall(r"\]\(([a-z-]+\.md)\)", page("README.md")))
    assert linked == {path.name for path in DOCS.glob("*.md")} - {"README.md"}


def shown_commands(text: str) -> Iterator[str]:
    for block in re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        yield from block.splitlines()
    # In a sentence the folder of the program is left out.
    for words_shown in re.findall(r"(?<!`)`([^`\n]+)`(?!`)", text):
        yield re.sub(r"^(?=infolinia )", ".venv/bin/", words_shown)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_commands_that_are_shown_exist(path: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for line in shown_commands(path.read_text(encoding="utf-8")):
        if match := re.match(r"(?:\$ )?make ([a-z-]+)", line):
            assert match[1] in targets, line
        if match := re.search(r"python -m (bench\.\w+)", line):
            assert importlib.util.find_spec(match[1]) is not None, line
        if match := re.match(r"(?:\$ |\w+=\S+ )*\.venv/bin/infolinia( .*)", line):
            check_infolinia(match[1].split(), line)


def check_infolinia(arguments: list[str], line: str) -> None:
    command: Any = typer.main.get_command(app)
    while arguments and hasattr(command, "commands") and not arguments[0].startswith("--"):
        name = arguments.pop(0)
        assert name in command.commands, line
        command = command.commands[name]
    options = {"--help"} | {option for parameter in command.params for option in parameter.opts}
    for argument in arguments:
        if argument.startswith("--"):
            assert argument in options, line


def test_a_wrong_command_would_be_seen() -> None:
    check_infolinia(["flow", "check", "callflows/hotline.yaml"], "")
    with pytest.raises(AssertionError):
        check_infolinia(["flow", "draw"], "")
    with pytest.raises(AssertionError):
        check_infolinia(["history", "--xml"], "")
    with pytest.raises(AssertionError):
        check_infolinia(["--xml"], "")


def test_nothing_is_left_to_be_filled_in() -> None:
    for path in PAGES:
        assert "@@" not in path.read_text(encoding="utf-8"), path.name


# --- operators --------------------------------------------------------------------------------------------


def settings(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, object]]:
    """(dotted name, default as YAML would give it; "required" when there is none)."""
    for name, field in model.model_fields.items():
        if field.exclude:
            continue
        default = field.get_default(call_default_factory=True)
        if isinstance(default, BaseModel):
            yield from settings(type(default), f"{prefix}{name}.")
            continue
        yield prefix + name, "required" if field.is_required() else as_yaml(default)
        for inner in getattr(field.annotation, "__args__", ()):
            if isinstance(inner, type) and issubclass(inner, BaseModel):
                mark = "[]" if default == () else "" if default is None else ".*"
                yield from settings(inner, f"{prefix}{name}{mark}.")


def as_yaml(value: object) -> object:
    match value:
        case Path():
            return str(value)
        case (int() as first, int() as last):
            return f"{first}-{last}"
        case tuple():
            return list(value)
    return value


def test_every_setting_stands_in_the_tables_with_its_default() -> None:
    told = {}
    for cells in rows(page("operators.md"), "setting"):
        default = cells[1].strip("`")
        told[words(cells[0])[0]] = yaml.safe_load(default)
    assert told == dict(settings(Configuration))


def test_the_examples_are_configurations() -> None:
    examples = re.findall(r"```yaml\n(.*?)```", page("operators.md"), re.DOTALL)
    configuration, *_ = [Configuration.model_validate(yaml.safe_load(example)) for example in examples]
    assert configuration.sip.trunks[0].registers
    assert configuration.asterisk_settings().trunks[0].hosts == ("sip.example.com",)


# --- integrators ------------------------------------------------------------------------------------------


def test_every_call_event_is_documented() -> None:
    told = [words(cells[0])[0] for cells in rows(page("integrators.md"), "kind")]
    assert told == [kind.value for kind in CallEventKind]


def test_the_data_of_events_is_documented() -> None:
    told = {words(cells[0])[0]: set(words(cells[2])) for cells in rows(page("integrators.md"), "kind")}
    source = (ROOT / "calls" / "events.py").read_text()
    for kind, comment in re.findall(r'^    [A-Z_]+ = "(\w+)"(?:  # (.*))?$', source, re.MULTILINE):
        names = re.findall(r"[a-z_]+", re.sub(r"\([^)]*\)|:.*", "", comment).replace(" or ", ","))
        assert set(names) <= told[kind], f"{kind}: {comment}"
    flow = load_flow((ROOT / "callflows" / "hotline.yaml").read_bytes(), "hotline.yaml")
    played = Rehearsal(flow).play([Dials("2"), Dials("1"), Dials("123456"), Dials("1"), Dials("2"), Ends()])
    assert not played.failures
    for note in played.notes:
        assert note.data.keys() <= told[note.kind.value], note


def test_every_job_of_the_outbox_is_documented() -> None:
    number = "+48220000012"
    point = ContactPoint(PointKind.PHONE, number)
    now = datetime(2026, 11, 22, tzinfo=UTC)
    made: dict[str, set[str]] = {}
    for errand in (
        SendMessage(1, number, "", "en"),
        SendCode(1, number, "", "en", 6),
        KeepPromise(1, "1.00", "PLN", "2026-12-01", "D-7"),
    ):
        kept = kept_of(errand, Circumstances("c", now, point), new_id="j", number=number)
        jobs = [change for change in kept.changes if isinstance(change, JobAdded)]
        assert jobs
        for job in [*jobs, checked_job("c", "m", "j", now)]:
            made.setdefault(job.topic, set()).update(job.payload.keys() - {"call_id", "at"})
    told = {words(cells[0])[0]: set(words(cells[2])) for cells in rows(page("integrators.md"), "topic")}
    assert told.keys() == made.keys()
    for topic, names in made.items():
        assert names <= told[topic], topic


def test_every_field_of_the_history_is_documented() -> None:
    told = [name for cells in rows(page("integrators.md"), "field") for name in words(cells[0])]
    real = [field.name for field in fields(Interaction)]
    assert sorted(told) == sorted([*real, "contact_name", "contact_points", "events"])


def test_every_metric_is_documented() -> None:
    live = LiveCalls()
    text = Metrics(live, Health(live)).render().decode()
    told = {words(cells[0])[0]: cells[1] for cells in rows(page("integrators.md"), "metric")}
    assert told == dict(re.findall(r"^# TYPE (\w+) (\w+)$", text, re.MULTILINE))


# --- call flows -------------------------------------------------------------------------------------------


def test_the_example_flow_loads_and_the_shown_version_is_its_own() -> None:
    text = page("callflows.md")
    (example,) = re.findall(r"```yaml\n(flow: .*?)```", text, re.DOTALL)
    flow = load_flow(example, "callflows/florist.yaml")
    languages = ", ".join(flow.languages)
    shown = f"{flow.file}: {flow.name}, version {flow.version}, {len(flow.steps)} steps, {languages}"
    assert shown in text


def test_the_first_call_centre_is_a_flow_and_its_configuration() -> None:
    text = page("first-call-centre.md")
    example, settings_of_it = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    flow = load_flow(example, "callflows/first.yaml")
    assert f"first.yaml: first, version {flow.version}, {len(flow.steps)} steps, en" in text
    configuration = Configuration.model_validate(yaml.safe_load(settings_of_it))
    assert configuration.numbers["101"] == flow.name
    assert set(flow.uses["queues"]) <= set(configuration.queues)


def test_the_first_campaign_goes_on_from_the_first_call_centre() -> None:
    answers, settings_of_it = re.findall(r"```yaml\n(.*?)```", page("first-campaign.md"), re.DOTALL)
    _, before = re.findall(r"```yaml\n(.*?)```", page("first-call-centre.md"), re.DOTALL)
    flow = load_flow(answers, "callflows/person.yaml")
    configuration = Configuration.model_validate({**yaml.safe_load(before), **yaml.safe_load(settings_of_it)})
    assert configuration.unknown_number == flow.name
    (trunk,) = configuration.sip.trunks
    assert trunk.hosts == (f"127.0.0.1:{configuration.sip.port}",)
    created = re.findall(r"campaign create .* --queue ([a-z]+)", page("first-campaign.md"))
    assert set(created) == set(configuration.queues)


def test_the_queue_of_the_example_flow_fits_into_it() -> None:
    text = page("callflows.md")
    (example,) = re.findall(r"```yaml\n(flow: .*?)```", text, re.DOTALL)
    (queue,) = re.findall(r"```yaml\n(  shop:\n    queue:.*?)```", text, re.DOTALL)
    with_queue, replaced = re.subn(
        r"  shop:\n    transfer:.*?\n    next: bye\n", queue, example, flags=re.DOTALL
    )
    assert replaced == 1
    load_flow(f"use: {{queues: [shop]}}\n{with_queue}", "callflows/florist.yaml")


def test_the_shown_refusal_is_the_real_one() -> None:
    text = page("callflows.md")
    (example,) = re.findall(r"```yaml\n(flow: .*?)```", text, re.DOTALL)
    broken = (
        example.replace("next: hours}\n        2", "next: ours}\n        2")
        .replace('say: "We', 'sey: "We')
        .replace('"One moment, please."', '"One moment, {name}."')
        .replace("longest: 1m", "longest: 1")
    )
    with pytest.raises(FlowRejected) as refused:
        load_flow(broken, "callflows/florist.yaml")
    assert str(refused.value) in text


def test_the_shown_run_of_tests_is_the_real_one() -> None:
    text = page("callflows.md")
    (example,) = re.findall(r"```yaml\n(flow: .*?)```", text, re.DOTALL)
    (tests,) = re.findall(r"```yaml\n(tests:\n.*?)```", text, re.DOTALL)
    run = run_flows([load_flow(f"{example}\n{tests}", "callflows/florist.yaml")])
    assert "\n".join((*coverage_lines(run), *map(str, missed_lines(run.coverage.files.values())))) in text
    wrong = tests.replace("nine to six", "nine to five")
    (failed,) = run_flows([load_flow(f"{example}\n{wrong}", "callflows/florist.yaml")]).failed
    assert failed.told() in text


def test_every_act_and_every_given_is_documented() -> None:
    told = [words(cells[0])[0].partition(":")[0] for cells in rows(page("callflows.md"), "act")]
    assert told == list(ACTS)
    named = {name for cells in rows(page("callflows.md"), "key") for name in words(cells[0])}
    assert set(ABOUT_THE_CALL) <= named


def test_every_verb_is_documented_with_its_outcomes() -> None:
    told = {}
    for cells in rows(page("callflows.md"), "verb"):
        required = tuple(re.findall(r"\*\*(\w+)\*\*", cells[1]))
        others = tuple(re.findall(r"\w+", re.sub(r"\*\*\w+\*\*", "", cells[1])))
        told[words(cells[0])[0]] = (required, others)
    assert told == {verb: (body.required, body.optional) for verb, body in VERBS.items()}


def test_every_field_of_a_verb_is_documented() -> None:
    sections = dict(re.findall(r"^### (\w+)\n(.*?)(?=^##)", page("callflows.md"), re.MULTILINE | re.DOTALL))
    for verb, body in VERBS.items():
        text = sections[verb] + (sections["menu"] if issubclass(body, FieldBody) else "")
        for name, field in body.model_fields.items():
            if name in ("values", "cases", "reason") and field.is_required():
                continue  # written by themselves, without their name
            written = field.alias or name
            assert re.search(rf"\b{written}\b", text), f"{verb}: {written}"


def test_the_shown_name_of_a_recording_is_right() -> None:
    assert f"prompts/en/{recording_name('Goodbye.')}.wav" in page("callflows.md")


# --- developers -------------------------------------------------------------------------------------------


def test_the_picture_of_a_legs_states_is_that_of_the_table() -> None:
    lines = ["stateDiagram-v2", "    [*] --> new"]
    lines += [f"    {state} --> {to}" for state in LegState for to in LegState if to in TRANSITIONS[state]]
    lines.append("    ended --> [*]")
    assert "```mermaid\n" + "\n".join(lines) + "\n```" in page("developers.md")


@pytest.mark.parametrize("name", ["developers.md", "callflows.md", "operators.md"])
def test_files_that_are_named_exist(name: str) -> None:
    for cells in re.findall(r"`((?:[a-z_-]+/)+[a-z_]+\.(?:py|conf|yaml))`", page(name)):
        made_by_reader = cells.endswith("florist.yaml")
        assert made_by_reader or (ROOT / cells).exists(), f"{name}: {cells}"
