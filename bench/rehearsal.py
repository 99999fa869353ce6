"""How many dialogues a second are rehearsed on one core.

    python -m bench.rehearsal [--seconds 3] [--rounds 5]

Tests of the shipped hotline, and of bench/parcels.yaml, which has nearly every verb once. The aim is about
the silent callers: they reach a person, or wait for one in vain and are called back.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path

from bench import report
from infolinia.flows.files import read_flow
from ivr.flow import Flow
from ivr.rehearsal.flow_tests import flow_tests
from ivr.rehearsal.script import FlowTest
from ivr.rehearsal.verdicts import run_test

ROOT = Path(__file__).parents[1]
CASES = (
    ("callflows/hotline.yaml", "a silent caller reaches a person in Polish"),
    ("callflows/hotline.yaml", "an order by voice, in English"),
    ("bench/parcels.yaml", "a silent caller reaches an agent, then is called back"),
    ("bench/parcels.yaml", "a parcel asked for by voice, in Polish"),
    ("callflows/wholesaler.yaml", ""),
)
"""Of each flow the test of this name, or all."""

AIM_A_SECOND = 5000.0
AIMED_AT = (0, 2)
LEAST_BATCH = 100

Case = tuple[Flow, tuple[FlowTest, ...]]


def a_second(case: Case, seconds: float) -> float:
    """Dialogues for each second of CPU."""
    flow, tests = case
    count, began = 0, time.process_time()
    while time.process_time() - began < seconds:
        for _ in range(-(-LEAST_BATCH // len(tests))):
            for test in tests:
                run_test(flow, test)
                count += 1
    return count / (time.process_time() - began)


def cases() -> list[Case]:
    found = []
    for file, name in CASES:
        flow = read_flow(ROOT / file)
        found.append((flow, tuple(test for test in flow_tests(flow) if name in ("", test.name))))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=1.0, help="of CPU, for each test in each round")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    chosen = cases()
    figures: list[list[float]] = [[] for _ in chosen]
    for _ in range(options.rounds):  # they take turns
        for rates, case in zip(figures, chosen, strict=True):
            rates.append(a_second(case, options.seconds))
    lines = []
    for rates, (file, name), (flow, tests) in zip(figures, CASES, chosen, strict=True):
        verdicts = [run_test(flow, test) for test in tests]
        for verdict in verdicts:
            assert verdict.passed, verdict.told()
        between = f"{min(rates):,.0f} to {max(rates):,.0f}"
        rehearsed = [verdict.rehearsed for verdict in verdicts]
        means = [
            statistics.mean(len(one.path) for one in rehearsed),
            statistics.mean(len(one.notes) for one in rehearsed),
            statistics.mean(one.seconds for one in rehearsed),
        ]
        told = name or f"all {len(tests)} in turn"
        rate = f"{statistics.median(rates):,.0f}"
        lines.append([file, told, rate, between, *(f"{mean:.0f}" for mean in means)])
    facts = report.machine()
    head = ["flow", "test", "dialogues/s", "between", "steps", "log lines", "virtual seconds"]
    text = (
        f"{facts['date']}, one core of {facts['cores']} ({facts['processor']}), Python {facts['python']}. "
        f"{options.rounds} rounds; median, and the slowest and quickest.\n\n"
        + report.table(head, lines)
        + "\n"
    )
    for n in AIMED_AT:
        reached = statistics.median(figures[n])
        said = "reached." if reached >= AIM_A_SECOND else "**not reached**."
        aim = f"aim ≥ {AIM_A_SECOND:,.0f}"
        text += f"\n- {CASES[n][0]}, the silent caller: {reached:,.0f} a second ({aim}): {said}"
    data = {"machine": facts, "cases": CASES, "dialogues_a_second": figures}
    report.write("rehearsal", data, text)
    print(text)


if __name__ == "__main__":
    main()
