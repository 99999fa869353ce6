"""A list that names a campaign: its people are on the campaign's list in the transaction that makes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from dialer.campaign import CampaignMove
from engine.clock import SystemClock
from engine.registers.actor import Actor, ActorKind
from engine.registers.imports import Counts, Import
from engine.registers.leads import LeadFilter
from engine.registers.refusals import Missing, Refused
from history.importing.options import Duplicates, ImportOptions
from infolinia.contact_lists.importing import import_file
from store.opening import open_campaigns, open_imports
from tests.store.campaign_samples import campaign

ME = Actor(ActorKind.COMMAND, "anna")
INTO_SPRING = ImportOptions(country="PL", campaign="spring", duplicates=Duplicates.MERGE)


async def take_in(
    url: str, folder: Path, rows: Sequence[str], options: ImportOptions = INTO_SPRING
) -> tuple[Import, list[tuple[int, str, str]]]:
    path = folder / "list.csv"
    path.write_text("\n".join(rows) + "\n")
    async with open_imports(url, SystemClock()) as imports:
        done = await import_file(
            imports, SystemClock(), path, options, ME, lambda begun, file: None, lambda written: None
        )
        refused = await imports.refused(done.id, limit=200)
        return done, [(one.line, one.field, one.reason) for one in refused.items]


async def test_a_list_goes_into_a_campaign(url: str, tmp_path: Path) -> None:
    with pytest.raises(Missing):
        await take_in(url, tmp_path, ["phone", "600000012"])
    async with open_campaigns(url, SystemClock()) as (campaigns, leads, _):
        await campaigns.create(ME, campaign())
        rows = [
            "phone;phone;email;name;attr.city;attr.shoe_size;zip",
            "600000012;220000001;;Anna Nowak;Gdynia;38;00-001",
            "600000013;;;Jan Kot;;;",
            ";;ola@example.com;Ola;;;",
            "600000012;;;Anna;;;",
            "12;;;Nobody;;;",
        ]
        done, refused = await take_in(url, tmp_path, rows)
        assert (done.counts.created, done.counts.left_out, done.counts.refused) == (3, 2, 1)
        assert [(line, field) for line, field, _ in refused] == [
            (4, "campaign"),
            (5, "campaign"),
            (6, "phone"),
        ]
        anna, jan = (await leads.page("spring", LeadFilter())).items
        assert [one.e164 for one in anna.numbers] == ["+48600000012", "+48220000001"]
        assert (anna.name, anna.time_zone, anna.fields) == (
            "Anna Nowak", "Europe/Warsaw", {"city": "Gdynia", "shoe_size": "38"},
        )  # fmt: skip
        assert jan.name == "Jan Kot"
        again, refused = await take_in(url, tmp_path, rows[:3], replace(INTO_SPRING, source="crm"))
        assert again.counts == Counts(updated=0, unchanged=2, left_out=2)
        assert all(anna.id in reason or jan.id in reason for _, _, reason in refused)
        await campaigns.set_state(ME, "spring", CampaignMove.FINISH)
        with pytest.raises(Refused, match="reopen it first"):
            await take_in(url, tmp_path, ["phone", "600000019"])
