"""The commands of `infolinia tokens`: access of other systems to the API."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from typing import Annotated

import typer

from console.accounts.token_making import DEFAULT_DAYS, LONGEST_DAYS, made_token
from engine.clock import SystemClock, TimeOrderedIds
from engine.registers.access import Scope
from engine.registers.accounts import Token
from infolinia.commands.people import PAGE
from infolinia.commands.shell_user import shell_user
from infolinia.commands.terminal import ConfigOption, run_until_done
from infolinia.configuration import Configuration, load_configuration
from store.opening import open_accounts

tokens_app = typer.Typer(help="Tokens by which other systems use the API.", no_args_is_help=True)


@tokens_app.command("add")
def add_token(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The system that will use it.")],
    scope: Annotated[list[Scope], typer.Option(help="What it may do; give it once for each.")],
    days: Annotated[
        int, typer.Option(min=1, max=LONGEST_DAYS, help="After how many days it expires.")
    ] = DEFAULT_DAYS,
    network: Annotated[
        list[str] | None, typer.Option(help="From where it may be used, as 10.0.0.0/24 (default: anywhere).")
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Make a token. It is printed once, alone on standard output, and kept nowhere."""
    run_until_done(_add(load_configuration(config), name, scope, days, network or []))


async def _add(
    configuration: Configuration, name: str, scopes: list[Scope], days: int, networks: list[str]
) -> None:
    clock = SystemClock()
    actor = shell_user()
    secret, digest, token = made_token(
        TimeOrderedIds(clock).new(),
        name,
        frozenset(scopes),
        clock.now(),
        days=days,
        networks=networks,
        created_by=f"{actor.kind}:{actor.id}",
    )
    async with open_accounts(configuration.database_url) as accounts:
        await accounts.tokens.add(actor, token, digest)
    sys.stderr.write(f"Token {token.id} of {token.name}, until {token.expires_at:%Y-%m-%d}; keep it now:\n")
    typer.echo(secret)


@tokens_app.command("list")
def list_tokens(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    config: ConfigOption = None,
) -> None:
    """All tokens, also those that are over; never their secrets."""
    run_until_done(_list(load_configuration(config), as_json=as_json))


async def _list(configuration: Configuration, *, as_json: bool) -> None:
    now = SystemClock().now()
    async with open_accounts(configuration.database_url) as accounts:
        after = None
        while found := await accounts.tokens.list(limit=PAGE, after=after):
            for token in found:
                typer.echo(json.dumps(_record(token), ensure_ascii=False) if as_json else _line(token, now))
            after = found[-1].id


@tokens_app.command("revoke")
def revoke_token(
    id: Annotated[str, typer.Argument(metavar="ID", help="As `infolinia tokens list` tells it.")],
    config: ConfigOption = None,
) -> None:
    """End a token at once."""

    async def revoke() -> None:
        async with open_accounts(load_configuration(config).database_url) as accounts:
            token = await accounts.tokens.revoke(shell_user(), id, SystemClock().now())
            typer.echo(f"The token of {token.name} is revoked.")

    run_until_done(revoke())


def _line(token: Token, now: datetime) -> str:
    if token.revoked_at is not None:
        state = "revoked"
    elif token.expires_at <= now:
        state = "expired"
    else:
        state = f"until {token.expires_at:%Y-%m-%d}"
    used = f"used {token.used_at:%Y-%m-%d}" if token.used_at else "never used"
    where = f"  from {', '.join(token.networks)}" if token.networks else ""
    scopes = " ".join(sorted(token.scopes))
    return f"{token.id}  {token.hint}…  {token.name:<20} {state:<16} {used:<16} {scopes}{where}"


def _record(token: Token) -> dict[str, object]:
    return {
        "id": token.id,
        "name": token.name,
        "hint": token.hint,
        "scopes": sorted(token.scopes),
        "networks": list(token.networks),
        "created_at": token.created_at.isoformat(),
        "created_by": token.created_by,
        "expires_at": token.expires_at.isoformat(),
        "revoked_at": token.revoked_at.isoformat() if token.revoked_at else None,
        "used_at": token.used_at.isoformat() if token.used_at else None,
    }
