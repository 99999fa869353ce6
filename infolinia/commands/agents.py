"""The commands of `infolinia agents`: who answers, what they can do and what they are at."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Annotated, Any

import typer

from engine.clock import SystemClock
from engine.registers.agents import AgentDay, AgentProfile
from infolinia.commands.shell_user import shell_user
from infolinia.commands.terminal import ConfigOption, fail, run_until_done
from infolinia.configuration import Configuration, load_configuration
from infolinia.flows.control_socket import NoHotline, ask_hotline
from store.opening import open_agents
from store.registers.agents import SqlAgents

agents_app = typer.Typer(help="Agents: who answers, and what they can do.", no_args_is_help=True)

DAY = timedelta(hours=24)
_GAINED = re.compile(r"\+?([a-z][a-z0-9_-]{0,31})=([1-5])")
_LOST = re.compile(r"-([a-z][a-z0-9_-]{0,31})")
_WORK = re.compile(r"(call|chat|task)=([0-9]{1,2})")

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="As `infolinia agents list` tells it.")]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; it is kept with the change.")]


@agents_app.command("list")
def list_agents(as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """All agents; with what they are at, if the hotline runs."""

    async def work() -> None:
        configuration = load_configuration(config)
        async with _agents(configuration) as register:
            known = {profile.name: profile for profile in await register.profiles()}
        live = await live_agents(configuration)
        for name in sorted({*known, *configuration.agents}):
            _tell(_record(configuration, name, known.get(name), live.get(name)), as_json=as_json)

    run_until_done(work())


@agents_app.command("show")
def show_agent(name: NameArgument, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """One agent: skills, what they are at, and the sums of the last 24 hours."""

    async def work() -> None:
        configuration = load_configuration(config)
        now = SystemClock().now()
        async with _agents(configuration) as register:
            profile = await _profile(register, configuration, name)
            day = await register.day(name, now - DAY, now)
        live = await live_agents(configuration)
        record = _record(configuration, name, profile, live.get(name))
        if as_json:
            typer.echo(json.dumps({**record, "day": _sums(day)}, ensure_ascii=False))
            return
        _tell(record, as_json=False)
        for what, number in _sums(day).items():
            typer.echo(f"  {what.replace('_', ' '):<20} {number:g}")

    run_until_done(work())


@agents_app.command("skills", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def change_skills(
    context: typer.Context, name: NameArgument, reason: ReasonOption, config: ConfigOption = None
) -> None:
    """Give skills with their level from 1 to 5, or take them: `infolinia agents skills anna +pl=5 -en`."""
    changes = _skill_changes(context.args)

    async def work() -> None:
        configuration = load_configuration(config)
        async with _agents(configuration) as register:
            profile = await _changeable(register, configuration, name)
            skills = {**profile.skills, **{skill: level for skill, level in changes.items() if level}}
            for skill in (skill for skill, level in changes.items() if not level):
                if skills.pop(skill, None) is None:
                    fail(f"{name} has no skill {skill}: `infolinia agents show {name}` tells them.")
            changed = await register.set_skills(
                shell_user(), name, skills, reason, SystemClock().now(), profile.version
            )
        await _hotline_told(configuration)
        typer.echo(f"{name}: {_skills(changed.skills)}")

    run_until_done(work())


@agents_app.command("capacity")
def change_capacity(
    name: NameArgument,
    work: Annotated[list[str], typer.Argument(metavar="KIND=NUMBER", help="As call=1 chat=3 task=1.")],
    reason: ReasonOption,
    config: ConfigOption = None,
) -> None:
    """How much of each kind of work an agent has at once."""
    given: dict[str, int] = {}
    for word in work:
        match = _WORK.fullmatch(word)
        if match is None:
            fail(f"{word!r} is no capacity: write call=1, chat=3 or task=1.")
        given[match[1]] = int(match[2])

    async def change() -> None:
        configuration = load_configuration(config)
        async with _agents(configuration) as register:
            profile = await _changeable(register, configuration, name)
            capacity = {**profile.capacity, **given}
            now = SystemClock().now()
            await register.set_capacity(shell_user(), name, capacity, reason, now, profile.version)
        await _hotline_told(configuration)
        typer.echo(f"{name}: {', '.join(f'{kind} {number}' for kind, number in sorted(capacity.items()))}")

    run_until_done(change())


async def live_agents(configuration: Configuration) -> dict[str, dict[str, Any]]:
    """By name, as the running hotline tells; none when none runs."""
    try:
        told = await ask_hotline(configuration, "GET", "/agents")
    except NoHotline:
        return {}
    return {agent["name"]: agent for agent in told["agents"]}


@asynccontextmanager
async def _agents(configuration: Configuration) -> AsyncIterator[SqlAgents]:
    """The register, which knows whose names the configuration gives."""
    async with open_agents(configuration.database_url, SystemClock()) as register:
        register.configure({name: one.person for name, one in configuration.agents.items()})
        yield register


async def _hotline_told(configuration: Configuration) -> None:
    """It would see the change by itself a few seconds later."""
    try:
        await ask_hotline(configuration, "POST", "/agents/refresh")
    except NoHotline:
        return


async def _profile(register: SqlAgents, configuration: Configuration, name: str) -> AgentProfile | None:
    found = [profile for profile in await register.profiles() if profile.name == name]
    if not found and name not in configuration.agents:
        fail(f"There is no agent {name}: `infolinia agents list` tells who there is.")
    return found[0] if found else None


async def _changeable(register: SqlAgents, configuration: Configuration, name: str) -> AgentProfile:
    profile = await _profile(register, configuration, name)
    if profile is None:
        fail(f"What {name} can do stands in the configuration: change it there, then `infolinia reload`.")
    return profile


def _skill_changes(words: list[str]) -> dict[str, int]:
    """skill -> level; 0: taken away."""
    changes: dict[str, int] = {}
    for word in words:
        if match := _GAINED.fullmatch(word):
            changes[match[1]] = int(match[2])
        elif match := _LOST.fullmatch(word):
            changes[match[1]] = 0
        else:
            fail(f"{word!r} is no change of a skill: write +polish=5 to give it, -english to take it.")
    if not changes:
        fail("Name the skills: +polish=5 to give one, -english to take one.")
    return changes


def _record(
    configuration: Configuration, name: str, profile: AgentProfile | None, live: dict[str, Any] | None
) -> dict[str, Any]:
    section = configuration.agents.get(name)
    telephone = "browser" if section is None or section.is_browser else section.number or "sip"
    skills = dict(profile.skills) if profile and profile.skills else dict(section.skills if section else {})
    return {
        "name": name,
        "person": profile.shown if profile else None,
        "telephone": telephone,
        "skills": skills,
        "capacity": dict(profile.capacity) if profile else {},
        "status": live["status"] if live else None,
        "reason": live["reason"] if live else None,
        "state": live["state"] if live else None,
        "work": live["work"] if live else None,
    }


def _tell(record: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(record, ensure_ascii=False))
        return
    at = "" if record["status"] is None else f"{record['status']}, {record['state']}"
    if record["reason"]:
        at = at.replace(",", f" ({record['reason']}),", 1)
    columns = (f"{record['name']:<24}", f"{record['person'] or record['telephone']:<24}", f"{at:<24}")
    typer.echo(" ".join((*columns, _skills(record["skills"]))).rstrip())


def _skills(skills: Any) -> str:
    return ", ".join(f"{skill} {level}" for skill, level in sorted(skills.items())) or "no skills"


def _sums(day: AgentDay) -> dict[str, float]:
    return {name: getattr(day, name) for name in AgentDay.__slots__}
