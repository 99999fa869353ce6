"""`followups:` and `rate_by_sms` of the configuration: mistakes at the start, and shipped templates."""

from __future__ import annotations

import json
import shutil
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from compliance.facts import Channel
from engine.clock import TimeOrderedIds
from engine.followup.composing import composed
from engine.registers.actor import ENGINE
from engine.registers.contacts import ContactDraft
from history.interaction import ContactPoint, PointKind
from infolinia.assembly.followups import follow_up, rules_of
from infolinia.assembly.mailings import MessageFiles
from infolinia.assembly.preflight import StartFailed
from infolinia.commands.settings import show_config
from infolinia.configuration import Configuration, ConfigurationRejected, load_configuration
from messaging.template_reading import load_template
from store.store import Store
from tests.conftest import HandClock

SHIPPED = Path(__file__).parents[2] / "messages"
GOOD: list[dict[str, Any]] = [
    {"name": "missed", "on": "call.missed", "send": "we_call_back", "after": "1m", "once_per": "12h"},
    {"name": "confirmed", "on": "callback.requested", "send": "callback_confirmed", "topics": ["orders"]},
    {"name": "rate", "on": "call.ended", "send": "how_was_it", "campaigns": ["spring"], "rate": "24h"},
]
QUEUES = {"sales": {"rate_by_sms": {"template": "how_was_it", "within": "2h"}}}


def configured(folder: Path, followups: object, **more: object) -> Configuration:
    file = folder / "infolinia.yaml"
    file.write_text(json.dumps({"followups": followups, "queues": QUEUES, **more}, indent=1))
    return load_configuration(file)


def start(configuration: Configuration, store: Store, clock: HandClock, stack: AsyncExitStack) -> None:
    follow_up(configuration, store, clock, TimeOrderedIds(clock), stack)


async def test_the_rules_that_are_documented_start(tmp_path: Path, store: Store, clock: HandClock) -> None:
    configuration = configured(tmp_path, GOOD, messaging={"templates": str(SHIPPED)})
    assert [rule.name for rule in rules_of(configuration)] == ["missed", "confirmed", "rate", "rate:sales"]
    assert rules_of(configuration)[3].queues == {"sales"}
    async with AsyncExitStack() as stack:
        start(configuration, store, clock, stack)


async def test_help_and_start_are_answered_as_configured(
    tmp_path: Path, store: Store, clock: HandClock
) -> None:
    def named(**answers: str) -> dict[str, str]:
        told = {"templates": str(SHIPPED), "words": {"answers": answers}}
        configuration = configured(tmp_path, [], messaging=told, outbound={"company": "Shop"})
        return {rule.name: rule.send for rule in rules_of(configuration)[1:]}

    assert named() == {"word:help": "word:help", "word:start": "word:start"}
    assert named(help="we_call_back", start="none") == {"word:help": "we_call_back"}
    missing = {"words": {"answers": {"help": "our_help"}}}
    async with AsyncExitStack() as stack:
        with pytest.raises(StartFailed, match=r"rule word:help sends the template 'our_help'"):
            start(configured(tmp_path, [], messaging=missing), store, clock, stack)


async def test_rules_and_files_are_read_anew_and_refused_whole(
    tmp_path: Path, store: Store, clock: HandClock
) -> None:
    folder = tmp_path / "messages"
    shutil.copytree(SHIPPED, folder)
    first = configured(tmp_path, GOOD[:1])
    files = MessageFiles(first)
    async with AsyncExitStack() as stack:
        following = follow_up(first, store, clock, TimeOrderedIds(clock), stack)
        put: list[tuple[list[str], list[str]]] = []
        following.worker.put = (  # type: ignore[method-assign]
            lambda rules, templates: put.append(([one.name for one in rules], sorted(templates)))
        )
        hello = {"name": "hello", "on": "call.missed", "send": "hello"}
        second = configured(tmp_path, [hello, GOOD[1]])
        with pytest.raises(ConfigurationRejected, match="template 'hello', which is not there"):
            following.read(second)
        (folder / "hello.yaml").write_text(
            "{template: hello, purpose: service, languages: [en], text: Hello}"
        )
        following.read(second).put()
        before = files.shelf()
        found = files.read(second)
        assert found.changed == ("templates hello",)
        found.put()
        assert files.read(second).changed == ()
        (folder / "hello.yaml").write_text("{template: hello, text: '{'}")
        for read in (following.read, files.read):
            with pytest.raises(ConfigurationRejected, match=r"hello\.yaml:1"):
                read(second)
    shipped = ["callback_confirmed", "how_was_it", "we_call_back"]
    assert put == [(["hello", "confirmed", "rate:sales"], sorted([*shipped, "hello"]))]
    assert (sorted(before.templates), files.shelf().templates["hello"].name) == (shipped, "hello")


