"""`infolinia campaign forecast`: who of a list may be called, and what a day of calling them comes to."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from engine.eligibility import MOST_JUDGED
from engine.forecasts import ForecastPlace, by_of
from infolinia.commands.shell_user import shell_user
from infolinia.commands.terminal import ConfigOption, fail, run_until_done
from infolinia.configuration import load_configuration
from infolinia.forecasting.making import forecast_of


def forecast(
    id: Annotated[str, typer.Argument(metavar="ID", help="As `infolinia campaign list` tells it.")],
    agents: Annotated[
        int | None, typer.Option(min=1, max=1_000, help="In each hour; left out: all of its queue.")
    ] = None,
    days: Annotated[
        int, typer.Option(min=1, max=1_000, help="Days that are simulated; more are surer and slower.")
    ] = 10,
    what_if: Annotated[
        list[int] | None, typer.Option(help="So many agents more, or fewer; may be given again.")
    ] = None,
    judged: Annotated[
        int, typer.Option(min=1, max=10_000_000, help="Leads that are judged at most; more are sampled.")
    ] = MOST_JUDGED,
    as_json: Annotated[bool, typer.Option("--json", help="All of it, as one JSON object.")] = False,
    config: ConfigOption = None,
) -> None:
    """Who of the list may be called, by hour and rule, and what a day of calling comes to. Ctrl-C ends it.

    It is kept as the campaign's last forecast, which its page shows.
    """
    configuration = load_configuration(config)

    def progress(stage: str, done: int, of: int) -> None:
        if sys.stderr.isatty():
            end = "\n" if done == of else ""
            sys.stderr.write(f"\r{stage}: {done} of {of}{end}")
            sys.stderr.flush()

    async def work() -> None:
        try:
            made = await forecast_of(
                configuration,
                id,
                agents=agents,
                days=days,
                changes=tuple(dict.fromkeys(change for change in what_if or () if change)),
                place=ForecastPlace.COMMAND,
                by=by_of(shell_user()),
                most_judged=judged,
                progress=progress,
            )
        except ValueError as wrong:
            fail(str(wrong))
        told = made.as_json()
        if as_json:
            typer.echo(json.dumps(told, ensure_ascii=False))
            return
        for line in lines_of(told, ZoneInfo(configuration.time_zone)):
            typer.echo(line)

    run_until_done(work())


def lines_of(told: dict[str, Any], zone: ZoneInfo) -> list[str]:
    """The forecast for people, with times of the zone."""
    found = told["eligibility"]
    lines = [
        f"{found['standing']} leads stand on the list, {found['over']} are over.",
        f"{_share(found['callable'])} may be called in some hour of the plan,"
        f" {_share(found['never'])} in none.",
    ]
    if found["sampled"]:
        lines.append(
            f"{found['judged']} of them were judged: the numbers are estimates, with their intervals."
        )
    if found["elsewhere"]["expected"]:
        lines.append(f"{_share(found['elsewhere'])} wait on another campaign's list too.")
    lines += [
        f"  {_clock(hour['starts'], zone)}  {_share(hour['callable'])} may be called"
        for hour in found["hours"]
    ]
    for rule in found["rules"]:
        lines.append(
            f"  {rule['rule']}: refuses {_share(rule['refused'])}, {_share(rule['never'])} in every hour. "
            f"{rule['sentence']}"
        )
    if told["forecast"] is not None:
        lines += ["", *_outlook(told["agents"], told["forecast"], zone)]
    for other in told["what_if"]:
        lines += ["", *_outlook(other["agents"], other, zone)]
    return [*lines, "", *told["notes"]]


def _outlook(agents: int, told: dict[str, Any], zone: ZoneInfo) -> list[str]:
    finish = told["finish"]
    ends = "not within a year"
    if finish["expected"] is not None:
        ends = f"{_moment(finish['expected'], zone)} (8 of 10: {_moment(finish['low80'], zone)} to "
        ends += f"{_moment(finish['high80'], zone)})"
    return [
        f"With {agents} agents, over {told['days']} simulated days:",
        f"  utilisation {_percent(told['utilisation'])}",
        f"  abandoned {_percent(told['abandoned'], 2)}; the cap of {told['abandon_cap']:.1%} is held on "
        f"{told['holds_cap']} of {told['days']} days",
        f"  calls {_range(told['calls'])}, people reached {_range(told['reached'])}",
        f"  the list is done {ends}",
    ]


def _share(share: dict[str, int]) -> str:
    if share["low"] == share["high"]:
        return str(share["expected"])
    return f"{share['expected']} ({share['low']} to {share['high']})"


def _percent(estimate: dict[str, float], digits: int = 1) -> str:
    low, high = estimate["low95"], estimate["high95"]
    return f"{estimate['expected']:.{digits}%} (19 of 20 days: {low:.{digits}%} to {high:.{digits}%})"


def _range(estimate: dict[str, float]) -> str:
    return f"{estimate['expected']:.0f} ({estimate['low95']:.0f} to {estimate['high95']:.0f})"


def _clock(written: str, zone: ZoneInfo) -> str:
    return datetime.fromisoformat(written).astimezone(zone).strftime("%a %H:%M")


def _moment(written: str | None, zone: ZoneInfo) -> str:
    if written is None:
        return "later than a year"
    return datetime.fromisoformat(written).astimezone(zone).strftime("%Y-%m-%d %H:%M")
