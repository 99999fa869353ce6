"""Erlang C, by the vectors of the trade."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.staffing import (
    agents_needed,
    mean_wait_seconds,
    occupancy,
    service_level,
    traffic_erlangs,
    wait_probability,
)


def test_the_vectors_of_the_trade() -> None:
    assert wait_probability(25, 20) == pytest.approx(0.2091, abs=5e-5)
    ten = traffic_erlangs(100, 1800, 180)
    assert ten == 10
    assert wait_probability(14, ten) == pytest.approx(0.174, abs=5e-4)
    assert service_level(14, ten, 180, 20) == pytest.approx(0.888, abs=5e-4)
    assert occupancy(14, ten) == pytest.approx(0.714, abs=5e-4)
    thirty = traffic_erlangs(35, 900, 752)
    assert service_level(37, thirty, 752, 20) == pytest.approx(0.9042, abs=5e-5)


def test_as_many_agents_as_are_needed_and_not_one_more() -> None:
    ten = traffic_erlangs(100, 1800, 180)
    assert agents_needed(ten, 180, 20, 0.8) == 14
    assert service_level(13, ten, 180, 20) < 0.8
    assert agents_needed(ten, 180, 20, 0.8, most_occupancy=0.65) == 16
    assert agents_needed(0, 180, 20, 0.8) == 0


def test_too_few_agents_let_the_queue_grow() -> None:
    assert wait_probability(10, 10) == 1
    assert service_level(10, 10, 180, 20) == 0
    assert mean_wait_seconds(10, 10, 180) is None
    assert occupancy(5, 10) == 1
    assert mean_wait_seconds(14, 10, 180) == pytest.approx(0.174 * 180 / 4, rel=0.01)


@pytest.mark.parametrize(
    "ask",
    [
        lambda: agents_needed(10, 180, 20, 1.0),
        lambda: agents_needed(10, 180, 20, 0.8, most_occupancy=0),
        lambda: agents_needed(1e9, 180, 20, 0.8),
        lambda: traffic_erlangs(1, 0, 180),
    ],
)
def test_what_cannot_be_staffed_is_said(ask) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError):
        ask()


@given(st.integers(1, 300), st.floats(0.1, 250), st.floats(1, 3600), st.floats(0, 600))
def test_another_agent_never_makes_it_worse(
    agents: int, traffic: float, handle: float, target: float
) -> None:
    assert 0 <= wait_probability(agents, traffic) <= 1
    assert wait_probability(agents + 1, traffic) <= wait_probability(agents, traffic)
    assert service_level(agents + 1, traffic, handle, target) >= service_level(
        agents, traffic, handle, target
    )