async def test_a_value_that_no_message_can_have_is_told_by_the_start_config_and_reload(
    tmp_path: Path, store: Store, clock: HandClock, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "messages"
    folder.mkdir()
    sent = folder / "sent.yaml"
    text = "template: sent\npurpose: service\nlanguages: [en]\n{takes}text: '{{ordr}} is on its way.'\n"
    sent.write_text(text.format(takes=""))
    configuration = configured(tmp_path, [], queues={})
    async with AsyncExitStack() as stack:
        following = follow_up(configuration, store, clock, TimeOrderedIds(clock), stack)
        (doubt,) = await following.doubts(configuration)
        assert f"{folder}: template sent, en, line 4: {{ordr}} is not known; there are code, " in doubt
        await store.history.contacts.create(ENGINE, ContactDraft(attributes={"ordr": "7"}))
        assert await following.doubts(configuration) == []

        sent.write_text(text.format(takes="takes: [order]\n"))
        told = f"{folder}: template sent, en, line 5: {{ordr}} is not known; did you mean {{order}}?"
        with pytest.raises(ConfigurationRejected) as rejected:
            following.read(configuration)
        assert str(rejected.value) == told
        with pytest.raises(StartFailed) as failed:
            start(configuration, store, clock, stack)
        assert str(failed.value) == told
    with pytest.raises(SystemExit):
        show_config(tmp_path / "infolinia.yaml")
    assert told in capsys.readouterr().err


async def test_templates_that_do_not_fit_are_told_at_the_start(
    tmp_path: Path, store: Store, clock: HandClock
) -> None:
    folder = tmp_path / "messages"
    folder.mkdir()
    for name, more in {
        "how_was_it": "purpose: marketing, text: '1-5?'",
        "takes": "purpose: service, takes: [order], text: '{order}'",
        "link": "purpose: service, link: 'https://shop.example/', text: '{link}'",
        "code": "purpose: service, text: '{code}'",
    }.items():
        (folder / f"{name}.yaml").write_text(f"{{template: {name}, languages: [en], {more}}}")
    rules = [
        {"name": f"r{n}", "on": "call.missed", "send": name}
        for n, name in enumerate(("takes", "link", "code", "linc"))
    ]
    rules.append({"name": "mail", "on": "call.missed", "send": "takes", "channel": "email"})
    with pytest.raises(StartFailed) as failed:
        async with AsyncExitStack() as stack:
            start(configured(tmp_path, rules), store, clock, stack)
    told = str(failed.value)
    for part in (
        "rule rate:sales: template how_was_it asks for a grade and is for marketing",
        "rule r0: template takes takes order, but call.missed gives agent, number, queue",
        "rule r1 sends a link: set `messaging.links_url`",
        "rule r2: template code has a code",
        "rule r3 sends the template 'linc', which is not there (did you mean 'link'?)",
        "rule mail: template takes has no subject in en",
    ):
        assert part in told


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"on": "call.mised"}, "write one of call.missed"),
        ({"on": "promise.due_soon"}, "reminders of promises are those of `debts`"),
        ({"name": "confirmed"}, "'confirmed' is there twice"),
        ({"queues": ["sale"]}, "there is no queue 'sale' (did you mean 'sales'?)"),
        ({"words": ["hours"]}, "only message.received has words"),
        ({"on": "message.received", "words": ["STOP!"]}, "'STOP!' already means stop of messages"),
        ({"dispositions": ["x"]}, "only call.ended has a disposition"),
        ({"rate": "1h"}, "only a call is graded"),
        ({"topics": ["orders"]}, "only callbacks have topics"),
        ({"send": "We Call"}, "a template's name has small letters"),
        ({"once_per": "1s"}, "60"),
    ],
)
def test_mistakes_of_rules_are_told_with_their_place(
    tmp_path: Path, change: dict[str, object], told: str
) -> None:
    with pytest.raises(ConfigurationRejected) as rejected:
        configured(tmp_path, [{**GOOD[0], **change}, GOOD[1]])
    assert told in str(rejected.value)
    assert "infolinia.yaml:" in str(rejected.value)


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "calls.example", "https://calls.example/?a", "https://a b"]
)
def test_short_links_begin_with_an_address_of_the_web(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConfigurationRejected, match="links_url"):
        configured(tmp_path, [], messaging={"links_url": url})


@pytest.mark.parametrize("language", ["pl", "en", "ru"])
@pytest.mark.parametrize("until", [None, datetime(2026, 11, 22, 15, tzinfo=UTC)])
def test_the_shipped_templates_can_be_written(language: str, until: datetime | None) -> None:
    for file in sorted(SHIPPED.glob("*.yaml")):
        template = load_template(file.read_bytes(), str(file), named=file.stem)
        message = composed(
            template,
            "m1",
            channel=Channel.SMS,
            point=ContactPoint(PointKind.PHONE, "+48220000001"),
            contact=None,
            values={"window_to": until},
            language=language,
            now=datetime(2026, 11, 22, 9, tzinfo=UTC),
            zone=ZoneInfo("Europe/Warsaw"),
            links=None,
        ).message
        assert message.language == language
        assert ("16:00" in message.text or "4:00" in message.text) == (
            until is not None and file.stem == "callback_confirmed"
        )
