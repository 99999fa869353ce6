"""`chats:` of the configuration: what is refused, and what a site is made of."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from infolinia.commands.settings import show_config
from infolinia.configuration import Configuration, ConfigurationRejected, load_configuration
from infolinia.flows.files import load_flows
from infolinia.sections.chats import chat_site

FLOW = """\
flow: front
languages: [pl, en]
always: {agent: a, trouble: a}
start: a
steps:
  a: {hangup: normal}
"""
SITE = {"origins": ["https://shop.example.com"], "flow": "front"}


def configured(folder: Path, **site: Any) -> Configuration:
    file = folder / "infolinia.yaml"
    (folder / "callflows").mkdir(exist_ok=True)
    (folder / "callflows" / "front.yaml").write_text(FLOW)
    file.write_text(
        yaml.safe_dump(
            {"chats": {"shop": SITE | site}, "numbers": {"100": "front"}, "unknown_number": "front"}
        )
    )
    return load_configuration(file)


def test_what_nobody_keeps_is_told_beside_the_settings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    configured(tmp_path, form={"topic": "orders"})
    show_config(tmp_path / "infolinia.yaml")
    assert (
        "chats.shop.form: no campaign is named that keeps its callbacks of orders" in capsys.readouterr().err
    )


@pytest.mark.parametrize(
    ("site", "said"),
    [
        ({"origins": []}, "'origins': at least 1 is wanted here"),
        ({"hours": "office"}, "chats.shop.hours: there are no hours 'office'"),
        ({"number": "999"}, "chats.shop.number: no flow answers '999'"),
        ({"form": {"campaign": "later"}}, "chats.shop.form.campaign: there is no campaign 'later'"),
        ({"languages": ["pl", "en"], "title": {"pl": "Pytaj"}}, "chats.shop.title lacks en"),
        ({"languages": ["pl"], "invite": {"text": {"en": "Ask"}}}, "chats.shop.invite.text lacks pl"),
        ({"languages": ["pl"], "invite": {"text": {}}}, "chats.shop.invite.text lacks pl"),
        ({"languages": ["polish"]}, "two small letters"),
        ({"invite": {"text": {"pl": "Pytaj"}, "pages": ["pricing"]}}, "such as /pricing*"),
        ({"idle": "1s"}, "'idle': at least 60"),
    ],
)
def test_a_wrong_setting_is_told(tmp_path: Path, site: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationRejected) as refused:
        configured(tmp_path, **site)
    assert said in str(refused.value)
    assert "infolinia.yaml:" in str(refused.value), "with the line"


@pytest.mark.parametrize(
    ("site", "said"),
    [
        ({"flow": "another"}, "chats.shop.flow: there is no flow 'another'; its file would be /"),
        ({"flow": "fornt"}, "chats.shop.flow: there is no flow 'fornt' (did you mean 'front'?); its file"),
        ({"title": {"pl": "Pytaj", "en": "Ask", "xx": "?"}}, "chats.shop.title has xx, but the flow front"),
        ({"languages": ["ru"]}, 'the flow front does not have "ru"; it has pl, en'),
        ({"title": {"pl": "Pytaj"}}, "chats.shop.title lacks en"),
    ],
)
def test_what_its_flow_lacks_is_told(tmp_path: Path, site: dict[str, Any], said: str) -> None:
    configuration = configured(tmp_path, **site)
    with pytest.raises(ConfigurationRejected) as refused:
        load_flows(configuration)
    assert re.fullmatch(rf"{re.escape(str(tmp_path))}/infolinia\.yaml:\d+:\d+: .*", str(refused.value))
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("origin", "said"),
    [
        ("shop.example.com", "begin with https://: write the site's origin, such as https://www.example.com"),
        (
            "htp://shop.example.com",
            "'htp' is neither http nor https: write it such as https://www.example.com",
        ),
        ("https://Shop.example.com/", "leave out what follows the host: write https://shop.example.com"),
        ("https://", "write the site's origin without a path, such as https://www.example.com"),
    ],
)
def test_a_wrong_origin_is_told_once_and_as_what_it_is(tmp_path: Path, origin: str, said: str) -> None:
    with pytest.raises(ConfigurationRejected) as refused:
        configured(tmp_path, origins=[origin])
    (line,) = str(refused.value).splitlines()
    assert line.endswith(f": 'origins': {said}")


def test_a_site_is_made_of_its_settings(tmp_path: Path) -> None:
    configuration = configured(
        tmp_path,
        form={"topics": {"orders": {"pl": "Zamówienie", "en": "Order"}}, "within": "1h"},
        invite={"after": "10s", "pages": ["/pricing*"], "text": {"pl": "Pytaj", "en": "Ask"}},
        idle="5m",
    )
    site = chat_site("shop", configuration.chats["shop"], ["pl", "en"])
    assert (site.languages, site.idle_seconds, site.number) == (("pl", "en"), 300.0, None)
    assert site.form is not None
    assert site.invitation is not None
    assert site.form.within == timedelta(hours=1)
    assert (site.invitation.after_seconds, site.said(site.invitation.text, "en")) == (10.0, "Ask")
