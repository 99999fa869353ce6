"""The commands of `infolinia debts`: what is owed, paid and promised, and creditors' balances taken in."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from console.api.debt_shapes import balance_file_shape, debt_shape, payment_shape, promise_shape
from dialer.debts.debt import Debt, DebtState
from dialer.debts.promise import Payment, Promise
from dialer.debts.reconciling import BalanceFile, BalanceRow
from engine.clock import SystemClock, TimeOrderedIds
from engine.registers.contacts import Contacts
from engine.registers.debts import DebtFilter, Reconciled
from engine.registers.refusals import Missing
from history.interaction import ContactPoint, PointKind
from infolinia.commands.shell_user import shell_user
from infolinia.commands.terminal import ConfigOption, fail, run_until_done
from infolinia.configuration import load_configuration
from infolinia.debt_balances import BalanceLine, BalancesRefused, read_balances
from store.opening import open_debts
from wording.minor_units import written_amount

debts_app = typer.Typer(help="Debts: what is owed, paid and promised.", no_args_is_help=True)

PAGE = 200
JsonOption = Annotated[bool, typer.Option("--json", help="As JSON, one object a line.")]
IdArgument = Annotated[str, typer.Argument(metavar="ID", help="As `infolinia debts list` tells it.")]


@debts_app.command("list")
def list_debts(
    state: Annotated[list[DebtState] | None, typer.Option(help="Only these; may be given again.")] = None,
    creditor: Annotated[str | None, typer.Option(help="Of this creditor alone.")] = None,
    reference: Annotated[str | None, typer.Option(help="How the creditor's number begins.")] = None,
    contact: Annotated[str | None, typer.Option(metavar="ID", help="Of this person alone.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1_000_000, help="How many.")] = 50,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Debts, the oldest first."""
    configuration = load_configuration(config)

    async def work() -> None:
        async with open_debts(configuration.database_url, SystemClock()) as (debts, _):
            if contact is not None:
                for debt in await debts.of_contact(contact):
                    if not state or debt.state in state:
                        typer.echo(_shown(debt, as_json=as_json))
                return
            left, after = limit, None
            wanted = DebtFilter(state or (), creditor, reference)
            while left > 0:
                page = await debts.page(wanted, limit=min(left, PAGE), after=after)
                for debt in page.items:
                    typer.echo(_shown(debt, as_json=as_json))
                left -= len(page.items)
                if (after := page.after) is None:
                    return

    run_until_done(work())


