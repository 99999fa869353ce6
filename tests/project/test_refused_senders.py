"""What the log says of SIP senders that Asterisk refused."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from asterisk.ami import SenderRefused, TrunkStatus
from asterisk.settings import BROWSER_ADDRESS
from console.metrics import Metrics
from engine.health import Health
from engine.live import LiveCalls
from infolinia.assembly.system_news import on_system_news
from infolinia.configuration import Configuration

CONFIGURATION = Configuration.model_validate(
    {"agents": {"anna": {"sip": {"password": "a password of hers"}}}}
)


@pytest.mark.parametrize(
    ("why", "account", "told"),
    [
        ("ChallengeResponseFailed", "anna", "SIP refused: not this agent's password"),
        ("RequestNotAllowed", "anna", "SIP refused: not a trunk or phone of ours"),
        ("ChallengeResponseFailed", "a stranger", "SIP refused: not a trunk or phone of ours"),
    ],
)
def test_only_a_wrong_password_of_an_agent_is_told_with_a_name(why: str, account: str, told: str) -> None:
    live = LiveCalls()
    health = Health(live)
    with capture_logs() as logs:
        on_system_news(CONFIGURATION, Metrics(live, health), health, set())(
            SenderRefused(why, account, "192.0.2.7")
        )
    (line,) = logs
    assert line["event"] == told
    assert ("anna" in line.values()) == told.endswith("password")
    assert "a stranger" not in line.values()


def test_a_page_that_was_closed_is_no_stranger() -> None:
    live = LiveCalls()
    health = Health(live)
    before = health.all()
    with capture_logs() as logs:
        on_system_news(CONFIGURATION, Metrics(live, health), health, set())(
            SenderRefused("InvalidAccountID", "page-1", BROWSER_ADDRESS)
        )
    assert [line["log_level"] for line in logs] == ["debug"]
    assert health.all() == before


def test_a_trunk_that_does_not_answer_is_told_once_and_kept_until_it_does() -> None:
    live = LiveCalls()
    health = Health(live)
    carrier = {"name": "carrier", "hosts": ["sip.example.com"]}
    unreachable: set[str] = set()
    heard = on_system_news(
        Configuration.model_validate({"sip": {"trunks": [carrier]}}),
        Metrics(live, health),
        health,
        unreachable,
    )
    with capture_logs() as logs:
        heard(TrunkStatus("carrier", "registration", False, "Rejected"))
        assert unreachable == set()
        heard(TrunkStatus("carrier", "contact", False, "Unreachable"))
        heard(TrunkStatus("carrier", "contact", False, "Unreachable"))
        assert unreachable == {"carrier"}
        heard(TrunkStatus("carrier", "contact", True, "Reachable"))
    assert unreachable == set()
    assert [line["event"] for line in logs] == [
        "trunk does not answer: no calls are placed over it",
        "trunk answers again",
    ]
