"""`infolinia campaign`: made, filled, started and stopped, beside no hotline."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.campaign_live import CampaignLive, Figures, LegalWindow
from engine.clock import SystemClock
from engine.registers.campaigns import CampaignCounters
from infolinia.commands.campaign_figures import live_lines
from infolinia.configuration import load_configuration
from store.store import open_store
from tests.commands import Program, Ran, loaded_program
from tests.dialer.leads_and_calls import campaign

FLOW = """\
flow: {name}
languages: [en]
always: {{agent: a, trouble: a}}
start: a
steps:
  a: {{hangup: normal}}
"""
SETTINGS = """\
flows: .
country: PL
numbers: {}
unknown_number: unknown
queues: {sales: {}}
outbound: {lines: 20, flows: [news]}
"""
NEW = (
    "campaign",
    "create",
    "spring",
    "--name",
    "Spring",
    "--kind",
    "information",
    "--purpose",
    "information",
)


@dataclass
class Office:
    file: Path
    program: Program

    async def says(self, *arguments: str) -> Ran:
        return await asyncio.to_thread(self.program.run, self.file.parent, *arguments)

    async def does(self, *arguments: str) -> str:
        said = await self.says(*arguments)
        assert said.code == 0, said.errors
        return said.output


@pytest.fixture(scope="module")
def program() -> Iterator[Program]:
    with loaded_program() as program:
        yield program


@pytest.fixture
async def office(tmp_path: Path, program: Program) -> Office:
    file = tmp_path / "infolinia.yaml"
    file.write_text(SETTINGS)
    for name in ("unknown", "news"):
        (tmp_path / f"{name}.yaml").write_text(FLOW.format(name=name))
    (tmp_path / "var").mkdir()
    url = load_configuration(file).database_url
    store = open_store(url, tmp_path / "var" / "spool", clock=SystemClock())
    await store.start()
    await store.close()
    return Office(file, program)


async def test_a_campaign_is_made_filled_and_started(office: Office) -> None:
    await office.does(*NEW, "--mode", "agentless", "--flow", "news")
    told = await office.does("campaign", "add", "spring", "600 000 001", "+48600000002")
    assert len(told.splitlines()) == 2
    twice = await office.does("campaign", "add", "spring", "+48600000001")
    assert twice.startswith("left out: +48600000001")
    started = await office.does("campaign", "start", "spring")
    assert "running" in started
    assert "No hotline runs here" in started
    (one,) = [json.loads(line) for line in (await office.does("campaign", "list", "--json")).splitlines()]
    assert (one["state"], one["mode"], one["lines"]) == ("running", "agentless", 20)
    leads = (await office.does("campaign", "leads", "spring", "--json")).splitlines()
    assert {json.loads(line)["why"] for line in leads} == {"It is called in its turn."}
    (lead, _) = (json.loads(line)["id"] for line in leads)
    why = json.loads(await office.does("why", "lead", lead, "--json"))
    assert (why["state"], why["attempts"]) == ("waiting", [])
    assert why["may_be_called"] is (why["reasons"][0]["code"] == "in_turn")
    told = await office.does("why", "lead", lead)
    assert told.startswith(f"lead {lead} of campaign spring: waiting, +48600000001")
    assert "paused" in await office.does("campaign", "pause", "spring", "--note", "lunch")
    assert "finished" in await office.does("campaign", "finish", "spring")


async def test_show_tells_what_the_day_has_come_to(office: Office) -> None:
    await office.does(*NEW, "--mode", "agentless", "--flow", "news")
    told = await office.does("campaign", "show", "spring")
    assert "today       0 calls, 0 answered by people (–)" in told
    assert "window      since" in told
    assert "now  " not in told  # no hotline runs
    record = json.loads(await office.does("campaign", "show", "spring", "--json"))
    assert record["live"]["today"]["attempts"] == 0
    assert record["live"]["run"] is None


def test_lines_of_a_run_tell_what_goes_on() -> None:
    at = datetime(2026, 11, 21, 10, tzinfo=UTC)
    made = campaign(id="autumn")
    window = LegalWindow(at, 30, CampaignCounters(100, 50, 2), 0.03)
    run = {
        "why": "2 calls are placed now.",
        "agent_states": {"idle": 1, "talking": 3},
        "in_flight": {"ringing": 4, "talking": 3, "waiting": 0},
        "calls": 7,
        "lines": 10,
        "not_called": {"gate by pl/hours": 5},
    }
    live = CampaignLive(made, at, at, at, (), Figures(100, 50, 2, 5, 60.0, 120.0, 20.0), window, run)
    told = list(live_lines(live))
    assert told == [
        "today       100 calls, 50 answered by people (50.0%), 2 abandoned, 5 machines; utilisation 70.0%",
        "window      since 2026-11-21 10:00 UTC: 2 abandoned of 50 answered by people "
        "(4.0%; cap 3.0%, over the cap)",
        "now         2 calls are placed now.",
        "agents      1 ready, 3 talking",
        "lines       7 of 10 in use: 4 ringing, 3 talking",
        "not called  5 by gate by pl/hours",
    ]


async def test_mistakes_are_told_all_at_once(office: Office) -> None:
    said = await office.says(*NEW, "--mode", "predictive", "--lines", "99", "--flow", "new")
    assert [line.partition(":")[0] for line in said.sentences] == ["flow", "queue", "lines"]
    assert "did you mean 'news'" in said.sentences[0]


async def test_what_cannot_be_is_refused_in_a_sentence(office: Office) -> None:
    assert "There is no lead" in (await office.says("why", "lead", "nobody")).sentence
    assert "There is no campaign" in (await office.says("campaign", "start", "nothing")).sentence
    await office.does(*NEW, "--mode", "agentless", "--flow", "news")
    assert "draft" in (await office.says("campaign", "pause", "spring")).sentence
    assert "no telephone number" in (await office.says("campaign", "add", "spring", "12")).sentence
    assert "No hotline runs" in (await office.says("campaign", "explain", "spring")).sentence
    said = await office.says("campaign", "create", "No Id", *NEW[3:], "--mode", "agentless", "--flow", "news")
    assert "is no id" in said.sentence