@debts_app.command("show")
def show_debt(id: IdArgument, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """One debt with its balances, payments and promises."""
    configuration = load_configuration(config)

    async def work() -> None:
        async with open_debts(configuration.database_url, SystemClock()) as (debts, _):
            debt = await debts.get(id)
            payments, promises = await debts.payments(id), await debts.promises(id)
        if as_json:
            record = debt_shape(debt).model_dump(mode="json")
            record["payments"] = [payment_shape(one).model_dump(mode="json") for one in payments]
            record["promises"] = [promise_shape(one).model_dump(mode="json") for one in promises]
            typer.echo(json.dumps(record, ensure_ascii=False))
            return
        typer.echo(_shown(debt, as_json=False))
        if debt.note:
            typer.echo(f"  {debt.state} by {debt.by}: {debt.note}")
        for change in debt.history:
            typer.echo(f"  {_at(change.at)}  {_money(change.amount, debt.currency)}  ({change.source})")
        _tell_payments(payments, debt.currency)
        _tell_promises(promises)

    run_until_done(work())


@debts_app.command("payments")
def print_payments(id: IdArgument, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """The payments of a debt, by date."""
    configuration = load_configuration(config)

    async def work() -> None:
        async with open_debts(configuration.database_url, SystemClock()) as (debts, _):
            debt = await debts.get(id)
            found = await debts.payments(id)
        if as_json:
            for one in found:
                typer.echo(payment_shape(one).model_dump_json())
        else:
            _tell_payments(found, debt.currency)

    run_until_done(work())


@debts_app.command("promises")
def print_promises(id: IdArgument, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """What was promised of a debt, the newest first."""
    configuration = load_configuration(config)

    async def work() -> None:
        async with open_debts(configuration.database_url, SystemClock()) as (debts, _):
            await debts.get(id)
            found = await debts.promises(id)
        if as_json:
            for one in found:
                typer.echo(promise_shape(one).model_dump_json())
        else:
            _tell_promises(found)

    run_until_done(work())


@debts_app.command("import-balances")
def import_balances(
    file: Annotated[Path, typer.Argument(help="CSV: reference, amount, due, currency, contact_id, number.")],
    as_of: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="Of which day it is: 2026-11-30.")],
    creditor: Annotated[str, typer.Option(help="Whose balances they are.")] = "",
    currency: Annotated[
        str | None, typer.Option(help="Of rows that name none; else the configuration's.")
    ] = None,
    complete: Annotated[
        bool, typer.Option("--complete", help="It has all debts of the creditor: what it lacks is withdrawn.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell what it would change.")] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Take a creditor's balances in, all of them in one transaction; the same file again changes nothing."""
    configuration = load_configuration(config)
    try:
        currency = currency or configuration.currency
        read = read_balances(file, currency, configuration.country)
    except BalancesRefused as refused:
        fail(str(refused))
    clock = SystemClock()
    told = f"{read.digest} {currency} {as_of.date()} {complete}"  # the same file may be told otherwise
    digest = hashlib.sha256(told.encode()).hexdigest()

    async def work() -> None:
        async with open_debts(configuration.database_url, clock) as (debts, contacts):
            rows = [await _row(line, contacts) for line in read.lines]
            balances = BalanceFile(TimeOrderedIds(clock).new(), creditor, as_of.date(), complete, tuple(rows))
            taken = await debts.reconcile(
                shell_user(), balances, digest=digest, name=file.name, dry_run=dry_run
            )
        if as_json:
            typer.echo(balance_file_shape(taken).model_dump_json())
        else:
            _tell(taken, dry_run=dry_run)

    run_until_done(work())


async def _row(line: BalanceLine, contacts: Contacts) -> BalanceRow:
    """With the person whose it is. An id that is nobody's ends the command."""
    row = BalanceRow(line.line, line.reference, line.amount, line.currency, line.due)
    if line.contact_id is not None:
        try:
            return replace(row, contact_id=(await contacts.get(line.contact_id)).id)
        except Missing as missing:
            fail(f"line {line.line}: {missing}")
    if line.number is not None:
        owner = await contacts.by_point(ContactPoint(PointKind.PHONE, line.number))
        return replace(row, contact_id=None if owner is None else owner.id)
    return row


def _tell(taken: Reconciled, *, dry_run: bool) -> None:
    if taken.repeated:
        typer.echo(f"This file was taken in before, as {taken.id} on {_at(taken.at)}: nothing is changed.")
    would = "would be " if dry_run else ""
    figures = taken.figures
    typer.echo(
        f"{figures['new']} {would}new, {figures['changed']} {would}changed, "
        f"{figures['gone']} {would}withdrawn, {figures['same']} the same, "
        f"{figures['conflicts']} left for what contradicts itself."
    )
    for one in taken.conflicts:
        where = f"line {one.line}, {one.reference}" if one.line else "the file"
        typer.echo(f"  {where}: {one.sentence}")


def _shown(debt: Debt, *, as_json: bool) -> str:
    if as_json:
        return debt_shape(debt).model_dump_json()
    money = _money(debt.amount, debt.currency)
    return (
        f"{debt.id}  {debt.state:<9}  {money:>16}  due {debt.due}  {debt.creditor} {debt.reference}".rstrip()
    )


def _tell_payments(payments: Sequence[Payment], currency: str) -> None:
    for one in payments:
        typer.echo(f"  paid {one.paid_on}  {_money(one.amount, currency)}  ({one.id})")


def _tell_promises(promises: Sequence[Promise]) -> None:
    for one in promises:
        parts = ", ".join(f"{_money(part.amount, one.currency)} by {part.due}" for part in one.instalments)
        typer.echo(f"  promised {_at(one.made_at)}, {one.state}: {parts}")


def _money(minor: int, currency: str) -> str:
    return f"{written_amount(minor, currency)} {currency}"


def _at(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
