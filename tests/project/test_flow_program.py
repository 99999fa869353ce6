"""`infolinia flow test, show, talk`, and pytest's plugin, as a person who writes flows meets them."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from calls.events import CallEvent, CallEventKind
from engine.changes import EventsAppended
from engine.clock import SystemClock
from infolinia.commands.recorded_tests import append_test, written_test
from infolinia.commands.typed_calls import HELP, TypedCall
from infolinia.configuration import ConfigurationRejected, load_configuration
from infolinia.flows.files import read_flow
from ivr.rehearsal.flow_tests import flow_tests
from ivr.rehearsal.rehearsal import Rehearsal
from ivr.rehearsal.verdicts import run_test
from ivr.surroundings import NOWHERE
from store.store import open_store
from tests.commands import Program, loaded_program

FLOW = """\
flow: shop
languages: [en]
always: {agent: desk, trouble: desk}
start: welcome
steps:
  welcome:
    menu:
      prompt: "For hours, press 1."
      choices:
        1: {hear: {en: [hours]}, next: hours}
    otherwise: desk
  hours: {say: "Nine to six.", next: bye}
  desk: {transfer: "200", next: bye, busy: bye, no_answer: bye, refused: bye, failed: bye}
  bye: {hangup: normal}
tests:
  - test: the hours
    caller: [{says: hours}, {hears: nine}, {ends: hangup}]
  - test: a person
    caller: [{dials: "0"}, {gets: transfer}, {ends: hangup}]
