"""The commands of `infolinia messages`: what is sent, what is in doubt, and what a person orders."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from calls.numbers import parse_number
from compliance.facts import Channel, Mode, Purpose
from engine.clock import SystemClock, TimeOrderedIds
from engine.registers.message_news import message_form, shown_text
from engine.registers.messages import Message, MessageDirection, MessageFilter
from history.interaction import ContactPoint, PointKind
from infolinia.commands.shell_user import shell_user
from infolinia.commands.terminal import ConfigOption, fail, run_until_done
from infolinia.configuration import Configuration, load_configuration
from messaging.states import MessageState
from store.opening import open_messages

messages_app = typer.Typer(help="Messages: what was written, and what became of it.", no_args_is_help=True)

JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]
IdArgument = Annotated[str, typer.Argument(metavar="ID", help="As `infolinia messages list` tells it.")]
PAGE = 200


@messages_app.command("list")
def list_messages(
    state: Annotated[list[MessageState] | None, typer.Option(help="Only these; may be given again.")] = None,
    channel: Annotated[Channel | None, typer.Option(help="By this channel alone.")] = None,
    direction: Annotated[MessageDirection | None, typer.Option(help="Only these.")] = None,
    contact: Annotated[str | None, typer.Option(help="Of this contact alone.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1_000_000, help="How many, newest first.")] = 50,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Messages, newest first; never what is written in them."""
    configuration = load_configuration(config)
    wanted = MessageFilter(states=state or (), channel=channel, direction=direction, contact_id=contact)
    run_until_done(_print(configuration, wanted, limit, as_json=as_json))


@messages_app.command("doubtful")
def list_doubtful(as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Those that may have gone out although nobody answered: they are sent again only by `resend`."""
    configuration = load_configuration(config)
    wanted = MessageFilter(states=(MessageState.IN_DOUBT,))
    run_until_done(_print(configuration, wanted, 1_000_000, as_json=as_json))


@messages_app.command("show")
def show(id: IdArgument, config: ConfigOption = None) -> None:
    """One message with its text and every state that it was in. A code is left out."""
    configuration = load_configuration(config)

    async def print_one() -> None:
        async with open_messages(configuration.database_url, SystemClock()) as messages:
            message = await messages.get(id)
            record = message_form(message) | {"subject": message.subject, "text": shown_text(message)}
            typer.echo(json.dumps(record, ensure_ascii=False, indent=2))
            for event in await messages.events(id):
                why = f"  {event.why}" if event.why else ""
                code = f"  [{event.code}]" if event.code else ""
                at = _shown(event.at, configuration)
                typer.echo(f"{at}  {event.state:<9}  {event.provider or ''}{code}{why}".rstrip())

    run_until_done(print_one())


@messages_app.command("resend")
def resend(id: IdArgument, config: ConfigOption = None) -> None:
    """Send one that is in doubt again: it may then come twice."""
    configuration = load_configuration(config)

    async def again() -> None:
        async with open_messages(configuration.database_url, SystemClock()) as messages:
            await messages.resend(shell_user(), id)
        typer.echo("It is queued again.")

    run_until_done(again())


@messages_app.command("stop")
def stop(
    id: IdArgument,
    reason: Annotated[str, typer.Option(help="Why, for the message's record.")] = "stopped at the shell",
    config: ConfigOption = None,
) -> None:
    """Keep a message that is still queued from being sent."""
    configuration = load_configuration(config)

    async def end() -> None:
        async with open_messages(configuration.database_url, SystemClock()) as messages:
            await messages.stop(shell_user(), id, reason)
        typer.echo("It is stopped.")

    run_until_done(end())


@messages_app.command("send")
def send(
    to: Annotated[str, typer.Argument(metavar="NUMBER", help="A telephone number.")],
    text: Annotated[str, typer.Argument(help="What is written.")],
    purpose: Annotated[Purpose, typer.Option(help="By it the rules decide.")] = Purpose.SERVICE,
    language: Annotated[str | None, typer.Option(help="Such as pl.")] = None,
    config: ConfigOption = None,
) -> None:
    """Queue an SMS. The running hotline asks the gate and sends it; prints the message's id."""
    configuration = load_configuration(config)
    number = parse_number(to, configuration.country).e164
    if number is None:
        fail(f'"{to}" is no telephone number: write it as +48220000001.')
    if not text.strip():
        fail("The text is empty: write what is to be sent.")
    clock = SystemClock()
    now = clock.now()
    message = Message(
        id=TimeOrderedIds(clock).new(),
        at=now,
        channel=Channel.SMS,
        point=ContactPoint(PointKind.PHONE, number),
        text=text,
        purpose=purpose,
        mode=Mode.MANUAL,
        language=language,
        expires_at=now + timedelta(hours=configuration.messaging.expires_hours),
    )

    async def queue() -> None:
        async with open_messages(configuration.database_url, clock) as messages:
            await messages.add([message])
        typer.echo(message.id)

    run_until_done(queue())


async def _print(configuration: Configuration, wanted: MessageFilter, limit: int, *, as_json: bool) -> None:
    async with open_messages(configuration.database_url, SystemClock()) as messages:
        after = None
        while limit > 0:
            page = await messages.list(wanted, limit=min(limit, PAGE), after=after)
            for one in page.items:
                form = json.dumps(message_form(one), ensure_ascii=False) if as_json else None
                typer.echo(form or _line(one, configuration))
            limit -= len(page.items)
            after = page.after
            if after is None:
                return


def _line(one: Message, configuration: Configuration) -> str:
    way = "to" if one.direction is MessageDirection.OUTBOUND else "from"
    person = "(erased)" if one.point is None else one.point.value
    why = f"  {one.why}" if one.why else ""
    at = _shown(one.at, configuration)
    return f"{at}  {one.state:<9}  {one.channel} {way} {person}  {one.provider or '-'}  {one.id}{why}"


def _shown(at: datetime, configuration: Configuration) -> str:
    return at.astimezone(ZoneInfo(configuration.time_zone)).strftime("%Y-%m-%d %H:%M:%S")
