"""What the log says of SIP senders that Asterisk refused."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from asterisk.ami import SenderRefused
from console.metrics import Metrics
from engine.health import Health
from engine.live import LiveCalls
from infolinia.assembly import _on_system_news
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
        _on_system_news(CONFIGURATION, Metrics(live, health), health)(
            SenderRefused(why, account, "192.0.2.7")
        )
    (line,) = logs
    assert line["event"] == told
    assert ("anna" in line.values()) == told.endswith("password")
    assert "a stranger" not in line.values()