"""


@pytest.fixture(scope="module")
def program() -> Iterator[Program]:
    with loaded_program() as program:
        yield program


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    folder = tmp_path / "callflows"
    folder.mkdir()
    (folder / "shop.yaml").write_text(FLOW)
    return folder / "shop.yaml"


def test_all_passes(program: Program, shop: Path, tmp_path: Path) -> None:
    ran = program.run(tmp_path, "flow", "test", "callflows", "-v", "--junit", "out.xml")
    assert (ran.code, ran.errors) == (0, "")
    lines = ran.output.splitlines()
    assert lines[:2] == ["ok      shop: the hours", "ok      shop: a person"]
    assert lines[2].split() == ["file", "tests", "steps", "ways", "languages", "always"]
    assert lines[3].split("  ")[1:4] == ["2 of 2", "4 of 4", "3 of 8"]
    assert lines[-1] == "2 passed, 0 failed"
    suite = ET.parse(tmp_path / "out.xml").getroot()[0]
    assert (suite.get("name"), suite.get("tests"), suite.get("failures")) == ("callflows/shop.yaml", "2", "0")


def test_a_failure_and_low_coverage_are_told_and_end_with_1(
    program: Program, shop: Path, tmp_path: Path
) -> None:
    shop.write_text(FLOW.replace("{hears: nine}", "{hears: noon}"))
    ran = program.run(tmp_path, "flow", "test", "--junit", "out.xml")
    assert ran.code == 1
    told = (
        "callflows/shop.yaml:17:29: test 'the hours': the caller should have heard 'noon', but the call ended"
    )
    assert f"FAILED  {told} (normal)" in ran.output
    assert "1 passed, 1 failed" in ran.output
    (failure,) = ET.parse(tmp_path / "out.xml").getroot().iter("failure")
    assert "Nine to six." in (failure.text or "")
    ran = program.run(tmp_path, "flow", "test", "-k", "person")
    assert (ran.code, ran.output.splitlines()[-1]) == (0, "1 passed, 0 failed")
    shop.write_text(FLOW[: FLOW.index("  - test: a person")])
    ran = program.run(tmp_path, "flow", "test", "--ways", "50")
    assert ran.code == 1
    assert "callflows/shop.yaml:13: step 'desk' is never reached" in ran.output
    assert "callflows/shop.yaml: steps 75 %, wanted 100 %" in ran.output
    assert program.run(tmp_path, "flow", "test", "--coverage", "75").code == 0


def test_what_is_wrong_is_one_sentence(program: Program, shop: Path, tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    assert "no flow (*.yaml) is in this folder" in program.run(tmp_path, "flow", "test", "none").sentence
    assert "cannot be read" in program.run(tmp_path, "flow", "test", "other.yaml").sentence
    shop.write_text(FLOW.replace("{says: hours}", "{sais: hours}"))
    told = program.run(tmp_path, "flow", "test").sentence
    assert told.startswith("callflows/shop.yaml:17:15: 'sais' is not a caller's act")
    away = program.run(tmp_path, "flow", "show", str(shop.parent / "none.yaml"))
    assert "cannot be read" in away.sentence
    endless = program.run(tmp_path, "flow", "test", "/dev/zero").sentence
    assert "more than 1,000,000 characters" in endless
    shop.write_text(FLOW)
    assert (
        "No test has 'houres' in its name" in program.run(tmp_path, "flow", "test", "-k", "houres").sentence
    )


def test_show_draws_a_file(program: Program, shop: Path, tmp_path: Path) -> None:
    ran = program.run(tmp_path, "flow", "show", str(shop), "-o", "shop.svg", "--coverage")
    assert ran.output == "shop.svg: 4 steps\n"
    assert ET.parse(tmp_path / "shop.svg").getroot().get("aria-label") == "shop"
    assert "cannot be written" in program.run(tmp_path, "flow", "show", str(shop), "-o", "no/x.svg").sentence


def typed(shop: Path, lines: Sequence[str | None]) -> tuple[TypedCall, list[str]]:
    """A conversation; None is Ctrl-D. Every question and answer is told."""
    waiting = list(lines)
    told: list[str] = []

    def ask(question: str) -> str:
        told.append(question)
        line = waiting.pop(0)
        if line is None:
            raise EOFError
        return line

    call = TypedCall(read_flow(shop), {"caller": "+48220000001"}, NOWHERE, None, ask, told.append)
    call.run()
    assert not waiting
    return call, told


def test_talk_is_a_conversation_and_becomes_a_test(shop: Path) -> None:
    call, told = typed(shop, ["", "parking", "0", "nonsense", "busy"])
    assert told[0] == HELP
    assert "    0.0  For hours, press 1." in told
    assert "desk ends with next, busy, no_answer, refused, failed, or {values} [next]: " in told
    assert any(line.startswith("One of next, busy") for line in told)
    configuration = load_configuration(None)
    flow = read_flow(shop)
    test = written_test(configuration, flow, call.events, "a person")
    assert test.startswith('  - test: "a person (2)"\n')
    append_test(shop, test)
    again = read_flow(shop)
    made = flow_tests(again)[-1]
    verdict = run_test(again, made)
    assert verdict.passed, verdict.told()
    assert verdict.rehearsed.path == ["welcome", "desk", "bye"]


def test_ctrl_d_hangs_up(shop: Path) -> None:
    call, _ = typed(shop, [None])
    assert call.events[-1].data == {"by": "caller"}


def test_a_test_is_appended_only_where_it_can_stand(shop: Path) -> None:
    shop.write_text(FLOW + "use: {}\n")
    with pytest.raises(ConfigurationRejected, match="move `tests` to the end"):
        append_test(shop, "  - test: x\n    caller: []\n")
    shop.write_text(FLOW[: FLOW.index("tests:")])
    append_test(shop, "  - test: x\n    caller: []\n")
    assert [test.name for test in flow_tests(read_flow(shop))] == ["x"]
    before = shop.read_text()
    with pytest.raises(ConfigurationRejected, match="cannot be put into the file"):
        append_test(shop, "  - test: y\n    caller: [{dails: 1}]\n")
    assert shop.read_text() == before
    assert [path.name for path in shop.parent.iterdir()] == ["shop.yaml"]


def test_a_call_of_the_history_becomes_a_test(program: Program, shop: Path, tmp_path: Path) -> None:
    flow = read_flow(shop)
    walked = Rehearsal(flow).play(flow_tests(flow)[0].acts)
    told = [(CallEventKind.RECEIVED, {"caller": "+48220000002", "dialled": "100"})]
    told += [(note.kind, dict(note.data)) for note in walked.notes]
    told.append((CallEventKind.ENDED, {"by": "flow"}))
    began = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    events = tuple(
        CallEvent("c1", n, began + timedelta(seconds=n), kind, data) for n, (kind, data) in enumerate(told, 1)
    )
    url = f"sqlite+aiosqlite:///{tmp_path / 'calls.sqlite'}"

    async def fill() -> None:
        store = open_store(url, tmp_path / "spool", clock=SystemClock())
        await store.start()
        await store.ledger.commit([EventsAppended(events)], durable=True)
        await store.close()

    asyncio.run(fill())
    database = {"INFOLINIA_DATABASE": url}
    ran = program.run(tmp_path, "flow", "test", "--from-call", "c1", "--write", environment=database)
    assert ran.code == 0, ran.errors
    assert '- test: "a call of 2026-03-02 09:00 UTC"\n' in ran.output
    assert "{says: hours}" in ran.output
    ran = program.run(tmp_path, "flow", "test", "-v")
    assert "ok      shop: a call of 2026-03-02 09:00 UTC" in ran.output
    gone = program.run(tmp_path, "flow", "test", "--from-call", "c2", environment=database)
    assert gone.sentence.startswith("There is no call 'c2'.")


def test_pytest_runs_the_tests_of_flows(shop: Path, tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = -p no:cacheprovider\n")
    broken = FLOW.replace("{hears: nine}", "{hears: noon}").replace("flow: shop", "flow: other")
    (shop.parent / "other.yaml").write_text(broken[: broken.index("  - test: a person")])
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rA", "callflows"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=50,
    )
    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert "PASSED callflows/shop.yaml::the hours" in ran.stdout
    assert "PASSED callflows/shop.yaml::coverage" in ran.stdout
    assert "FAILED callflows/other.yaml::the hours" in ran.stdout
    assert "the caller should have heard 'noon'" in ran.stdout
    assert "other.yaml: steps 75 %, wanted 100 %" in ran.stdout
    assert "Traceback" not in ran.stdout
    assert "3 passed, 2 failed" in ran.stdout or "2 failed, 3 passed" in ran.stdout


def test_pytest_refuses_a_folder_that_is_not_there(shop: Path, tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\ninfolinia_callflows = flows2\n")
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q"], cwd=tmp_path, capture_output=True, text=True, timeout=50
    )
    assert ran.returncode == 4
    assert "infolinia_callflows: flows2 is no folder beside the ini file" in ran.stderr


def test_a_flow_without_tests_is_told_in_a_line(program: Program, shop: Path, tmp_path: Path) -> None:
    shop.write_text(FLOW[: FLOW.index("tests:")])
    ran = program.run(tmp_path, "flow", "test")
    assert ran.code == 1
    assert "callflows/shop.yaml:1: no test reaches this flow: write its tests" in ran.output
    assert "is never reached" not in ran.output
