"""The commands of `infolinia mailings`: which there are, how far each is, and a person's orders."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from console.api.mailings import preview_shape
from engine.clock import SystemClock, TimeOrderedIds
from engine.followup.mailing_desk import MailingDesk
from engine.registers.mailings import Mailing
from infolinia.assembly.api import gate_of
from infolinia.assembly.mailings import message_shelf
from infolinia.commands.shell_user import shell_user
from infolinia.commands.terminal import ConfigOption, run_until_done
from infolinia.configuration import Configuration, load_configuration
from messaging.mailing import MailingState, Order
from store.opening import open_mailings, open_permissions

mailings_app = typer.Typer(help="Mailings: one text to many people.", no_args_is_help=True)

IdArgument = Annotated[str, typer.Argument(metavar="ID", help="As `infolinia mailings list` tells it.")]
ReasonOption = Annotated[str, typer.Option(help="Why, for its record.")]
PAGE = 200


@mailings_app.command("list")
def list_mailings(
    state: Annotated[MailingState | None, typer.Option(help="Only these.")] = None,
    config: ConfigOption = None,
) -> None:
    """Mailings, newest first."""
    configuration = load_configuration(config)

    async def show_all(desk: MailingDesk) -> None:
        after = None
        while True:
            page = await desk.mailings.list(state, limit=PAGE, after=after)
            for one in page.items:
                typer.echo(_line(one, configuration))
            after = page.after
            if after is None:
                return

    run_until_done(_with_desk(configuration, show_all))


@mailings_app.command("show")
def show(id: IdArgument, config: ConfigOption = None) -> None:
    """How far a mailing is: its messages by state, who has none and why."""
    configuration = load_configuration(config)

    async def show_one(desk: MailingDesk) -> None:
        mailing = await desk.mailings.get(id)
        figures = await desk.mailings.figures(id)
        progress = figures.progress
        typer.echo(_line(mailing, configuration))
        record = {
            "recipients": mailing.recipients,
            "prepared": mailing.prepared,
            "left_out": dict(mailing.left_out),
            "to_come": progress.to_come,
            "messages": dict(progress.counts),
            "without_words": dict(figures.unwritten),
            "cascades": dict(figures.endings) | ({"running": figures.running} if figures.running else {}),
            "replied": progress.replied,
            "opted_out": progress.opted_out,
        }
        typer.echo(json.dumps(record, ensure_ascii=False, indent=2))

    run_until_done(_with_desk(configuration, show_one))


@mailings_app.command("preview")
def preview(id: IdArgument, config: ConfigOption = None) -> None:
    """What it would do now: mistakes, the first ten messages, whom rules refuse, parts and cost."""
    configuration = load_configuration(config)

    async def look(desk: MailingDesk) -> None:
        found = await desk.preview(await desk.mailings.get(id))
        typer.echo(json.dumps(preview_shape(found).model_dump(mode="json"), ensure_ascii=False, indent=2))

    run_until_done(_with_desk(configuration, look))


@mailings_app.command("start")
def start(id: IdArgument, config: ConfigOption = None) -> None:
    """Freeze its recipients; the running hotline writes their messages."""
    configuration = load_configuration(config)

    async def begin(desk: MailingDesk) -> None:
        started = await desk.start(shell_user(), id)
        typer.echo(f"It is started, with {started.recipients} recipients.")
        if started.state is MailingState.PREPARING:
            typer.echo("The running hotline writes them down, and then their messages.")

    run_until_done(_with_desk(configuration, begin))


@mailings_app.command("pause")
def pause(id: IdArgument, reason: ReasonOption = "", config: ConfigOption = None) -> None:
    """Write no more for now, and hold what is queued."""
    _order(id, Order.PAUSE, reason, config)


@mailings_app.command("resume")
def resume(id: IdArgument, config: ConfigOption = None) -> None:
    """Go on with one that was paused."""
    _order(id, Order.GO_ON, "", config)


@mailings_app.command("stop")
def stop(id: IdArgument, reason: ReasonOption = "", config: ConfigOption = None) -> None:
    """End it for good: what is queued is not sent."""
    _order(id, Order.STOP, reason, config)


def _order(id: str, order: Order, reason: str, config: ConfigOption) -> None:
    configuration = load_configuration(config)

    async def give(desk: MailingDesk) -> None:
        mailing = await desk.order(shell_user(), id, order, reason)
        typer.echo(f"It is {mailing.state}.")

    run_until_done(_with_desk(configuration, give))


async def _with_desk(configuration: Configuration, work: Callable[[MailingDesk], Awaitable[None]]) -> None:
    clock, url, shelf = SystemClock(), configuration.database_url, message_shelf(configuration)
    state = configuration.place(configuration.state)
    async with (
        open_mailings(url, clock) as mailings,
        open_permissions(url, clock, configuration.node, state) as (permissions, decisions),
    ):
        gate = gate_of(configuration, permissions, decisions, clock)
        await work(MailingDesk(mailings, lambda: shelf, gate, clock, TimeOrderedIds(clock)))


def _line(mailing: Mailing, configuration: Configuration) -> str:
    at = mailing.created_at.astimezone(ZoneInfo(configuration.time_zone)).strftime("%Y-%m-%d %H:%M")
    what = mailing.template or mailing.cascade
    why = f"  {mailing.note}" if mailing.note else ""
    count = f"{mailing.recipients:>6}"
    if mailing.state is MailingState.PREPARING:
        count = f"{mailing.prepared:,} of {mailing.recipients:,}"
    return f"{at}  {mailing.state:<9}  {count}  {what}  {mailing.name}  {mailing.id}{why}"
