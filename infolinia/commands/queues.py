"""The commands of `infolinia queues`, `infolinia desk` and `infolinia reload`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import typer

from engine.clock import SystemClock
from infolinia.commands.agents import JsonOption
from infolinia.commands.terminal import ConfigOption, fail, run_until_done
from infolinia.configuration import Configuration, ConfigurationRejected, load_configuration
from infolinia.flows.control_socket import NoHotline, ask_hotline
from infolinia.reloading import told_waiting

queues_app = typer.Typer(help="Queues: where callers wait.", no_args_is_help=True)
desk_app = typer.Typer(help="What agents choose from at their desks.", no_args_is_help=True)

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="As `infolinia queues list` tells it.")]


@queues_app.command("list")
def list_queues(as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """All queues; with who waits in them, if the hotline runs."""

    async def work() -> None:
        configuration = load_configuration(config)
        live = await _live_queues(configuration)
        for name in sorted({*configuration.queues, *live}):
            record = {"name": name, **_figures(live.get(name))}
            typer.echo(json.dumps(record, ensure_ascii=False) if as_json else _line(record))

    run_until_done(work())


@queues_app.command("show")
def show_queue(name: NameArgument, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """One queue: its settings, and who waits in it, if the hotline runs."""

    async def work() -> None:
        configuration = load_configuration(config)
        live = await _live_queues(configuration)
        if name not in configuration.queues and name not in live:
            fail(f"There is no queue {name}: `infolinia queues list` tells which there are.")
        section = configuration.queues.get(name)
        settings = section.model_dump(mode="json") if section else {}
        record = {"name": name, **_figures(live.get(name)), "settings": settings}
        if as_json:
            typer.echo(json.dumps(record, ensure_ascii=False))
            return
        typer.echo(_line(record))
        for state, number in sorted((record["agents"] or {}).items()):
            typer.echo(f"  agents {state:<21} {number}")
        for setting, value in settings.items():
            typer.echo(f"  {setting:<28} {json.dumps(value, ensure_ascii=False)}")

    run_until_done(work())


@desk_app.command("breaks")
def list_breaks(as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """The reasons for a break."""
    for one in load_configuration(config).desk.break_choices():
        record = {"name": one.name, "minutes": one.minutes, "words": dict(one.label)}
        _tell(record, f"{one.minutes} minutes" if one.minutes else "as long as it needs", as_json=as_json)


@desk_app.command("dispositions")
def list_dispositions(as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """How a contact may have ended, by the agent's word."""
    for one in load_configuration(config).desk.all_dispositions().values():
        again = "" if one.retry_seconds is None else f" after {one.retry_seconds / 3600:g} h"
        told = "final" if one.final else f"tried again{again}"
        told += f", then {one.next}" if one.next != "none" else ""
        record = {
            "name": one.name,
            "words": dict(one.label),
            "final": one.final,
            "retry_seconds": one.retry_seconds,
            "counts_as_conversation": one.counts_as_conversation,
            "next": one.next.value,
        }
        _tell(record, told, as_json=as_json)


@desk_app.command("templates")
def list_templates(as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """The text messages that agents send."""
    for name, text in load_configuration(config).desk.templates.items():
        _tell({"name": name, "words": dict(text)}, "", as_json=as_json)


def reload_configuration(config: ConfigOption = None) -> None:
    """Have the running hotline read its configuration and flows anew. If anything is wrong, all stays."""

    async def work() -> None:
        try:
            told = await ask_hotline(load_configuration(config), "POST", "/reload")
        except NoHotline as nobody:
            fail(str(nobody))
        except ConfigurationRejected as rejected:
            fail(f"{rejected}\nNothing was changed.")
        typer.echo(
            f"Changed: {', '.join(told['changed'])}." if told["changed"] else "No setting has changed."
        )
        for flow in told["flows"]:
            if flow["new"]:
                typer.echo(f"{flow['name']}: version {flow['version']}")
        for warning in told["warnings"]:
            typer.echo(f"warning: {warning}")
        if told["waiting"]:
            typer.echo(told_waiting(told["waiting"]))

    run_until_done(work())


async def _live_queues(configuration: Configuration) -> dict[str, dict[str, Any]]:
    try:
        told = await ask_hotline(configuration, "GET", "/queues")
    except NoHotline:
        return {}
    return {queue["name"]: queue for queue in told["queues"]}


def _figures(live: Mapping[str, Any] | None) -> dict[str, Any]:
    names = ("waiting", "longest_wait_since", "agents", "free", "open")
    return {name: live[name] if live else None for name in names}


def _line(record: Mapping[str, Any]) -> str:
    if record["waiting"] is None:
        return f"{record['name']:<24} the hotline does not run"
    since = record["longest_wait_since"]
    longest = ""
    if since is not None:
        seconds = (SystemClock().now() - datetime.fromisoformat(since)).total_seconds()
        longest = f", the longest for {max(0, round(seconds))} s"
    state = "open" if record["open"] else "closed"
    return f"{record['name']:<24} {state}, {record['waiting']} wait{longest}, {record['free']} agents free"


def _tell(record: Mapping[str, Any], told: str, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(record, ensure_ascii=False))
        return
    words = "; ".join(f"{language}: {text}" for language, text in record["words"].items())
    typer.echo(f"{record['name']:<20} {told:<30} {words}".rstrip())
