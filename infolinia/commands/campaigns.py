"""The commands of `infolinia campaign`: made, filled, started, paused, and asked why they dial as they do."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from calls.numbers import parse_number
from compliance.facts import Mode, Purpose
from console.api.campaign_live_shapes import live_shape
from dialer.campaign import AbandonPolicy, Campaign, CampaignKind, CampaignMove, CampaignState
from dialer.lead import Lead, LeadState
from dialer.reasons import sentence
from engine.campaign_live import CampaignLive, campaign_live
from engine.campaign_rules import CampaignRules
from engine.clock import SystemClock
from engine.registers.campaigns import Campaigns
from engine.registers.leads import LeadFilter, Leads, NewLead
from infolinia.assembly.campaign_rules import campaign_rules
from infolinia.commands.campaign_figures import live_lines
from infolinia.commands.campaign_forecast import forecast
from infolinia.commands.shell_user import shell_user
from infolinia.commands.terminal import ConfigOption, fail, run_until_done
from infolinia.configuration import Configuration, load_configuration
from infolinia.flows.control_socket import NoHotline, ask_hotline
from infolinia.flows.files import load_flows
from store.opening import open_campaign_minutes, open_campaigns

campaign_app = typer.Typer(help="Campaigns: whom we call, by whom, when and how.", no_args_is_help=True)

PAGE = 200
_ID = re.compile(r"[a-z][a-z0-9-]{0,63}", re.ASCII)
IdArgument = Annotated[str, typer.Argument(metavar="ID", help="As `infolinia campaign list` tells it.")]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]


@asynccontextmanager
async def _books(configuration: Configuration) -> AsyncIterator[tuple[Campaigns, Leads]]:
    async with open_campaigns(configuration.database_url, SystemClock()) as (campaigns, leads, _):
        yield campaigns, leads


@campaign_app.command("list")
def list_campaigns(
    state: Annotated[list[CampaignState] | None, typer.Option(help="Only these; may be given again.")] = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """All campaigns, newest first."""

    async def work() -> None:
        async with _books(load_configuration(config)) as (campaigns, _):
            after = None
            while True:
                page = await campaigns.list(state or (), limit=PAGE, after=after)
                for one in page.items:
                    typer.echo(json.dumps(_form(one)) if as_json else _line(one))
                if (after := page.after) is None:
                    return

    run_until_done(work())


@campaign_app.command("show")
def show_campaign(id: IdArgument, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """One campaign: what today and its abandon cap's window have come to, and its leads by state."""

    async def work() -> None:
        configuration = load_configuration(config)
        async with _books(configuration) as (campaigns, leads):
            campaign, counts = await campaigns.get(id), await leads.counts(id)
            live = await _live(configuration, campaign, campaigns)
        record = _form(campaign) | {
            "live": live_shape(live).model_dump(mode="json", exclude={"points", "campaign", "state"}),
            "leads": [{"state": c.state.value, "reason": c.reason.value, "count": c.count} for c in counts],
        }
        if as_json:
            typer.echo(json.dumps(record))
            return
        typer.echo(_line(campaign))
        for line in live_lines(live):
            typer.echo(f"  {line}")
        for count in counts:
            typer.echo(f"  {count.state:<10} {count.reason:<16} {count.count}")

    run_until_done(work())


