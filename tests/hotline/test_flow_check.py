"""`infolinia flow check` and what else reads flows before a hotline starts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands import Program, loaded_program

FLOW = """\
flow: {name}
languages: [en]
{use}always: {{agent: bye, trouble: bye}}
start: first
steps:
  first: {first}
  bye: {{hangup: normal}}
"""
SUBFLOW = "flow: identify\nlanguages: [en]\nstart: a\nsteps:\n  a: {return: found}\n"


@pytest.fixture(scope="module")
def program() -> Iterator[Program]:
    with loaded_program() as program:
        yield program


def write(
    folder: Path, name: str, first: str = "{say: Hi, next: bye}", *, own: str = "", use: str = ""
) -> None:
    (folder / "flows").mkdir(exist_ok=True)
    text = FLOW.format(name=own or name, first=first, use=use)
    (folder / "flows" / f"{name}.yaml").write_text(text)


def test_files_and_folders_are_checked_together(program: Program, tmp_path: Path) -> None:
    write(tmp_path, "good")
    write(tmp_path, "bad", "{say: Hi, next: bey}")
    write(tmp_path, "other", own="another")
    ran = program.run(tmp_path, "flow", "check", "flows", "flows/good.yaml", "--no-words")
    assert ran.code == 2
    assert ran.sentences == [
        "flows/bad.yaml:6:26: step 'first' leads to 'bey', which is not a step (did you mean 'bye'?)",
        "flows/other.yaml:1:7: the flow is named 'another' but its file 'other': give both one name",
    ]
    (line,) = ran.output.splitlines()
    assert line.startswith("flows/good.yaml: good, version ")
    assert line.endswith(", 2 steps, en")


def test_a_mistake_in_a_flow_that_two_others_call_is_told_once(program: Program, tmp_path: Path) -> None:
    for name in ("one", "two"):
        write(tmp_path, name, "{subflow: identify, found: bye}")
    (tmp_path / "flows" / "identify.yaml").write_text(SUBFLOW.replace("start: a", "start: b"))
    ran = program.run(tmp_path, "flow", "check", "flows", "--no-words")
    assert ran.sentences == ["flows/identify.yaml:3:8: start leads to 'b', which is not a step"]
    (tmp_path / "flows" / "identify.yaml").write_text(SUBFLOW)
    assert program.run(tmp_path, "flow", "check", "flows", "--no-words").code == 0


def test_names_are_looked_up_in_the_configuration_if_there_is_one(program: Program, tmp_path: Path) -> None:
    write(tmp_path, "front", "{callback: {campaign: later}, next: bye}", use="use: {campaigns: [later]}\n")
    assert program.run(tmp_path, "flow", "check", "flows", "--no-words").code == 0
    (tmp_path / "infolinia.yaml").write_text("campaigns: [latter]\nflows: flows\n")
    ran = program.run(tmp_path, "flow", "check", "flows", "--no-words")
    assert ran.sentences == [
        "flows/front.yaml:3:19: use: 'later' is not among `campaigns` of the configuration "
        "(did you mean 'latter'?)"
    ]
    (tmp_path / "infolinia.yaml").write_text("campaigns: [later]\nflows: flows\n")
    assert program.run(tmp_path, "flow", "check", "flows", "--no-words").code == 0


def test_what_is_only_doubtful_is_a_warning(program: Program, tmp_path: Path) -> None:
    write(
        tmp_path,
        "front",
        "{menu: {prompt: Hi, choices: {1: {hear: {en: [order]}, next: bye}, "
        "2: {hear: {en: [older]}, next: bye}}}, otherwise: bye}",
    )
    ran = program.run(tmp_path, "flow", "check", "flows", "--no-words")
    assert ran.code == 0
    assert "warning: flows/front.yaml:6:93: step 'first': 'order' of choice 1 and 'older'" in ran.output


def test_the_configuration_is_shown_and_its_flows_are_checked(program: Program, tmp_path: Path) -> None:
    write(tmp_path, "front", "{say: Hi, next: bey}")
    (tmp_path / "flows" / "identify.yaml").write_text(SUBFLOW)
    numbers = "numbers: {'100': front, '101': identify}\nunknown_number: front\n"
    (tmp_path / "my.yaml").write_text(f"flows: flows\n{numbers}")
    ran = program.run(tmp_path, "config", "--config", "my.yaml")
    assert ran.code == 2
    assert json.loads(ran.output)["numbers"] == {"100": "front", "101": "identify"}
    folder = tmp_path / "flows"
    assert ran.sentences == [
        f"{folder}/front.yaml:6:26: step 'first' leads to 'bey', which is not a step (did you mean 'bye'?)",
        f"{folder}/identify.yaml: number 101 of the configuration leads to this flow, "
        "but it is one that others call (it has a `return`). Lead to the flow that calls it.",
    ]


def test_the_schema_is_printed(program: Program, tmp_path: Path) -> None:
    ran = program.run(tmp_path, "flow", "schema")
    assert ran.code == 0
    assert json.loads(ran.output)["$schema"] == "https://json-schema.org/draft/2020-12/schema"
