"""`takes`: what whoever places a call must give."""

from __future__ import annotations

import pytest

from ivr.reading.loader import FlowRejected, load_flow
from ivr.rehearsal.verdicts import run_flows
from tests.engine.outbound_stage import OFFER


def test_what_is_taken_may_be_said_and_is_given_by_tests() -> None:
    flow = load_flow(OFFER, "offer.yaml")
    assert flow.takes == ("name", "sum")
    (verdict,) = run_flows([flow]).verdicts
    assert verdict.passed, verdict


@pytest.mark.parametrize(
    ("takes", "message"),
    [
        ("[name]", "'sum', which nothing sets"),
        ("[name, Sum]", "takes: 'Sum' is no name"),
        ("[name, sum, caller]", "takes: 'caller' means something else"),
        ("[name, sum, at]", "takes: 'at' means something else"),
        ("{name: x}", "'takes' is a list of names"),
    ],
)
def test_mistakes(takes: str, message: str) -> None:
    with pytest.raises(FlowRejected, match=message):
        load_flow(OFFER.replace("[name, sum]", takes), "offer.yaml")


def test_a_test_that_gives_something_unknown_is_told() -> None:
    with pytest.raises(FlowRejected, match=r"'nmae' is not a step .did you mean 'name'"):
        load_flow(OFFER.replace("{name: Anna", "{nmae: Anna"), "offer.yaml")


def test_a_flow_that_others_call_takes_nothing() -> None:
    text = OFFER.replace("bye: {hangup: normal}", "bye: {return: done}").partition("tests:")[0]
    with pytest.raises(FlowRejected, match="is given 'with'"):
        load_flow(text, "offer.yaml")
