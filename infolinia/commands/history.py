"""The contact history on a terminal."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime, tzinfo
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from engine.ports import HistoryRow, Queries
from history.interaction import ContactPoint, PointKind
from infolinia.commands.terminal import ConfigOption, run_until_done
from infolinia.configuration import Configuration, load_configuration
from store.opening import open_queries


def history(
    limit: Annotated[int, typer.Option(min=1, max=10000, help="How many rows, newest first.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    events: Annotated[bool, typer.Option(help="With each call's event log.")] = False,
    config: ConfigOption = None,
) -> None:
    """Print the contact history."""
    run_until_done(print_history(load_configuration(config), limit=limit, as_json=as_json, events=events))


async def print_history(configuration: Configuration, *, limit: int, as_json: bool, events: bool) -> None:
    """Newest first. Raises StoreError when the database cannot be read."""
    zone = ZoneInfo(configuration.time_zone)
    async with open_queries(configuration.database_url) as queries:
        for row in await queries.history(limit=limit):
            if as_json:
                record = as_record(row)
                if events:
                    record["events"] = await _events(queries, row.interaction.subject_id)
                typer.echo(json.dumps(record, ensure_ascii=False, default=_plain))
            else:
                typer.echo(as_line(row, zone))
                if events:
                    for event in await _events(queries, row.interaction.subject_id):
                        data = json.dumps(event["data"], ensure_ascii=False)
                        at = event["at"].astimezone(zone).isoformat()
                        typer.echo(f"    {at}  {event['kind']:<18} {data}")


def as_record(row: HistoryRow) -> dict[str, Any]:
    """One JSON object: the interaction's fields, its contact's name and points."""
    record = asdict(row.interaction)
    record["contact_name"] = row.contact_name
    record["contact_points"] = [asdict(point) for point in row.contact_points]
    return record


def as_line(row: HistoryRow, zone: tzinfo) -> str:
    """One line for a terminal, with the time of `zone`."""
    entry = row.interaction
    who = row.contact_name or (_shown(entry.point) if entry.point else "withheld")
    at = entry.at.astimezone(zone).strftime("%d.%m. %H:%M:%S")
    path = " > ".join(entry.path)
    words = ", ".join(entry.heard)
    return (
        f"{at}  {entry.direction} {entry.channel.value:<9} {who} to {entry.to}  {entry.outcome or 'open':<14}"
        f" {entry.duration_seconds:5.1f} s  {path}" + (f"  [{words}]" if words else "")
    )


def _shown(point: ContactPoint) -> str:
    """A browser's own id tells people nothing."""
    return "a browser" if point.kind is PointKind.VISITOR else point.value


async def _events(queries: Queries, call_id: str) -> list[dict[str, Any]]:
    return [
        {"seq": event.seq, "at": event.at, "kind": event.kind.value, "data": dict(event.data)}
        for event in await queries.events(call_id)
    ]


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no JSON form")