@campaign_app.command("create")
def create_campaign(
    id: Annotated[str, typer.Argument(metavar="ID", help="Small letters, digits and -, such as spring-2.")],
    name: Annotated[str, typer.Option(help="For people.")],
    kind: Annotated[CampaignKind, typer.Option(help="What it is for.")],
    mode: Annotated[Mode, typer.Option(help="How it dials.")],
    purpose: Annotated[Purpose, typer.Option(help="What the rules go by.")],
    queue: Annotated[str | None, typer.Option(help="Its members are the agents.")] = None,
    flow: Annotated[str | None, typer.Option(help="What calls without agents are led through.")] = None,
    message: Annotated[
        str | None, typer.Option(help="The flow that people hear when no agent is free.")
    ] = None,
    language: Annotated[str | None, typer.Option(help="Of its flows.")] = None,
    hours: Annotated[str | None, typer.Option(help="Hours of the configuration in which it dials.")] = None,
    pack: Annotated[list[str] | None, typer.Option(help="Asked beside those that apply anyway.")] = None,
    topic: Annotated[list[str] | None, typer.Option(help="A callback campaign keeps these.")] = None,
    caller_id: Annotated[str | None, typer.Option(help="Our number that people are shown.")] = None,
    lines: Annotated[int | None, typer.Option(help="Most calls at once (30, or all that there are).")] = None,
    calls_per_second: Annotated[float, typer.Option(help="Most calls placed in a second.")] = 2.0,
    ring_seconds: Annotated[int, typer.Option(help="How long it rings.")] = 25,
    share: Annotated[int, typer.Option(help="Its weight among campaigns of the same agents.")] = 1,
    priority: Annotated[int, typer.Option(help="A higher one takes agents and lines first.")] = 0,
    config: ConfigOption = None,
) -> None:
    """Make a campaign, as a draft. Nothing is dialled until it is started."""
    configuration = load_configuration(config)
    if not _ID.fullmatch(id):
        fail(f'"{id}" is no id of a campaign: use small letters, digits and -, such as spring-2.')
    now = SystemClock().now()
    campaign = Campaign(
        id,
        name,
        kind,
        mode,
        purpose,
        now,
        now,
        packs=tuple(pack or ()),
        queue=queue,
        flow=flow,
        topics=tuple(topic or ()),
        language=language,
        hours=hours,
        time_zone=configuration.time_zone,
        lines=min(30, configuration.outbound.lines) if lines is None else lines,
        share=share,
        priority=priority,
        calls_per_second=calls_per_second,
        ring_seconds=ring_seconds,
        caller_ids={} if caller_id is None else {"": caller_id},
        abandon=AbandonPolicy(message),
    )

    async def work() -> None:
        async with _books(configuration) as (campaigns, _):
            await _refuse_mistakes(_rules(configuration, campaigns), campaign)
            typer.echo(_line(await campaigns.create(shell_user(), campaign)))

    run_until_done(work())


@campaign_app.command("add")
def add_leads(
    id: IdArgument,
    numbers: Annotated[list[str], typer.Argument(metavar="NUMBER...", help="Each is a person of their own.")],
    name: Annotated[str, typer.Option(help="Of the person.")] = "",
    priority: Annotated[int, typer.Option(help="A higher one is called first.")] = 0,
    config: ConfigOption = None,
) -> None:
    """Put people on a campaign's list; whole lists come in with `infolinia contacts import`."""
    configuration = load_configuration(config)
    people = []
    for place, written in enumerate(numbers, 1):
        number = parse_number(written, configuration.country).e164
        if number is None:
            fail(f'"{written}" is no telephone number: write it as +48 600 000 001.')
        people.append(NewLead(place, ((number, ""),), name=name, priority=priority))

    async def work() -> None:
        async with _books(configuration) as (_, leads):
            added = await leads.add(shell_user(), id, people)
        for place, lead in sorted(added.ids.items()):
            typer.echo(f"{lead}  {people[place - 1].numbers[0][0]}")
        for left in added.left_out:
            typer.echo(f"left out: {people[left.place - 1].numbers[0][0]}: {left.sentence}")

    run_until_done(work())


