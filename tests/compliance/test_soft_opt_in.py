"""A customer's own address may be used for similar products: by text and e-mail in Europe, not in Poland."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from compliance.decision import Verdict
from compliance.facts import Callee, Channel, ConsentFact, Facts, Mode, Purpose, Request
from compliance.gate import PACKS, decide

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
BOUGHT = datetime(2026, 10, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("pack", "channel", "allowed"),
    [
        ("eu-eprivacy", Channel.EMAIL, True),
        ("eu-eprivacy", Channel.SMS, True),
        ("eu-eprivacy", Channel.PUSH, False),
        ("eu-eprivacy", Channel.CALL, False),
        ("pl-pke", Channel.EMAIL, False),
        ("us-tsr", Channel.CALL, False),
        ("ru-38fz", Channel.SMS, False),
    ],
)
def test_where_a_soft_opt_in_is_enough(pack: str, channel: Channel, allowed: bool) -> None:
    callee = Callee("c1", "+493000000001", "Europe/Berlin", "DE", type="mobile")
    request = Request(channel, Purpose.MARKETING, Mode.AGENTLESS, callee)
    facts = Facts(consents=(ConsentFact(channel, "marketing", BOUGHT, soft_opt_in=True),))
    decision = decide(request, facts, (PACKS[pack],), NOW)
    consent = next(each for each in decision.checked if each.rule.endswith("consent"))
    assert consent.verdict is (Verdict.PASS if allowed else Verdict.REFUSE)


def test_a_soft_opt_in_that_was_withdrawn_is_none() -> None:
    request = Request(
        Channel.EMAIL,
        Purpose.MARKETING,
        Mode.AGENTLESS,
        Callee("c1", "anna@example.com", "Europe/Berlin", "DE"),
    )
    consent = ConsentFact(Channel.EMAIL, "marketing", BOUGHT, NOW, soft_opt_in=True)
    assert not decide(request, Facts(consents=(consent,)), (PACKS["eu-eprivacy"],), NOW).allowed
