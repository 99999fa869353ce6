"""The schema for editors: it takes every flow that loads, and refuses what it can see is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from test_flow_mistakes import SOUND
from test_subflow_step import IDENTIFY, MAIN

from ivr.reading.schema import flow_schema
from ivr.steps.verbs import VERBS

SHIPPED = sorted((Path(__file__).parents[2] / "callflows").glob("*.yaml"))


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    schema = flow_schema()
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def as_an_editor_sees(text: str) -> Any:
    """YAML's own types, but keys are always texts in JSON."""

    def keyed(value: Any) -> Any:
        if isinstance(value, dict):
            return {str(key): keyed(inner) for key, inner in value.items()}
        return [keyed(item) for item in value] if isinstance(value, list) else value

    return keyed(yaml.safe_load(text))


def mistakes(validator: Draft202012Validator, text: str) -> list[str]:
    return [error.message for error in validator.iter_errors(as_an_editor_sees(text))]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_every_flow_that_is_shipped_is_taken(validator: Draft202012Validator, path: Path) -> None:
    assert mistakes(validator, path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("text", [SOUND, IDENTIFY, MAIN], ids=["sound", "identify", "main"])
def test_other_flows_that_load_are_taken(validator: Draft202012Validator, text: str) -> None:
    assert mistakes(validator, text) == []


STEPS = [
    'a: {say: "Hi", next: b}',
    "a: {say: {text: {en: Hi}, interrupt: false}, next: b}",
    "a: {play: welcome, next: b}",
    "a: {play: {file: welcome, interrupt: no}, next: b}",
    'a: {transfer: "200", next: b}',
    "a: {transfer: {to: +48220000010, ring: 20s}, next: b, busy: c}",
    "a: {ask: {into: x, digits: 6, prompt: Hi, unclear: Sorry}, next: b}",
    "a: {ask: {into: x, digits: {least: 2, most: 8}, prompt: {en: Hi}, attempts: '2'}, next: b}",
    "a: {set: {urgent: true, count: 3}, next: b}",
    "a: {branch: [{when: caller, next: b}], otherwise: c}",
    "a: {hours: office, open: b, closed: c}",
    "a: {hangup: normal}",
    "a: {return: found}",
    "a: {subflow: identify, found: b, anything: c}",
    'a: {subflow: {flow: identify, with: {name: "{x}"}}, found: b}',
    "a: {webhook: {service: s, post: /x, body: {a: {b: [1]}}, timeout: 3s}, next: b, failed: c}",
]


@pytest.mark.parametrize("step", STEPS)
def test_the_forms_of_steps(validator: Draft202012Validator, step: str) -> None:
    assert mistakes(validator, f"flow: f\nlanguages: [en]\nstart: a\nsteps:\n  {step}\n") == []


PLANTED = [
    ("languages: [pl, en]", "languages: [pl, xx]"),
    ("start: language\n", ""),
    ("start: language", "strat: language"),
    ("always: {agent", "always: {agnet"),
    ("use: {hours", "use: {hour"),
    ("    next: status\n", ""),
    ("    failed: agents\n", ""),
    ("    next: status", "    nxet: status"),
    ("open: main, ", ""),
    ("webhook: {s", "webhok: {s"),
    ("    transfer: {", "    say: Hi\n    transfer: {"),
    ("wait: 5s", "wait: 5"),
    ("ring: 20s", "ring: soon"),
    ("attempts: 2", "attempts: many"),
    ("attempts: 2", "attempts: 20"),
    ("box: orders", "box: ../orders"),
    ("box: orders", "bxo: orders"),
    ("into: order,", "into: Order No,"),
    ("parcel]}, next: number", "parcel]}, nxt: number"),
    ("        1: {hear: {pl: [z", "        x: {hear: {pl: [z"),
    ('silent: {pl: "Nie słyszę."', 'silent: {de: "Nichts."'),
    ("hangup: normal", "hangup: rudely"),
    ("hangup: normal", "hangup: normal, next: bye"),
]


@pytest.mark.parametrize(("old", "new"), PLANTED)
def test_what_an_editor_can_see_is_wrong_is_refused(
    validator: Draft202012Validator, old: str, new: str
) -> None:
    assert old in SOUND
    assert mistakes(validator, SOUND.replace(old, new)) != []


def test_every_verb_and_its_fields_are_described() -> None:
    schema = flow_schema()
    for verb, body in VERBS.items():
        assert schema["$defs"]["step"]["properties"][verb]["description"]
        assert body.__name__ in schema["$defs"]
