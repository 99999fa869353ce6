"""A console with campaigns over a real store: a queue, hours, flows; Ewa, a manager, is signed in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from types import MappingProxyType
from typing import Any

from acd.agents import Agent
from acd.queues import Queue
from console.accounts.identity import identify
from console.api.areas import operations
from console.api.campaign_shapes import CampaignSettings
from console.api.parts import ApiParts
from console.api.serving import Api
from console.campaigns.forms import campaign_of
from dialer.campaign import Campaign
from engine.clock import TimeOrderedIds
from engine.forecasts import ForecastBusy, ForecastOrder, ForecastPlace, ForecastState, KeptForecast
from engine.queues import AgentLine, Queues
from engine.registers.access import Role
from engine.registers.leads import NewLead
from infolinia.assembly.api import api_parts
from infolinia.configuration import Configuration
from store.store import Store
from tests.console.offices import SHELL, Office, open_office
from tests.console.stage import START, Stage

SPRING: dict[str, Any] = {
    "name": "The spring call",
    "kind": "information",
    "mode": "progressive",
    "purpose": "information",
    "queue": "orders",
    "time_zone": "Europe/Warsaw",
    "lines": 8,
    "caller_ids": {"": "+48220000010", "+48": "+48220000011"},
}


@dataclass
class Campaigning:
    office: Office
    parts: ApiParts
    stage: Stage
    forecasts: ForecastsHere
    runs: dict[str, dict[str, Any]]  # what the engine that dials tells of itself, by campaign
    told: list[str]  # to that engine: a campaign was started, paused or changed

    async def page(self, path: str, status: int = 200) -> str:
        answer = await self.office.page(path)
        text = unescape(await answer.text())
        assert answer.status == status, (path, text[-1500:])
        return text

    async def send(self, path: str, status: int = 303, **fields: str) -> str:
        """Where it leads, or the page that tells what is wrong."""
        answer = await self.office.post(path, {"csrf": await self.office.csrf(), **fields})
        text = unescape(await answer.text())
        assert answer.status == status, (path, text[-1500:])
        return answer.headers["Location"] if status == 303 else text

    async def made(self, **more: Any) -> Campaign:
        """Spring, with `more` as the API has it."""
        wanted = CampaignSettings.model_validate({**SPRING, **more})
        return await self.parts.campaigns.create(SHELL, campaign_of(wanted, "spring", self.stage.clock.now()))

    async def people(self, *numbers: str) -> list[str]:
        """Their leads' ids; they are called "Anna 0", "Anna 1" and so on."""
        people = [
            NewLead(place, ((number, "mobile"),), name=f"Anna {place}")
            for place, number in enumerate(numbers)
        ]
        added = await self.parts.leads.add(SHELL, "spring", people)
        return [added.ids[place] for place in range(len(numbers))]


@asynccontextmanager
async def open_campaigns(stage: Stage, store: Store, folder: Path) -> AsyncIterator[Campaigning]:
    configuration = Configuration.model_validate(
        {
            "folder": Path.cwd(),
            "database": f"sqlite:///{folder}/infolinia.db",
            "state": folder / "state",
            "queues": {"orders": {}},
            "hours": {"office": {"mon-fri": "8:00-16:00"}},
            "country": "PL",
        }
    )
    ids = TimeOrderedIds(stage.clock)
    queues = Queues([Queue("orders")], [AgentLine(Agent("anna"), number="+48220000021")], clock=stage.clock)
    parts = api_parts(
        configuration,
        store=store,
        clock=stage.clock,
        ids=ids,
        live=stage.live,
        flows=stage.flows,
        queues=queues,
    )
    forecasts = ForecastsHere()
    runs: dict[str, dict[str, Any]] = {}
    told: list[str] = []
    parts = replace(
        parts,
        identify=identify,
        forecasts=forecasts,
        explain_campaign=runs.get,
        refresh_campaigns=lambda: told.append("changed"),
    )
    stage.api, stage.queues = Api(parts, operations(parts)), queues
    async with open_office(stage, store) as office:
        for name, role in (("Olga", Role.ADMIN), ("Ewa", Role.MANAGER), ("Jan", Role.SUPERVISOR)):
            await office.add(name, role)
        assert (await office.sign_in("Ewa")).status == 303
        yield Campaigning(office, parts, stage, forecasts, runs, told)
    queues.close()


class FormReader(HTMLParser):
    """What a browser would send of the form whose action begins with `action`."""

    def __init__(self, action: str) -> None:
        super().__init__()
        self._action = action
        self._inside = False
        self._select = self._area = ""
        self.fields: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._inside = given.get("action", "").startswith(self._action)
        if not self._inside:
            return
        name = given.get("name", "")
        if tag == "input" and name and (given.get("type") != "checkbox" or "checked" in given):
            self.fields[name] = given.get("value", "")
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and (self._select not in self.fields or "selected" in given):
            self.fields[self._select] = given["value"]
        elif tag == "textarea":
            self._area = name
            self.fields[name] = ""

    def handle_endtag(self, tag: str) -> None:
        if tag in ("select", "textarea", "form"):
            self._select = self._area = ""
            self._inside = self._inside and tag != "form"

    def handle_data(self, data: str) -> None:
        if self._area:
            self.fields[self._area] += data


