"""A console with campaigns over a real store: a queue, hours, flows; Ewa, a manager, is signed in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
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
from engine.queues import AgentLine, Queues
from engine.registers.access import Role
from engine.registers.leads import NewLead
from infolinia.assembly.api import api_parts
from infolinia.configuration import Configuration
from store.store import Store
from tests.console.offices import SHELL, Office, open_office
from tests.console.stage import Stage

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
    parts = replace(parts, identify=identify)
    stage.api, stage.queues = Api(parts, operations(parts)), queues
    async with open_office(stage, store) as office:
        for name, role in (("Olga", Role.ADMIN), ("Ewa", Role.MANAGER), ("Jan", Role.SUPERVISOR)):
            await office.add(name, role)
        assert (await office.sign_in("Ewa")).status == 303
        yield Campaigning(office, parts, stage)
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
