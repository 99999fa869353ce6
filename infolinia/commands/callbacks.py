"""`infolinia callbacks`: who waits to be called back, and what became of the others."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from engine.clock import SystemClock
from engine.registers.callbacks import CallbackFilter
from history.callback_news import callback_form
from history.callbacks import CallbackRequest, CallbackState, sources_of
from infolinia.commands.terminal import ConfigOption, run_until_done
from infolinia.configuration import Configuration, load_configuration
from store.opening import open_callbacks

PAGE = 200


def print_callbacks(
    state: Annotated[list[CallbackState] | None, typer.Option(help="Only these; may be given again.")] = None,
    topic: Annotated[str | None, typer.Option(help="Of this topic alone.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1_000_000, help="How many, newest first.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    config: ConfigOption = None,
) -> None:
    """Print callback requests, newest first."""
    configuration = load_configuration(config)
    run_until_done(_print(configuration, CallbackFilter(state or (), topic), limit, as_json=as_json))


async def _print(configuration: Configuration, wanted: CallbackFilter, limit: int, *, as_json: bool) -> None:
    async with open_callbacks(configuration.database_url, SystemClock()) as callbacks:
        after = None
        while limit > 0:
            page = await callbacks.list(wanted, limit=min(limit, PAGE), after=after)
            for one in page.items:
                typer.echo(_json(one) if as_json else _line(one, configuration))
            limit -= len(page.items)
            after = page.after
            if after is None:
                return


def _json(one: CallbackRequest) -> str:
    return json.dumps(callback_form(one), ensure_ascii=False)


def _line(one: CallbackRequest, configuration: Configuration) -> str:
    zone = ZoneInfo(configuration.time_zone)

    def shown(at: datetime | None, otherwise: str) -> str:
        return otherwise if at is None else at.astimezone(zone).strftime("%Y-%m-%d %H:%M")

    window = f"{shown(one.window_from, 'now')} to {shown(one.window_to, 'any time')}"
    sources = ", ".join(sources_of(one))
    ended = f"  ({one.ended_reason})" if one.ended_reason else ""
    asked = shown(one.requested_at, "")
    return f"{asked}  {one.state:<9}  {one.point.value}  {one.topic}  {window}  {sources}  {one.id}{ended}"