def form_in(page: str, action: str) -> dict[str, str]:
    reader = FormReader(action)
    reader.feed(page)
    return reader.fields


def an_estimate(expected: float, reach: float) -> dict[str, float]:
    return {
        "expected": expected,
        "low80": expected - reach,
        "high80": expected + reach,
        "low95": expected - 2 * reach,
        "high95": expected + 2 * reach,
    }


def an_outlook(abandoned: float) -> dict[str, Any]:
    """Three hours of ten simulated days."""
    hours = [f"2026-11-18T{hour:02}:00:00Z" for hour in (8, 9, 10)]
    return {
        "days": 10,
        "abandon_cap": 0.03,
        "utilisation": an_estimate(0.78, 0.05),
        "abandoned": an_estimate(abandoned, 0.005),
        "holds_cap": 9,
        "holds_cap_share": 0.9,
        "calls": an_estimate(900, 50),
        "reached": an_estimate(300, 20),
        "calls_per_answer": 3.0,
        "finish": {"expected": "2026-11-18T15:40:00Z", "low80": None, "high80": None, "on_the_day": 0.8},
        "leads_left": 0.0,
        "hours": [
            {"starts": at, "agents": 12, "calls": an_estimate(300, 30), "reached": an_estimate(100, 9)}
            for at in hours
        ],
        "curve": [
            {"ends": at, "utilisation": [0.7, 0.78, 0.83], "abandoned": [0.01, abandoned, 0.03]}
            for at in hours
        ],
    }


def a_result(abandoned: float | None = 0.019) -> dict[str, Any]:
    """Of a list of 100, of whom 12 have no consent. None: no day was simulated."""

    def share(count: int) -> dict[str, int]:
        return {"expected": count, "low": count, "high": count}

    rule = {"rule": "pl-pke/consent", "sentence": "no consent to marketing by call is in force"}
    return {
        "campaign": "spring",
        "made_at": "2026-11-17T08:12:00Z",
        "agents": 12,
        "calls_known": 0,
        "talks_known": 0,
        "eligibility": {
            "standing": 100,
            "judged": 100,
            "sampled": False,
            "callable": share(88),
            "never": share(12),
            "elsewhere": share(3),
            "over": 0,
            "merged": 0,
            "hours": [],
            "rules": [{**rule, "refused": share(12), "never": share(12), "examples": []}],
        },
        "forecast": None if abandoned is None else an_outlook(abandoned),
        "what_if": [] if abandoned is None else [{"agents": 10, **an_outlook(0.024)}],
        "notes": ["Each simulated day has the leads of the whole plan in all its hours."],
    }


def a_run(**more: Any) -> dict[str, Any]:
    """As engine.dialling.campaign_run tells it."""
    return {
        "held": {"code": "dials", "data": {"calls": 2}},
        "why": "2 calls are placed now.",
        "agents": {},
        "agent_states": {"talking": 9, "wrapping": 2, "idle": 1},
        "calls": 14,
        "in_flight": {"dialling": 1, "ringing": 3, "detecting": 1, "waiting": 0, "talking": 9},
        "lines": 30,
        "began_at": "2026-11-17T10:30:00+00:00",
        "not_called": {"gate by pl-pke/consent": 12, "gate_forever by pl-pke/hours": 3, "person_busy": 1},
        "pacer": {
            "mode": "predictive",
            "why": "worth_it",
            "idle": 1,
            "in_flight": 5,
            "expected_answers": 1.6,
            "beliefs": {"answer_probability": 0.31, "answer_seconds": 8.2, "talk_seconds": 121.0},
            "budget": {"live": 7.0, "abandoned": 1.0, "left": 2.4},
        },
        **more,
    }


@dataclass
class ForecastsHere:
    """Implements Forecasts; nothing is simulated. `busy`: another campaign's is being made."""

    kept: KeptForecast | None = None
    last: KeptForecast | None = None
    busy: bool = False

    async def begin(self, campaign: str, order: ForecastOrder) -> KeptForecast:
        if self.busy:
            raise ForecastBusy("A forecast of campaign other is being made: ask again once it is done.")
        self.kept = KeptForecast(campaign, order, START, stage="days", done=3, of=30)
        return self.kept

    async def latest(self, campaign: str) -> KeptForecast | None:
        return self.kept

    async def done(self, campaign: str) -> KeptForecast | None:
        return self.last

    async def cancel(self, campaign: str) -> KeptForecast | None:
        if self.kept is not None:
            self.kept = replace(self.kept, state=ForecastState.CANCELLED, ended_at=START)
        return self.kept

    def end(
        self,
        result: Mapping[str, Any] | None,
        error: str | None = None,
        settings: Mapping[str, Any] = MappingProxyType({}),
        place: ForecastPlace = ForecastPlace.PAGE,
    ) -> None:
        order = ForecastOrder(12, place=place, by="command:anna")
        state = ForecastState.FAILED if result is None else ForecastState.DONE
        ended = KeptForecast("spring", order, START, state, ended_at=START, result=result, error=error)
        self.kept = replace(ended, settings=settings)
        self.last = self.last if result is None else self.kept
