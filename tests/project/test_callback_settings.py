"""`callbacks:` and `forms:` of the configuration, and the command that lists requests."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from compliance.facts import Mode, Purpose
from dialer.callbacks import PersonalRule
from dialer.campaign import Campaign, CampaignKind, CampaignMove
from engine.clock import SystemClock, TimeOrderedIds
from history.callbacks import CallbackRequest, CallbackSource
from history.interaction import ContactPoint, PointKind
from infolinia.assembly.callbacks import (
    KeptCallbacks,
    callback_forms,
    callback_rules,
    missed_calls,
    promise,
)
from infolinia.assembly.preflight import StartFailed
from infolinia.command import app
from infolinia.configuration import Configuration, ConfigurationRejected, as_table, load_configuration
from store.store import Store, open_store
from tests.store.people import WE

SECRET = "a secret of our web server"


def configured(folder: Path, **settings: Any) -> Configuration:
    file = folder / "infolinia.yaml"
    file.write_text(yaml.safe_dump(settings))
    return load_configuration(file)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"forms": {"contact": {"secret": "short"}}}, "at least 16 characters"),
        ({"forms": {"contact": {}}}, "secret"),
        (
            {"forms": {"contact": {"secret": SECRET, "origins": ["www.example.com"]}}},
            "https://www.example.com",
        ),
        ({"forms": {"contact": {"secret": SECRET, "campaign": "later"}}}, "there is no campaign 'later'"),
        ({"forms": {"contact": {"secret": SECRET, "hours": "office"}}}, "there are no hours 'office'"),
        ({"callbacks": {"hours": "office"}}, "callbacks.hours: there are no hours 'office'"),
        ({"callbacks": {"missed": {"hours": "x"}}}, "callbacks.missed.hours"),
        ({"callbacks": {"missed": {"outcomes": ["talked"]}}}, "abandoned"),
        ({"callbacks": {"within": "1s"}}, "'within': at least 300"),
    ],
)
def test_a_wrong_setting_is_told(tmp_path: Path, settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationRejected) as refused:
        configured(tmp_path, **settings)
    assert said in str(refused.value)
    assert "infolinia.yaml:" in str(refused.value), "with the line"


def test_settings_become_rules(tmp_path: Path) -> None:
    hours = {"office": {"mon-fri": "8:00-16:00"}}
    one = configured(tmp_path, callbacks={"within": "2h", "hours": "office"}, hours=hours)
    assert promise(one).within == timedelta(hours=2)
    assert promise(one).hours is not None
    assert missed_calls(one) is None, "only who asks is called back"
    rule = missed_calls(configured(tmp_path, callbacks={"missed": {"numbers": ["100"], "within": "1h"}}))
    assert rule is not None
    assert (rule.numbers, rule.topic, rule.within) == (frozenset({"100"}), "missed", timedelta(hours=1))


@pytest.fixture
async def store(tmp_path: Path) -> Store:
    clock = SystemClock()
    return open_store(f"sqlite:///{tmp_path}/x.db", tmp_path / "spool", clock=clock)


async def test_a_secret_is_of_the_environment_and_never_shown(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = SystemClock()
    one = configured(tmp_path, forms={"contact": {"secret": "${FORM_SECRET}"}})
    monkeypatch.delenv("FORM_SECRET", raising=False)
    with pytest.raises(StartFailed, match="wants the environment variable FORM_SECRET"):
        callback_forms(one, store, clock, TimeOrderedIds(clock))
    monkeypatch.setenv("FORM_SECRET", SECRET)
    callback_forms(one, store, clock, TimeOrderedIds(clock))
    within = configured(tmp_path, forms={"contact": {"secret": "not ${A_VARIABLE} but a text"}})
    callback_forms(within, store, clock, TimeOrderedIds(clock))
    written = configured(tmp_path, forms={"contact": {"secret": SECRET}})
    assert SECRET not in str(as_table(written)) + repr(written)
    await store.close()


async def test_a_site_whose_callbacks_nobody_keeps_is_told(tmp_path: Path, store: Store) -> None:
    def site(**form: str) -> dict[str, Any]:
        plain = {"origins": ["https://shop.example.com"], "flow": "front"}
        return plain | ({"form": form} if form else {})

    kept = KeptCallbacks(store.campaigns)
    await store.start()
    one = configured(tmp_path, chats={"shop": site(topic="orders"), "plain": site()})
    second, first = await kept.doubts(one)
    assert first.startswith(
        "chats.shop.form: no campaign is named that keeps its callbacks of orders: name one"
    )
    assert second.startswith("chats.plain: no campaign is named that keeps its callbacks of web:")
    now = SystemClock().now()
    made = Campaign(
        "later", "Later", CampaignKind.CALLBACK, Mode.MANUAL, Purpose.SERVICE, now, now, topics=("orders",)
    )
    await store.campaigns.create(WE, made)
    assert list(await kept.doubts(one)) == [second, first], "it is a draft"
    await store.campaigns.set_state(WE, "later", CampaignMove.START)
    assert list(await kept.doubts(one)) == [second]
    named = {"shop": site(topic="web", campaign="later")}
    assert not await kept.doubts(configured(tmp_path, chats=named, campaigns=["later"]))
    assert not await kept.doubts(configured(tmp_path, chats={"a": site()}, callbacks={"campaign": "later"}))
    await store.close()


def test_the_requests_are_listed(tmp_path: Path) -> None:
    configuration = configured(tmp_path, state="v", database=f"sqlite:///{tmp_path}/x.db")
    point = ContactPoint(PointKind.PHONE, "+48600000001")

    async def fill() -> None:
        clock = SystemClock()
        opened = open_store(configuration.database_url, tmp_path / "spool", clock=clock)
        await opened.start()
        asked = CallbackRequest("c1", point, "orders", CallbackSource.API, clock.now())
        await opened.callbacks.request(WE, asked)
        await opened.callbacks.request(WE, replace(asked, id="c2", topic="other"))
        await opened.callbacks.cancel(WE, "c2", "wrong number")
        await opened.close()

    asyncio.run(fill())

    def listed(*options: str) -> list[str]:
        done = CliRunner().invoke(app, ["callbacks", *options, "--config", str(tmp_path / "infolinia.yaml")])
        assert done.exit_code == 0, done.output
        return done.output.splitlines()

    assert ["c2" in listed()[0], "c1" in listed()[1]] == [True, True]
    assert listed()[0].endswith("(wrong number)")
    (line,) = listed("--state", "open", "--json")
    shown = json.loads(line)
    assert (shown["id"], shown["state"], shown["point"]["value"]) == ("c1", "open", "+48600000001")
    (other,) = listed("--state", "open", "--state", "cancelled", "--topic", "other", "--limit", "1")
    assert "c2" in other
    assert listed("--state", "broken") == []


def test_missed_calls_outside_hours_take_hours(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationRejected) as refused:
        configured(tmp_path, callbacks={"missed": {"numbers": ["100"], "closed": True}})
    assert "callbacks.missed.closed: name the hours" in str(refused.value)
    kept = {"campaign": "promises", "personal": {"wait": "10m", "away": "team"}}
    rules = callback_rules(configured(tmp_path, callbacks=kept))
    assert (rules.campaign, rules.personal) == ("promises", PersonalRule(timedelta(minutes=10), False))
