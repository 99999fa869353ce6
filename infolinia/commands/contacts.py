"""The commands of `infolinia contacts`: lists taken in and given out, and people looked up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from engine.clock import SystemClock
from engine.registers.contacts import ContactFilter
from engine.registers.refusals import Missing
from history.contact import Contact
from history.folding import folded
from history.forms import contact_form
from infolinia.commands.contacts_import import import_contacts
from infolinia.commands.privacy import AsJson, Who, erase_person, export_person, point_of
from infolinia.commands.terminal import ConfigOption, fail, run_until_done
from infolinia.configuration import Configuration, load_configuration
from infolinia.contact_lists.exporting import export_contacts
from store.opening import open_contacts

contacts_app = typer.Typer(help="People: lists in and out, and one by one.", no_args_is_help=True)
contacts_app.command("import")(import_contacts)
contacts_app.command("export-person")(export_person)
contacts_app.command("erase")(erase_person)


@contacts_app.command("export")
def export(
    file: Annotated[Path, typer.Argument(help="FILE.csv or FILE.xlsx.")],
    segment: Annotated[str | None, typer.Option(help="Only people of this segment, by name.")] = None,
    tag: Annotated[str | None, typer.Option(help="Only people with this tag.")] = None,
    config: ConfigOption = None,
) -> None:
    """Write people to a list that can be imported again. No cell of it runs as a formula."""
    if file.suffix.lower() not in (".csv", ".xlsx"):
        fail("Name the file FILE.csv or FILE.xlsx.")
    run_until_done(_export(load_configuration(config), file, segment, tag))


async def _export(configuration: Configuration, path: Path, segment: str | None, tag: str | None) -> None:
    async with open_contacts(configuration.database_url, SystemClock()) as (contacts, segments):
        segment_id = (await segments.named(segment)).id if segment is not None else None
        number = await export_contacts(contacts, ContactFilter(tag=tag, segment_id=segment_id), path)
    typer.echo(f"{number:,} people in {path}.")


@contacts_app.command("list")
def list_contacts(
    name: Annotated[str | None, typer.Option(help="The beginning of the given or family name.")] = None,
    tag: Annotated[str | None, typer.Option(help="With this tag.")] = None,
    segment: Annotated[str | None, typer.Option(help="In this segment, by name.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many, newest first.")] = 20,
    as_json: AsJson = False,
    config: ConfigOption = None,
) -> None:
    """Print people, newest first; with --json an object a line."""
    wanted = ContactFilter(name_prefix=folded(name) if name else None, tag=tag)
    run_until_done(_list(load_configuration(config), wanted, segment, limit, as_json))


async def _list(
    configuration: Configuration, wanted: ContactFilter, segment: str | None, limit: int, as_json: bool
) -> None:
    async with open_contacts(configuration.database_url, SystemClock()) as (contacts, segments):
        if segment is not None:
            wanted = ContactFilter(
                name_prefix=wanted.name_prefix, tag=wanted.tag, segment_id=(await segments.named(segment)).id
            )
        after: tuple[str, ...] | None = None
        while limit > 0:
            page = await contacts.list(wanted, limit=min(limit, 500), after=after)
            for contact in page.items:
                typer.echo(
                    json.dumps(contact_form(contact), ensure_ascii=False) if as_json else _line(contact)
                )
            limit -= len(page.items)
            if (after := page.after) is None:
                return


def _line(contact: Contact) -> str:
    points = ", ".join(point.value for point in contact.points)
    return f"{contact.id}  {contact.name or '—':<30}  {points}"


@contacts_app.command("show")
def show(
    who: Who,
    as_json: AsJson = False,
    config: ConfigOption = None,
) -> None:
    """Print one person."""
    run_until_done(_show(load_configuration(config), who, as_json))


async def _show(configuration: Configuration, who: str, as_json: bool) -> None:
    async with open_contacts(configuration.database_url, SystemClock()) as (contacts, _):
        point = point_of(who, configuration.country)
        contact = await contacts.by_point(point) if point is not None else await contacts.get(who)
    if contact is None:
        raise Missing(f"There is nobody with {point.value if point else who}.")
    form = contact_form(contact)
    if as_json:
        typer.echo(json.dumps(form, ensure_ascii=False))
        return
    for name, value in form.items():
        if value not in (None, [], {}):
            typer.echo(
                f"{name:<15} {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"
            )
