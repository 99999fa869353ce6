"""make bench-campaign: a predictive campaign on real Asterisks, beside what its forecast had said.

    python -m bench.campaign_live [--minutes 20] [--runs 3] [--seeds 100] [--write]

Twenty SIP telephones on open lines; the public is a second Asterisk whose people answer, ring on, are busy
and have voicemails, at random by the seed. Everything takes as long as in life. The forecast is made before,
by the product's simulator with the settings that the engine gives to its pacer. `--minutes 2 --runs 1
--seeds 40` is a trial.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

import uvloop

from bench import campaign_live_world as world
from bench import report
from bench.campaign_live_figures import Measured, measured
from bench.campaign_live_page import aims, text, write
from bench.campaign_live_stage import played
from dialer.machine import Detect
from engine.clock import SystemClock

FIRST_SEED = 1
SEEDS = 100
LEAST_MINUTES = 1.0


async def run(given: argparse.Namespace, detect: Detect) -> tuple[list[Measured], world.Outlook]:
    print("the forecast is made", file=sys.stderr, flush=True)
    paced = world.settings(SystemClock().now(), detect)
    outlook = await asyncio.to_thread(world.outlook, given.minutes, given.seeds, paced, detect)
    low, high = given.public_rtp.split("-")
    found: list[Measured] = []
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        keep = given.keep or Path(folder)
        keep.mkdir(parents=True, exist_ok=True)
        for seed in range(FIRST_SEED, FIRST_SEED + given.runs):
            over = await played(
                given.minutes, seed, detect, given.first_port, given.rtp, (int(low), int(high)), keep
            )
            found.append(measured(over))
            print(f"run {seed}: {next(aims(found[-1:], outlook))}", file=sys.stderr, flush=True)
    return found, outlook


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=20.0, help="of each run, from its first call")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seeds", type=int, default=SEEDS, help="simulated runs of the forecast")
    parser.add_argument(
        "--detection",
        choices=[Detect.AMD.value, Detect.OFF.value],
        default=Detect.AMD.value,
        help="off: the public has no voicemails, and the whole cap is the pacer's",
    )
    parser.add_argument("--first-port", type=int, default=22600, help="a hundred ports from here on")
    parser.add_argument("--rtp", default="26100-26599", help="audio of the hotline's Asterisk")
    parser.add_argument("--public-rtp", default="26600-26999", help="audio of the public's")
    parser.add_argument("--keep", type=Path, help="a folder in which the databases of the runs are left")
    parser.add_argument("--write", action="store_true", help="put the figures into docs/")
    given = parser.parse_args()
    detect = Detect(given.detection)
    if given.minutes < LEAST_MINUTES or given.runs < 1 or given.seeds < 2:
        parser.error(f"There must be {LEAST_MINUTES:g} minute or more, 1 run or more and 2 seeds or more.")
    found, outlook = uvloop.run(run(given, detect))
    facts = report.machine()
    shown = text(found, outlook, facts)
    print(shown)
    if given.write:
        write(found, outlook, facts, shown, detect)


if __name__ == "__main__":
    main()
