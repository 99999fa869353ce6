"""The commands of `infolinia people`: who may sign in to the console, and as what."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import typer

from console.accounts.passwords import Passwords, check_new
from engine.clock import SystemClock, TimeOrderedIds
from engine.registers.access import Role
from engine.registers.accounts import Accounts, Person, checked_name
from infolinia.commands.shell_user import shell_user
from infolinia.commands.terminal import ConfigOption, fail, run_until_done
from infolinia.configuration import Configuration, load_configuration
from store.opening import open_accounts

people_app = typer.Typer(help="People who sign in to the console.", no_args_is_help=True)

PAGE = 200
NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="By which they sign in; any case.")]
FromInput = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input's first line.")
]


@people_app.command("add")
def add_person(
    name: NameArgument,
    role: Annotated[Role, typer.Option(help="What they may do; each role includes those before it.")],
    password_stdin: FromInput = False,
    config: ConfigOption = None,
) -> None:
    """Add a person. The first one must be an admin; from then on the console asks everybody to sign in."""
    configuration = load_configuration(config)
    shown = checked_name(name)
    password = _asked_password(shown, from_input=password_stdin)
    run_until_done(_add(configuration, shown, role, password))


async def _add(configuration: Configuration, name: str, role: Role, password: str) -> None:
    configuration.place(configuration.state).mkdir(mode=0o700, parents=True, exist_ok=True)
    async with open_accounts(configuration.database_url, make=True) as accounts:
        if role is not Role.ADMIN and not await accounts.people.any_admin():
            fail("Add an admin first: `infolinia people add NAME --role admin`.")
        clock = SystemClock()
        now = clock.now()
        person = Person(TimeOrderedIds(clock).new(), name, role, now, now)
        await accounts.people.add(shell_user(), person, await _hashed(password))
    typer.echo(f"{name} may sign in, as {role}.")


@people_app.command("list")
def list_people(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    config: ConfigOption = None,
) -> None:
    """Everybody who was ever added."""
    run_until_done(_list(load_configuration(config), as_json=as_json))


async def _list(configuration: Configuration, *, as_json: bool) -> None:
    async with open_accounts(configuration.database_url) as accounts:
        async for person in everybody(accounts):
            state = "disabled" if person.disabled_at else "may sign in"
            if as_json:
                record = {
                    "id": person.id,
                    "name": person.name,
                    "role": person.role.value,
                    "created_at": person.created_at.isoformat(),
                    "disabled_at": person.disabled_at.isoformat() if person.disabled_at else None,
                }
                typer.echo(json.dumps(record, ensure_ascii=False))
            else:
                typer.echo(f"{person.name:<24} {person.role:<11} {state}")


@people_app.command("role")
def change_role(
    name: NameArgument,
    role: Annotated[Role, typer.Argument(help="The new role.")],
    config: ConfigOption = None,
) -> None:
    """Change what a person may do. Their sessions end at once."""

    async def change() -> None:
        async with _known(load_configuration(config), name) as (accounts, person):
            await accounts.people.change_role(shell_user(), person.id, role, SystemClock().now())
            typer.echo(f"{person.name} is {role} now and has to sign in again.")

    run_until_done(change())


@people_app.command("password")
def change_password(
    name: NameArgument, password_stdin: FromInput = False, config: ConfigOption = None
) -> None:
    """Set a new password. The person's sessions end at once."""
    configuration = load_configuration(config)

    async def change() -> None:
        async with _known(configuration, name) as (accounts, person):
            password = _asked_password(person.name, from_input=password_stdin)
            hashed = await _hashed(password)
            await accounts.people.change_password(shell_user(), person.id, hashed, SystemClock().now())
            typer.echo(f"{person.name} has a new password and has to sign in again.")

    run_until_done(change())


@people_app.command("disable")
def disable_person(name: NameArgument, config: ConfigOption = None) -> None:
    """Let a person sign in no more. Their sessions end at once; what they did stays in the audit log."""

    async def change() -> None:
        async with _known(load_configuration(config), name) as (accounts, person):
            await accounts.people.disable(shell_user(), person.id, SystemClock().now())
            typer.echo(f"{person.name} may not sign in any more.")

    run_until_done(change())


@people_app.command("enable")
def enable_person(name: NameArgument, config: ConfigOption = None) -> None:
    """Let a disabled person sign in again."""

    async def change() -> None:
        async with _known(load_configuration(config), name) as (accounts, person):
            await accounts.people.enable(shell_user(), person.id, SystemClock().now())
            typer.echo(f"{person.name} may sign in again.")

    run_until_done(change())


async def everybody(accounts: Accounts) -> AsyncIterator[Person]:
    after = None
    while found := await accounts.people.list(limit=PAGE, after=after):
        for person in found:
            yield person
        after = found[-1].id


@asynccontextmanager
async def _known(configuration: Configuration, name: str) -> AsyncIterator[tuple[Accounts, Person]]:
    async with open_accounts(configuration.database_url) as accounts:
        known = await accounts.people.named(name)
        if known is None:
            fail(f'There is nobody named "{name}": `infolinia people list` tells who there is.')
        yield accounts, known.person


def _asked_password(name: str, *, from_input: bool) -> str:
    """Raises Refused. What is typed is not shown."""
    if from_input:
        password = sys.stdin.readline().rstrip("\r\n")
    elif sys.stdin.isatty():
        password = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    else:
        fail("There is no terminal to type a password at: give it with --password-stdin.")
    check_new(password, name)
    return password


async def _hashed(password: str) -> str:
    passwords = Passwords()
    try:
        return await passwords.hash(password)
    finally:
        passwords.close()
