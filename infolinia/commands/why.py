"""`infolinia why`: whether a person may be contacted, by which rule not, and from when on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from calls.numbers import parse_number
from compliance.decision import Decision, Verdict
from compliance.facts import Channel, Mode, Purpose
from engine.clock import SystemClock
from engine.explaining import Explained, Explainer, Ways
from engine.registers.decisions import DecisionFilter, Decisions, LoggedDecision
from engine.registers.refusals import Missing
from history.interaction import ContactPoint, PointKind
from infolinia.assembly.api import explainer
from infolinia.commands.moments import moment_of
from infolinia.commands.terminal import ConfigOption, fail, run_until_done
from infolinia.commands.why_lead import explain_lead
from infolinia.configuration import Configuration, load_configuration
from store.opening import open_permissions

LAST_DECISIONS = 20
# Of a number that may be in many zones, so many are told by name.
MOST_ZONES_NAMED = 3


class About(StrEnum):
    CONTACT = "contact"
    LEAD = "lead"
    MESSAGE = "message"
    CALL = "call"
    CALLBACK = "callback"


def explain(
    about: Annotated[About, typer.Argument(help="What is asked about.")],
    id: Annotated[str, typer.Argument(help="Its id; of a contact also a telephone number or an e-mail.")],
    channel: Annotated[list[Channel] | None, typer.Option(help="Only this channel.")] = None,
    purpose: Annotated[list[Purpose] | None, typer.Option(help="Only this purpose.")] = None,
    mode: Annotated[list[Mode] | None, typer.Option(help="How it comes about (default: manual).")] = None,
    campaign: Annotated[str | None, typer.Option(help="With this campaign's packs.")] = None,
    debt: Annotated[str | None, typer.Option(help="About this debt.")] = None,
    at: Annotated[
        str | None, typer.Option(help="As of then: 2026-11-22T10:00, in the hotline's zone.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    config: ConfigOption = None,
) -> None:
    """Print each rule with its verdict and the next lawful moment, and what was decided before.

    Of a lead: why it is, or is not, called now, and what its calls came to. Nothing is logged as a decision.
    """
    configuration = load_configuration(config)
    if about is About.LEAD:
        run_until_done(explain_lead(configuration, id, as_json=as_json))
        return
    moment = None if at is None else moment_of(at, "--at", configuration)
    ways = Ways(tuple(channel or ()), tuple(purpose or ()), tuple(mode or (Mode.MANUAL,)), campaign, debt)
    run_until_done(_explain(configuration, about, id, ways, moment, as_json=as_json))


async def _explain(
    configuration: Configuration, about: About, id: str, ways: Ways, at: datetime | None, *, as_json: bool
) -> None:
    clock = SystemClock()
    url, node = configuration.database_url, configuration.node
    async with open_permissions(url, clock, node, configuration.place(configuration.state)) as (
        permissions,
        decisions,
    ):
        asks = explainer(configuration, permissions, decisions, clock)
        if about is About.CONTACT:
            contact_id, ways_found, last = await _contact(asks, decisions, id, ways, at, configuration)
        else:
            contact_id, ways_found, last = await _subject(asks, decisions, f"{about}:{id}", ways, at)
    told = _told(about, id, contact_id, at or clock.now(), ways_found, last)
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False))
    else:
        _print(contact_id, ways_found, last, ZoneInfo(configuration.time_zone))


_Found = tuple[str | None, Sequence[Explained], Sequence[LoggedDecision]]


async def _contact(
    asks: Explainer,
    decisions: Decisions,
    id: str,
    ways: Ways,
    at: datetime | None,
    configuration: Configuration,
) -> _Found:
    point = _point(id, configuration.country)
    try:
        if point is None:
            person, found = await asks.explain(contact_id=id, ways=ways, at=at)
        else:
            person, found = await asks.explain(point=point, ways=ways, at=at)
            if person.contact_id is not None:
                person, found = await asks.explain(contact_id=person.contact_id, ways=ways, at=at)
    except Missing as missing:
        fail(str(missing))
    if person.contact_id is None:
        return None, found, ()
    wanted = DecisionFilter(contact_id=person.contact_id)
    return person.contact_id, found, await decisions.logged(wanted, limit=LAST_DECISIONS)


def _point(id: str, region: str) -> ContactPoint | None:
    """A number or an e-mail address; None for an id of ours, which has letters."""
    if "@" in id:
        return ContactPoint(PointKind.EMAIL, id.strip().lower())
    if any(sign.isalpha() for sign in id):
        return None
    number = parse_number(id, region).e164
    if number is None:
        fail(f'"{id}" is neither a contact\'s id nor a telephone number: write it as +48 600 000 001.')
    return ContactPoint(PointKind.PHONE, number)


async def _subject(
    asks: Explainer, decisions: Decisions, subject: str, ways: Ways, at: datetime | None
) -> _Found:
    """What was decided on it, and what would be now, of the same kind of contact."""
    last = await decisions.logged(DecisionFilter(subject=subject), limit=LAST_DECISIONS)
    person = await decisions.person_of(subject)
    if not last and person is None:
        fail(f"There is no {subject.replace(':', ' ', 1)} on which anything was decided.")
    if person is None:
        return None, (), last
    contact_id, point = person
    if last:
        newest = last[0]
        ways = Ways(
            ways.channels or (Channel(newest.channel),),
            ways.purposes or (Purpose(newest.purpose),),
            (Mode(newest.mode),) if ways.modes == (Mode.MANUAL,) else ways.modes,
            ways.campaign or newest.campaign,
            ways.debt,
        )
    known, found = await asks.explain(contact_id=contact_id, point=point, ways=ways, at=at)
    return known.contact_id, found, last


# --- as JSON ----------------------------------------------------------------------------------------------


def _told(
    about: About,
    id: str,
    contact_id: str | None,
    at: datetime,
    found: Sequence[Explained],
    last: Sequence[LoggedDecision],
) -> dict[str, object]:
    return {
        "about": about.value,
        "id": id,
        "contact_id": contact_id,
        "at": _utc(at),
        "ways": [
            {
                "point": {"kind": one.point.kind.value, "value": one.point.value},
                "channel": one.channel.value,
                "purpose": one.purpose.value,
                "mode": one.mode.value,
                "packs": list(one.packs),
                "time_zones": [str(zone) for zone in one.zones],
                **_decided(one.decision),
            }
            for one in found
        ],
        "decisions": [
            {
                "at": _utc(one.at),
                "writer": one.writer,
                "seq": one.seq,
                "subject": one.subject,
                "channel": one.channel,
                "purpose": one.purpose,
                "mode": one.mode,
                "campaign": one.campaign,
                "packs": list(one.packs),
                **_decided(one.decision),
            }
            for one in last
        ],
    }


def _decided(decision: Decision) -> dict[str, Any]:
    then = decision.next_allowed_at
    return {
        "allowed": decision.allowed,
        "rule": decision.rule,
        "reason": decision.reason,
        "next_allowed_at": None if then is None else _utc(then),
        "checked": [
            {"rule": one.rule, "verdict": one.verdict.value, **({"reason": one.reason} if one.reason else {})}
            for one in decision.checked
        ],
    }


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


# --- for people -------------------------------------------------------------------------------------------


def _print(
    contact_id: str | None, found: Sequence[Explained], last: Sequence[LoggedDecision], ours: tzinfo
) -> None:
    typer.echo(f"contact {contact_id}" if contact_id else "nobody known")
    if not found:
        typer.echo("  no number or address at which these channels would reach them")
    for one in found:
        way = f"{one.point.value}: {one.channel}, {one.purpose}, {one.mode}"
        typer.echo(f"\n{way}: {_verdict(one.decision)}")
        then = one.decision.next_allowed_at
        if then is not None:
            typer.echo(f"  from {_local(then, one.zones)} for them, {_shown(then, ours)} for us")
        elif not one.decision.allowed:
            typer.echo("  never, as things are")
        for checked in one.decision.checked:
            verdict = checked.verdict.value.replace("_", " ")
            reason = f": {checked.reason}" if checked.reason else ""
            mark = "!" if checked.verdict is Verdict.REFUSE else " "
            typer.echo(f"  {mark} {verdict:<14} {checked.rule}{reason}")
    if last:
        typer.echo("\nwhat was decided, newest first:")
    for logged in last:
        what = f"{logged.channel}, {logged.purpose}, {logged.mode}"
        where = f"{logged.writer}:{logged.seq}"
        typer.echo(
            f"  {_shown(logged.at, ours)}  {logged.subject}  {what}: {_verdict(logged.decision)}  ({where})"
        )


def _verdict(decision: Decision) -> str:
    return "allowed" if decision.allowed else f"refused by {decision.rule}: {decision.reason}"


def _local(at: datetime, zones: Sequence[tzinfo]) -> str:
    """In each zone in which the person may be."""
    named = [f"{_shown(at, zone)} {zone}" for zone in zones[:MOST_ZONES_NAMED]]
    more = len(zones) - len(named)
    return " or ".join(named) + (f" or as in {more} more zones" if more else "")


def _shown(at: datetime, zone: tzinfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"
