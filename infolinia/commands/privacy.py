"""A person's export and erasure, legal holds, and what is kept too long."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import typer

from console.contacts.archive import files_of, zipped
from engine.clock import SystemClock
from engine.registers.contacts import Contacts
from engine.registers.privacy import Erasure, ErasureState, LegalHold, PersonRecord, Privacy
from engine.registers.recordings import RecordingFiles
from engine.registers.refusals import Missing
from engine.retention import delete_overdue
from history.interaction import ContactPoint, PointKind
from history.points import WrongPoint, phone_of
from infolinia.assembly.recordings import vault_of
from infolinia.commands.shell_user import shell_user
from infolinia.commands.terminal import ConfigOption, fail, run_until_done
from infolinia.configuration import Configuration, load_configuration
from store.opening import open_privacy, open_retention

holds_app = typer.Typer(help="Legal holds: who and what may not be erased yet.", no_args_is_help=True)
retention_app = typer.Typer(help="What is kept longer than it may be.", no_args_is_help=True)

Who = Annotated[str, typer.Argument(metavar="ID|NUMBER|EMAIL", help="An id, a number or an e-mail address.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
INCOMPLETE = 3


def export_person(
    who: Who,
    to: Annotated[Path, typer.Option("--to", help="FILE.zip, or a folder that is made.")],
    config: ConfigOption = None,
) -> None:
    """Write all that is kept of a person: person.json, index.html, their recordings and SHA256SUMS."""
    if to.exists():
        fail(f"{to} is there already: name another file or folder.")
    configuration = load_configuration(config)

    async def write() -> None:
        async with _opened(configuration) as (privacy, contacts):
            contact_id = await _contact_id(contacts, who, configuration.country)
            record = await privacy.export(shell_user(), contact_id)
        recordings = vault_of(configuration)
        try:
            if to.suffix == ".zip":
                _write_zip(record, recordings, to)
            else:
                _write_folder(record, recordings, to)
        except OSError as error:
            fail(f"{to} cannot be written ({error.strerror}).")
        rows = sum(len(found) for found in record.tables.values())
        typer.echo(f"{rows} rows and {len(record.recordings)} recordings in {to}.")

    run_until_done(write())


def _write_zip(record: PersonRecord, recordings: RecordingFiles, to: Path) -> None:
    with os.fdopen(os.open(to, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        for piece in zipped(record, recordings):
            file.write(piece)


def _write_folder(record: PersonRecord, recordings: RecordingFiles, to: Path) -> None:
    to.mkdir(mode=0o700)
    for name, chunks in files_of(record, recordings):
        path = to / name
        path.parent.mkdir(mode=0o700, exist_ok=True)
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            for chunk in chunks:
                file.write(chunk)


def erase_person(
    who: Who,
    reason: Annotated[str, typer.Option(help="Why; it is kept, so nothing in it tells who.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell what would go; change nothing.")] = False,
    as_json: AsJson = False,
    config: ConfigOption = None,
) -> None:
    """Erase a person for good, and look whether anything is left. Exit code 3: something is."""
    configuration = load_configuration(config)
    if not reason.strip() or len(reason) > 500:
        fail("--reason has 1 to 500 letters.")

    async def erase() -> None:
        async with _opened(configuration) as (privacy, contacts):
            contact_id = await _contact_id(contacts, who, configuration.country)
            if dry_run:
                found = await privacy.plan(contact_id)
            else:
                found = await privacy.erase(shell_user(), contact_id, reason)
        _print(found, dry_run=dry_run, as_json=as_json)
        if found.state is ErasureState.INCOMPLETE:
            raise SystemExit(INCOMPLETE)

    run_until_done(erase())


def _print(found: Erasure, *, dry_run: bool, as_json: bool) -> None:
    if as_json:
        told = {
            "id": found.id or None,
            "at": found.at.isoformat(),
            "state": "planned" if dry_run else found.state.value,
            "counts": dict(found.counts),
            "kept": list(found.kept),
            "left": dict(found.left),
        }
        typer.echo(json.dumps(told, ensure_ascii=False))
        return
    for name, number in found.counts.items():
        typer.echo(f"{name:<24} {number:>8}")
    for sentence in found.kept:
        typer.echo(f"Kept: {sentence}")
    if dry_run:
        typer.echo("Nothing was changed.")
    elif found.left:
        places = ", ".join(f"{name} ({number})" for name, number in found.left.items())
        typer.echo(f"Erasure {found.id} is not complete; something is left in: {places}. It is tried again.")
    else:
        typer.echo(f"Erasure {found.id} is complete: nothing of the person was found any more.")


@holds_app.command("set")
def set_hold(
    subject: Annotated[str, typer.Argument(metavar="contact:ID|call:ID")],
    reason: Annotated[str, typer.Option(help="Why it must be kept.")],
    config: ConfigOption = None,
) -> None:
    """Keep a person or a call from being erased, and from retention."""
    configuration = load_configuration(config)

    async def work() -> None:
        async with _opened(configuration) as (privacy, _):
            typer.echo(_line(await privacy.hold(shell_user(), subject, reason)))

    run_until_done(work())


@holds_app.command("lift")
def lift_hold(
    id: Annotated[str, typer.Argument(metavar="HOLD", help="As `infolinia holds list` tells it.")],
    config: ConfigOption = None,
) -> None:
    """Lift a hold."""
    configuration = load_configuration(config)

    async def work() -> None:
        async with _opened(configuration) as (privacy, _):
            typer.echo(_line(await privacy.lift(shell_user(), id)))

    run_until_done(work())


@holds_app.command("list")
def list_holds(config: ConfigOption = None) -> None:
    """Holds that stand, newest first."""
    configuration = load_configuration(config)

    async def work() -> None:
        async with _opened(configuration) as (privacy, _):
            for hold in await privacy.holds():
                typer.echo(_line(hold))

    run_until_done(work())


def _line(hold: LegalHold) -> str:
    lifted = f", lifted {hold.lifted_at:%Y-%m-%d %H:%M} UTC" if hold.lifted_at else ""
    return (
        f"{hold.id}  {hold.subject}  since {hold.at:%Y-%m-%d %H:%M} UTC by {hold.by}: {hold.reason}{lifted}"
    )


@retention_app.command("run")
def run_retention(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell what would go; change nothing.")] = False,
    as_json: AsJson = False,
    config: ConfigOption = None,
) -> None:
    """Delete what is older than `retention:` allows. A running hotline does it once a day by itself."""
    configuration = load_configuration(config)

    async def work() -> None:
        clock = SystemClock()
        periods = configuration.retention.periods()
        recordings = configuration.place(configuration.recordings)
        async with open_retention(configuration.database_url, recordings) as retention:
            found = [await retention.overdue(kind, clock.now() - length) for kind, length in periods.items()]
            if not dry_run:
                await delete_overdue(retention, periods, clock)
        if as_json:
            kinds = {
                one.kind.value: {
                    "rows": one.rows,
                    "files": one.files,
                    "bytes": one.size_bytes,
                    "oldest": one.oldest.isoformat() if one.oldest else None,
                }
                for one in found
            }
            typer.echo(json.dumps({"dry_run": dry_run, "kinds": kinds}))
            return
        for one in found:
            oldest = f"{one.oldest:%Y-%m-%d}" if one.oldest else "-"
            typer.echo(
                f"{one.kind.value:<14} {one.rows:>9,} rows {one.files:>7,} files "
                f"{one.size_bytes:>14,} bytes  oldest {oldest}"
            )
        typer.echo("Nothing was changed." if dry_run else "Deleted.")

    run_until_done(work())


@asynccontextmanager
async def _opened(configuration: Configuration) -> AsyncIterator[tuple[Privacy, Contacts]]:
    async with open_privacy(
        configuration.database_url,
        SystemClock(),
        configuration.place(configuration.state),
        configuration.place(configuration.recordings),
        configuration.retention.proof_days,
    ) as opened:
        yield opened


async def _contact_id(contacts: Contacts, who: str, country: str) -> str:
    """Raises Missing. What is no number or address is an id; the register knows also those it erased."""
    point = point_of(who, country)
    if point is None:
        return who
    contact = await contacts.by_point(point)
    if contact is None:
        raise Missing(f"There is nobody with {point.value}.")
    return contact.id


def point_of(who: str, country: str) -> ContactPoint | None:
    """None for what is an id."""
    if "@" in who:
        return ContactPoint(PointKind.EMAIL, who.strip().lower())
    try:
        return ContactPoint(PointKind.PHONE, phone_of(who, country))
    except WrongPoint:
        return None
