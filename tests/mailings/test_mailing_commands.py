"""`infolinia mailings`: listed, looked at, started, paused and stopped beside a hotline."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from compliance.facts import Channel
from engine.clock import SystemClock
from engine.registers.contacts import ContactDraft
from engine.registers.mailings import Mailing
from history.interaction import ContactPoint, PointKind
from infolinia.commands.mailings import _line
from infolinia.configuration import Configuration
from messaging.mailing import MailingState
from store.store import open_store
from tests.commands import Program, loaded_program
from tests.mailings.conftest import NEWS, WE


async def _filled(folder: Path) -> None:
    clock = SystemClock()
    store = open_store(f"sqlite:///{folder / 'i.db'}", folder / "var" / "spool", clock=clock)
    await store.start()
    draft = ContactDraft((ContactPoint(PointKind.PHONE, "+48600000001"),), {"given_name": "Anna"})
    anna = await store.history.contacts.create(WE, draft)
    now = clock.now()
    for name, values in (("good", {"shop": "Town"}), ("bad", {})):
        given = {"template": "news", "channel": Channel.SMS, "contact_ids": (anna.id,), "values": values}
        await store.mailings.create(WE, Mailing(name, name, now, now, **given))  # type: ignore[arg-type]
    await store.close()


@pytest.fixture(scope="module")
def program() -> Iterator[Program]:
    with loaded_program() as program:
        yield program


def test_a_line_tells_how_many_are_written_down() -> None:
    now = datetime(2026, 11, 23, tzinfo=UTC)
    one = Mailing("m", "June", now, now, template="news", state=MailingState.PREPARING)
    told = _line(replace(one, prepared=34_000, recipients=100_000), Configuration())
    assert "  preparing  34,000 of 100,000  news  June  m" in told


def test_a_mailing_is_looked_at_and_ordered(tmp_path: Path, program: Program) -> None:
    asyncio.run(_filled(tmp_path))
    (tmp_path / "messages").mkdir()
    (tmp_path / "messages" / "news.yaml").write_text(NEWS)
    (tmp_path / "infolinia.yaml").write_text(f"database: sqlite:///{tmp_path / 'i.db'}\n")

    def said(*arguments: str) -> str:
        return program.run(tmp_path, "mailings", *arguments).output

    def refused(*arguments: str) -> str:
        done = program.run(tmp_path, "mailings", *arguments)
        assert done.code == 2
        return done.sentence

    assert {line.split()[-1] for line in said("list").splitlines()} == {"bad", "good"}
    preview = json.loads(said("preview", "good"))
    assert [one["text"] for one in preview["first"]] == ["Anna, nowe godziny."]
    assert refused("start", "bad") == "Template news takes shop: give it in values."
    assert said("start", "good") == "It is started, with 1 recipients.\n"
    assert said("pause", "good", "--reason", "lunch") == "It is paused.\n"
    assert "lunch" in said("list", "--state", "paused")
    assert said("resume", "good") == "It is running.\n"
    assert said("stop", "good") == "It is stopped.\n"
    assert json.loads(said("show", "good").split("\n", 1)[1])["to_come"] == 1
    assert "cannot pause" in refused("pause", "good")
    assert refused("show", "none") == "There is no mailing none."
