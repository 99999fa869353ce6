"""The commands of `infolinia webhooks`: who is told of what, what became of it, and telling it again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from engine.clock import SystemClock
from engine.registers.webhooks import Delivery, DeliveryState, Webhook
from infolinia.commands.moments import moment_of
from infolinia.commands.shell_user import shell_user
from infolinia.commands.terminal import ConfigOption, run_until_done
from infolinia.configuration import Configuration, load_configuration
from store.opening import open_webhooks

webhooks_app = typer.Typer(help="Webhooks: made over the API, looked after here too.", no_args_is_help=True)

JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]
PAGE = 200


@webhooks_app.command("list")
def list_webhooks(as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """All webhooks and how they stand; never their secrets."""
    configuration = load_configuration(config)

    async def print_all() -> None:
        async with open_webhooks(configuration.database_url) as (webhooks, _):
            for webhook in await webhooks.list():
                record = _webhook_record(webhook)
                typer.echo(_json(record) if as_json else _webhook_line(webhook, configuration))

    run_until_done(print_all())


@webhooks_app.command("deliveries")
def list_deliveries(
    id: Annotated[str, typer.Argument(metavar="WEBHOOK", help="As `infolinia webhooks list` tells it.")],
    state: Annotated[DeliveryState | None, typer.Option(help="Only those in this state.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1_000_000, help="How many, newest first.")] = 50,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """What became of what one webhook was to be told."""
    configuration = load_configuration(config)

    async def print_some() -> None:
        now = SystemClock().now()
        left, before = limit, None
        async with open_webhooks(configuration.database_url) as (_, deliveries):
            while left > 0 and (
                some := await deliveries.list(id, now, state=state, limit=min(left, PAGE), before=before)
            ):
                for one in some:
                    typer.echo(_json(_delivery_record(one)) if as_json else _line(one, configuration))
                left -= len(some)
                before = (some[-1].created_at, some[-1].id)

    run_until_done(print_some())


@webhooks_app.command("replay")
def replay(
    id: Annotated[str, typer.Argument(metavar="ID", help="A delivery; with --since, a webhook.")],
    since: Annotated[
        str | None, typer.Option(help="From when on: 2026-11-22 or 2026-11-22T10:00, in the hotline's zone.")
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Deliver again: one delivery, or all that was told since a time. The running hotline sends them."""
    configuration = load_configuration(config)

    async def again() -> None:
        now = SystemClock().now()
        async with open_webhooks(configuration.database_url) as (_, deliveries):
            if since is None:
                await deliveries.replay(shell_user(), id, now)
                typer.echo("It is delivered again.")
            else:
                told_since = moment_of(since, "--since", configuration)
                number = await deliveries.replay_since(shell_user(), id, told_since, now)
                typer.echo(f"{number} are delivered again.")

    run_until_done(again())


def _webhook_line(webhook: Webhook, configuration: Configuration) -> str:
    kinds = ", ".join(webhook.kinds) or "all kinds"
    if webhook.state_reason:
        state = f"{webhook.state}: {webhook.state_reason}"
    elif webhook.failing_since is not None:
        state = f"failing since {_shown(webhook.failing_since, configuration)}: {webhook.last_error}"
    else:
        state = webhook.state.value
    return f"{webhook.id}  {webhook.url}  {kinds}  {state}"


def _line(one: Delivery, configuration: Configuration) -> str:
    told = f"{one.told.kind} {one.told.subject} {one.told.sequence}" if one.told else "(no longer kept)"
    error = f"  {one.last_error}" if one.last_error else ""
    at = _shown(one.created_at, configuration)
    return f"{at}  {one.state:<9} tries {one.attempts:<3} {told}  {one.id}{error}"


def _shown(at: datetime, configuration: Configuration) -> str:
    return at.astimezone(ZoneInfo(configuration.time_zone)).strftime("%Y-%m-%d %H:%M:%S")


def _webhook_record(webhook: Webhook) -> dict[str, object]:
    return {
        "id": webhook.id,
        "url": webhook.url,
        "kinds": list(webhook.kinds),
        "description": webhook.description,
        "state": webhook.state.value,
        "state_reason": webhook.state_reason,
        "failing_since": _iso(webhook.failing_since),
        "retry_at": _iso(webhook.retry_at),
        "last_error": webhook.last_error,
        "delivered_at": _iso(webhook.delivered_at),
    }


def _delivery_record(one: Delivery) -> dict[str, object]:
    told = one.told
    return {
        "id": one.id,
        "state": one.state.value,
        "attempts": one.attempts,
        "created_at": _iso(one.created_at),
        "next_at": _iso(one.next_at),
        "ended_at": _iso(one.ended_at),
        "last_error": one.last_error,
        "kind": told.kind if told else None,
        "subject": told.subject if told else None,
        "sequence": told.sequence if told else None,
    }


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _json(record: Mapping[str, object]) -> str:
    return json.dumps(record, ensure_ascii=False)
