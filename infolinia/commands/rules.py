"""The commands of `infolinia rules`.

`check` and `packs` need neither configuration nor database and are asked for one case after another: nothing
heavy is imported here.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from datetime import date, time
from enum import Enum
from typing import Annotated, BinaryIO

import typer

from compliance.gate import PACKS
from compliance.pack import CampaignLimits, Pack
from compliance.strictness import LIMITS, numbers_of
from infolinia.commands.rule_cases import BadCase, answer, packs_named
from infolinia.commands.terminal import ConfigOption, fail

ALLOWED, BAD_INPUT, REFUSED = 0, 2, 3  # exit codes

rules_app = typer.Typer(help="The rules of contact, and the gate that asks them.", no_args_is_help=True)


@rules_app.command("check")
def check_case(
    pack: Annotated[
        list[str] | None,
        typer.Option("--pack", help="A pack to ask, or several. Without: those that apply to the callee."),
    ] = None,
    lines: Annotated[bool, typer.Option("--lines", help="One case a line, one answer a line.")] = False,
) -> None:
    """Ask the gate about the case on standard input (JSON, see docs/rules.md), and print its decision.

    Exit code 0: allowed, 3: refused, 2: bad input. Of many cases the worst: bad input, then refused.
    """
    try:
        packs = packs_named(pack or [])
        if lines:
            raise SystemExit(_check_lines(packs))
        told = answer(_input().read(), packs)
    except BadCase as problem:
        fail(str(problem))
    typer.echo(json.dumps(told, ensure_ascii=False))
    raise SystemExit(ALLOWED if told["allowed"] else REFUSED)


def _input() -> BinaryIO:
    if sys.stdin is None:  # whoever started us closed it
        raise BadCase("Standard input is closed: give the case there.")
    return sys.stdin.buffer


def _check_lines(packs: tuple[Pack, ...]) -> int:
    codes = {ALLOWED}
    for number, line in enumerate(_input(), 1):
        if not line.strip():
            continue
        try:
            told = answer(line, packs)
            codes.add(ALLOWED if told["allowed"] else REFUSED)
        except BadCase as problem:
            sys.stderr.write(f"Line {number}: {problem}\n")
            told = {"line": number, "error": str(problem)}
            codes.add(BAD_INPUT)
        sys.stdout.write(json.dumps(told, ensure_ascii=False) + "\n")
    return next(code for code in (BAD_INPUT, REFUSED, ALLOWED) if code in codes)


@rules_app.command("packs")
def list_packs(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON array.")] = False,
) -> None:
    """Print each pack with its source, its certainty and its numbers. Not legal advice."""
    if as_json:
        typer.echo(json.dumps([_told(pack) for pack in PACKS.values()], indent=2, ensure_ascii=False))
        return
    for pack in PACKS.values():
        since = f"in force from {pack.in_force_from}" if pack.in_force_from else "always in force"
        typer.echo(f"{pack.name}, version {pack.version}, {since}, certainty: {pack.certainty}")
        typer.echo(f"  {pack.title}")
        typer.echo(f"  {pack.source}")
        numbers = numbers_of(pack)
        for name in [*(rule.name for rule in pack.rules), LIMITS]:
            told = ", ".join(f"{field} {_plain(value)}" for field, value in numbers.get(name, {}).items())
            if told or name != LIMITS:
                typer.echo(f"    {name}{': ' if told else ''}{told}")


@rules_app.command("audit")
def audit_decisions(
    expect: Annotated[
        list[str] | None,
        typer.Option("--expect", metavar="WRITER:SEQ:HASH", help="A row's hash as it was noted down before."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    config: ConfigOption = None,
) -> None:
    """Check every chain of decisions, row by row. Exit code 0: whole, 3: something was changed.

    Note the printed WRITER:SEQ:HASH down somewhere else, and give it with --expect the next time: then also a
    chain that was cut off or written anew as a whole is found.
    """
    from infolinia.commands.decisions import audit_rules

    audit_rules(expect or [], config, as_json=as_json)


def _told(pack: Pack) -> dict[str, object]:
    numbers = numbers_of(pack)
    default = asdict(CampaignLimits())
    return {
        "name": pack.name,
        "title": pack.title,
        "version": pack.version,
        "in_force_from": _plain(pack.in_force_from),
        "country": pack.country,
        "source": pack.source,
        "certainty": pack.certainty.value,
        "rules": [
            {
                "rule": f"{pack.name}/{rule.name}",
                "numbers": {field: _plain(value) for field, value in numbers.get(rule.name, {}).items()},
            }
            for rule in pack.rules
        ],
        "limits": {
            field: value if isinstance(value, tuple) else _plain(value)
            for field, value in asdict(pack.limits).items()
            if value != default[field]
        },
    }


def _plain(value: object) -> object:
    if isinstance(value, time):
        return f"{value:%H:%M}"
    if isinstance(value, date):
        return value.isoformat()
    return value.value if isinstance(value, Enum) else value
