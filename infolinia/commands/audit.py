"""`infolinia audit`: who saw and changed what."""

from __future__ import annotations

import json
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from engine.registers.accounts import Accounts
from engine.registers.audit import AuditEntry, AuditFilter
from infolinia.commands.moments import moment_of
from infolinia.commands.people import everybody
from infolinia.commands.terminal import ConfigOption, run_until_done
from infolinia.configuration import Configuration, load_configuration
from store.opening import open_accounts

PAGE = 500


def print_audit(
    subject: Annotated[
        str | None, typer.Option(help="What it was done to: contact:ID, or contact: for all of a kind.")
    ] = None,
    actor: Annotated[str | None, typer.Option(help="Who did it: a person's name, or an id.")] = None,
    action: Annotated[str | None, typer.Option(help="What was done, as contact.seen.")] = None,
    since: Annotated[
        str | None, typer.Option(help="From when on: 2026-11-22 or 2026-11-22T10:00, in the hotline's zone.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=1_000_000, help="How many, newest first.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    config: ConfigOption = None,
) -> None:
    """Print the audit log, newest first."""
    configuration = load_configuration(config)
    wanted = AuditFilter(
        subject, actor, action, moment_of(since, "--since", configuration) if since else None
    )
    run_until_done(_print(configuration, wanted, limit, as_json=as_json))


async def _print(configuration: Configuration, wanted: AuditFilter, limit: int, *, as_json: bool) -> None:
    async with open_accounts(configuration.database_url) as accounts:
        names = await _names(accounts)
        if wanted.actor is not None and wanted.actor not in names:
            known = await accounts.people.named(wanted.actor)
            if known is not None:
                wanted = AuditFilter(
                    wanted.subject, known.person.id, wanted.action, wanted.since, wanted.until
                )
        before = None
        while limit > 0 and (
            found := await accounts.audit.entries(wanted, limit=min(limit, PAGE), before=before)
        ):
            for entry in found:
                typer.echo(_json(entry, names) if as_json else _line(entry, names, configuration))
            limit -= len(found)
            before = found[-1].number


async def _names(accounts: Accounts) -> dict[str, str]:
    return {person.id: person.name async for person in everybody(accounts)}


def _line(entry: AuditEntry, names: dict[str, str], configuration: Configuration) -> str:
    told = entry.note
    at = told.at.astimezone(ZoneInfo(configuration.time_zone)).strftime("%Y-%m-%d %H:%M:%S")
    name = names.get(told.subject.removeprefix("person:"))
    subject = told.subject if name is None else f"person {name}"
    who = f"{told.actor.kind} {names.get(told.actor.id, told.actor.id)}"
    data = json.dumps(dict(told.data), ensure_ascii=False) if told.data else ""
    return f"{at}  {who:<28} {told.actor.address:<15} {told.action:<24} {subject}  {data}".rstrip()


def _json(entry: AuditEntry, names: dict[str, str]) -> str:
    told = entry.note
    record = {
        "number": entry.number,
        "at": told.at.isoformat(),
        "actor": {
            "kind": told.actor.kind.value,
            "id": told.actor.id,
            "name": names.get(told.actor.id),
            "address": told.actor.address,
        },
        "action": told.action,
        "subject": told.subject,
        "data": dict(told.data),
    }
    return json.dumps(record, ensure_ascii=False)
