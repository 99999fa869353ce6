"""How many dialogues a second are rehearsed on one core.

    python -m bench.rehearsal [--seconds 3] [--rounds 5]

The flow is bench/parcels.yaml with its tests, which has nearly every verb once. The aim is its second test: a
silent caller who waits for an agent in vain and is called back.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path

from bench import report
from ivr.flow import Flow
from ivr.flow_tests import flow_tests
from ivr.loader import load_flow
from ivr.script import FlowTest
from ivr.verdicts import run_test

FLOW = Path(__file__).parent / "parcels.yaml"
AIM_A_SECOND = 5000.0
AIMED_AT = 1  # the second test
BATCH = 100


def a_second(flow: Flow, test: FlowTest, seconds: float) -> float:
    """Dialogues for each second of CPU."""
    count, began = 0, time.process_time()
    while time.process_time() - began < seconds:
        for _ in range(BATCH):
            run_test(flow, test)
        count += BATCH
    return count / (time.process_time() - began)


def measure(flow: Flow, seconds: float, rounds: int) -> dict[str, list[float]]:
    """test -> dialogues a second in each round; the tests take turns."""
    tests = flow_tests(flow)
    figures: dict[str, list[float]] = {test.name: [] for test in tests}
    for _ in range(rounds):
        for test in tests:
            figures[test.name].append(a_second(flow, test, seconds))
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=1.0, help="of CPU, for each test in each round")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    flow = load_flow(FLOW.read_bytes(), FLOW.name)
    figures = measure(flow, options.seconds, options.rounds)
    lines = []
    for test in flow_tests(flow):
        verdict = run_test(flow, test)
        assert verdict.passed, verdict.told()
        rehearsed, rates = verdict.rehearsed, figures[test.name]
        lines.append(
            [
                test.name,
                f"{statistics.median(rates):,.0f}",
                f"{min(rates):,.0f} to {max(rates):,.0f}",
                str(len(rehearsed.path)),
                str(len(rehearsed.notes)),
                f"{rehearsed.seconds:.0f}",
            ]
        )
    facts = report.machine()
    aimed = flow_tests(flow)[AIMED_AT].name
    reached = statistics.median(figures[aimed])
    text = (
        f"{facts['date']}, one core of {facts['cores']} ({facts['processor']}), Python {facts['python']}. "
        f"{options.rounds} rounds; median, and the slowest and quickest.\n\n"
        + report.table(
            ["test", "dialogues/s", "between", "steps", "log lines", "virtual seconds"],
            lines,
        )
        + f"\n\n- Dialogues/s of the second test: {reached:,.0f} (aim ≥ {AIM_A_SECOND:,.0f}): "
        + ("reached." if reached >= AIM_A_SECOND else "**not reached**.")
    )
    report.write("rehearsal", {"machine": facts, "dialogues_a_second": figures}, text)
    print(text)


if __name__ == "__main__":
    main()
