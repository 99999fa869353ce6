"""How long a hundred flows take to be read and checked: what a start or a reload costs.

    python -m bench.flows_loading [--rounds 5]

The flows are the shipped ones in turn, each under a name of its own, with the flows that they call.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from bench import report
from infolinia.flows.files import collector_at_rest, read_flow

FOLDER = Path(__file__).parents[1] / "callflows"
FLOWS = 100
AIM_SECONDS = 1.0


def write_flows(folder: Path) -> list[Path]:
    """The flows, and beside them those that they call."""
    shipped = [path for path in sorted(FOLDER.glob("*.yaml")) if not read_flow(path).returns]
    for path in FOLDER.glob("*.yaml"):
        (folder / path.name).write_bytes(path.read_bytes())
    written = []
    for number in range(FLOWS):
        text = shipped[number % len(shipped)].read_text(encoding="utf-8")
        head = next(line for line in text.splitlines() if line.startswith("flow:"))
        path = folder / f"copy-{number}.yaml"
        path.write_text(text.replace(head, f"flow: {path.stem}", 1), encoding="utf-8")
        written.append(path)
    return written


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    seconds, steps = [], 0
    with tempfile.TemporaryDirectory() as folder:
        paths = write_flows(Path(folder))
        size = sum(path.stat().st_size for path in paths)
        for _ in range(options.rounds):
            began = time.process_time()
            with collector_at_rest():
                loaded = [read_flow(path) for path in paths]
            seconds.append(time.process_time() - began)
            steps = sum(len(flow.steps) for flow in loaded)
    middle = statistics.median(seconds)
    facts = report.machine()
    text = (
        f"{facts['date']}, one core of {facts['cores']} ({facts['processor']}), Python {facts['python']}. "
        f"{options.rounds} rounds.\n\n"
        + report.table(
            ["flows", "steps", "kB of text", "seconds", "between"],
            [
                [
                    str(FLOWS),
                    f"{steps:,}",
                    f"{size / 1000:,.0f}",
                    f"{middle:.2f}",
                    f"{min(seconds):.2f} to {max(seconds):.2f}",
                ]
            ],
        )
        + f"\n\n- Reading {FLOWS} flows: {middle:.2f} s of CPU (aim < {AIM_SECONDS:g} s): "
        + ("reached." if middle < AIM_SECONDS else "**not reached**.")
    )
    report.write("flows_loading", {"machine": facts, "seconds": seconds, "steps": steps}, text)
    print(text)


if __name__ == "__main__":
    main()
