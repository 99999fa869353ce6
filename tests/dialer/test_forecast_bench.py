"""The bench of pacing: which cells count, and what its page shows."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

import pytest

from bench.pacing_cells import CELLS, SIZES
from bench.pacing_page import tables
from bench.pacing_plot import Line, plot
from bench.pacing_runs import POLICIES, PREDICTIVE, RATIO, Outcome, run_cell, summarise

LONG = Outcome(90.0, 4000, 1200, 36, True, 0, 0, (1.0, 9.0), 1.0, 0.5, 0.1)
SHORT = replace(LONG, live=900, dropped=27)


def test_every_long_run_and_nearly_every_short_one_must_hold_the_cap() -> None:
    fails, fails_short = replace(LONG, holds=False, dropped=37), replace(SHORT, holds=False)
    assert summarise([LONG] * 20).counts
    assert not summarise([LONG] * 99 + [fails]).counts
    assert summarise([SHORT] * 19 + [fails_short]).counts
    assert not summarise([SHORT] * 18 + [fails_short]).counts
    of = summarise([LONG, fails])
    assert (of.held, of.runs, of.worst) == (1, 2, pytest.approx(37 / 12))
    assert of.idle_mean == 5.0


@pytest.mark.parametrize("policy", [PREDICTIVE, RATIO])
def test_a_run_of_a_cell_is_the_same_again(policy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    short = replace(CELLS["restarted half-way"], agents=4, hours=0.1)
    monkeypatch.setitem(CELLS, short.name, short)
    one, other = (run_cell(short.name, policy, 1, 1.5) for _ in range(2))
    assert one.attempts > 10
    assert one.over_limits == one.refused_cancels == 0
    assert (one.utilisation, one.attempts, one.gaps) == (other.utilisation, other.attempts, other.gaps)


def test_the_page_names_what_was_not_reached() -> None:
    good, bad = summarise([replace(LONG, utilisation=99.0)] * 4), summarise([replace(LONG, holds=False)] * 4)
    summaries = {cell.name: dict.fromkeys(POLICIES, good) for cell in SIZES}
    summaries["p 0.3, 30 agents"] = dict.fromkeys(POLICIES, bad)
    summaries["cap 1 %, 100 agents"] = dict.fromkeys(POLICIES, bad)
    text = tables(summaries, {"p 0.3, 30 agents": 1.5}, 60.0, 1)
    assert "- p 0.3, 10 agents: reached." in text
    assert "- p 0.3, 30 agents: **not reached**: utilisation 90.0 % (aim ≥ 91.8); 0 of 4 runs hold" in text
    assert "- cap 1 %, 100 agents: **not reached**: utilisation 90.0 % (aim ≥ 96.5)" in text
    assert "| 90.0 / 3.00 * " in text


def test_the_plot_is_a_drawing() -> None:
    lines = [Line(policy, ((3, 60.0), (300, 98.0))) for policy in POLICIES]
    drawn = ElementTree.fromstring(plot({"p = 0.3": lines}, {"p = 0.3": [(3, 75.0)]}))
    assert len(drawn.findall("{http://www.w3.org/2000/svg}polyline")) == len(POLICIES)