@campaign_app.command("leads")
def print_leads(
    id: IdArgument,
    state: Annotated[list[LeadState] | None, typer.Option(help="Only these; may be given again.")] = None,
    search: Annotated[str | None, typer.Option(help="What a name or a number begins with.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1_000_000, help="How many.")] = 50,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """The leads of a campaign in the order of its list, each with why it is where it is."""
    configuration = load_configuration(config)

    async def work() -> None:
        left, after = limit, None
        wanted = LeadFilter(state or (), search=search)
        async with _books(configuration) as (_, leads):
            while left > 0:
                page = await leads.page(id, wanted, limit=min(left, PAGE), after=after)
                for one in page.items:
                    typer.echo(_lead_line(one, configuration, as_json=as_json))
                left -= len(page.items)
                if (after := page.after) is None:
                    return

    run_until_done(work())


def _move(config: ConfigOption, id: str, move: CampaignMove, note: str) -> None:
    configuration = load_configuration(config)

    async def work() -> None:
        async with _books(configuration) as (campaigns, _):
            rules = _rules(configuration, campaigns)
            if move in (CampaignMove.START, CampaignMove.RESUME):
                await _refuse_mistakes(rules, await campaigns.get(id))
            typer.echo(_line(await rules.move(shell_user(), id, move, note)))
        try:
            await ask_hotline(configuration, "POST", "/campaigns/refresh")
        except NoHotline:
            if move in (CampaignMove.START, CampaignMove.RESUME):
                typer.echo("No hotline runs here: it is dialled for as soon as one does.")

    run_until_done(work())


NoteOption = Annotated[str, typer.Option(help="Why; kept with the change.")]


@campaign_app.command("start")
def start(id: IdArgument, note: NoteOption = "", config: ConfigOption = None) -> None:
    """Begin to dial a draft. What is wrong with it is told instead, all at once."""
    _move(config, id, CampaignMove.START, note)


@campaign_app.command("pause")
def pause(id: IdArgument, note: NoteOption = "", config: ConfigOption = None) -> None:
    """Dial nobody more; calls that go on come to their end."""
    _move(config, id, CampaignMove.PAUSE, note)


@campaign_app.command("resume")
def resume(id: IdArgument, note: NoteOption = "", config: ConfigOption = None) -> None:
    """Go on dialling."""
    _move(config, id, CampaignMove.RESUME, note)


@campaign_app.command("finish")
def finish(id: IdArgument, note: NoteOption = "", config: ConfigOption = None) -> None:
    """It is over."""
    _move(config, id, CampaignMove.FINISH, note)


@campaign_app.command("explain")
def explain(id: IdArgument, config: ConfigOption = None) -> None:
    """What the pacer of a running campaign believes, and why it dials what it dials, as JSON."""

    async def work() -> None:
        configuration = load_configuration(config)
        try:
            told = (await ask_hotline(configuration, "GET", f"/campaigns/{id}"))["campaign"]
        except NoHotline as nobody:
            fail(str(nobody))
        if told is None:
            async with _books(configuration) as (campaigns, _):
                campaign = await campaigns.get(id)
            fail(f"This hotline does not dial for {id}: the campaign is {campaign.state}.")
        typer.echo(json.dumps(told, indent=1, ensure_ascii=False))

    run_until_done(work())


campaign_app.command("forecast")(forecast)


def _rules(configuration: Configuration, campaigns: Campaigns) -> CampaignRules:
    return campaign_rules(configuration, campaigns, load_flows(configuration), SystemClock())


async def _refuse_mistakes(rules: CampaignRules, campaign: Campaign) -> None:
    """All of them at once; notes are told, and refuse nothing."""
    found = await rules.mistakes(campaign)
    for note in found:
        if not note.blocks:
            typer.echo(f"note: {note.field}: {note.sentence}")
    if mistakes := [f"{one.field}: {one.sentence}" for one in found if one.blocks]:
        fail("\n".join(mistakes))


async def _live(configuration: Configuration, campaign: Campaign, campaigns: Campaigns) -> CampaignLive:
    rules = _rules(configuration, campaigns)
    run = None
    with suppress(NoHotline):  # the figures are the database's
        run = (await ask_hotline(configuration, "GET", f"/campaigns/{campaign.id}"))["campaign"]
    async with open_campaign_minutes(configuration.database_url) as minutes:
        return await campaign_live(
            campaign,
            campaigns=campaigns,
            minutes=minutes,
            limits=rules.limits(campaign),
            run=run,
            now=SystemClock().now(),
        )


def _form(campaign: Campaign) -> dict[str, Any]:
    return {
        "id": campaign.id,
        "name": campaign.name,
        "kind": campaign.kind.value,
        "mode": campaign.mode.value,
        "purpose": campaign.purpose.value,
        "state": campaign.state.value,
        "queue": campaign.queue,
        "flow": campaign.flow,
        "lines": campaign.lines,
        "version": campaign.version,
    }


def _line(campaign: Campaign) -> str:
    whom = campaign.queue or campaign.flow or ""
    return f"{campaign.id:<20} {campaign.state:<9} {campaign.mode:<12} {whom:<16} {campaign.name}"


def _lead_line(lead: Lead, configuration: Configuration, *, as_json: bool) -> str:
    why = sentence(lead.reason, ZoneInfo(configuration.time_zone))
    numbers = [number.e164 for number in lead.numbers]
    if as_json:
        record = {
            "id": lead.id,
            "name": lead.name,
            "numbers": numbers,
            "state": lead.state.value,
            "attempts": lead.attempts,
            "reason": lead.reason.code.value,
            "why": why,
        }
        return json.dumps(record, ensure_ascii=False)
    return f"{lead.id}  {lead.state:<9}  {', '.join(numbers)}  {lead.attempts}  {why}"
