"""Attempts as their calls' logs tell them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from calls.events import CallEvent, CallEventKind
from calls.legs import LegRole, LegState
from dialer.results import AttemptResult
from engine.dialling.attempt_folding import attempt_after
from tests.dialer.leads_and_calls import MONDAY, attempt


@pytest.mark.parametrize(
    ("by", "cause", "result"),
    [
        ("engine", 16, AttemptResult.CANCELLED),  # it was stopped, and hung up while it rang
        ("engine", None, AttemptResult.INTERRUPTED),  # it was stopped, and did not hear of the end
        ("network", None, AttemptResult.INTERRUPTED),
    ],
)
def test_a_call_that_broke_off_as_it_rang(by: str, cause: int | None, result: AttemptResult) -> None:
    rings = {"leg": "a1.callee", "role": LegRole.CUSTOMER, "state": LegState.RINGING, "cause": None}
    events = [
        CallEvent("a1", 2, MONDAY, CallEventKind.LEG_CHANGED, rings),
        CallEvent("a1", 3, MONDAY, CallEventKind.ENDED, {"by": by, "outcome": "lost", "cause": cause}),
    ]
    begun = replace(
        attempt(AttemptResult.NO_ANSWER), dialled_at=None, ringing_at=None, ended_at=None, result=None
    )
    assert attempt_after(begun, events).result is result
