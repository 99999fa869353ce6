"""`infolinia rules audit`: whether the log of the gate's decisions is as it was written."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import typer

from engine.clock import SystemClock
from infolinia.commands.terminal import fail, run_until_done
from infolinia.configuration import Configuration, load_configuration
from store.decision_audit import Expected, Finding
from store.opening import open_permissions

WRONG = 3
# After so many the rest is counted: a broken chain may have millions.
MOST_TOLD = 200


def audit_rules(expect: list[str], config: Path | None, *, as_json: bool) -> None:
    """Tell what was found. Raises SystemExit(3) when something was changed."""
    expected = [_expected(text) for text in expect]
    run_until_done(_audit(load_configuration(config), expected, as_json=as_json))


def _expected(text: str) -> Expected:
    writer, _, rest = text.rpartition(":")[0].rpartition(":")
    hash_ = text.rpartition(":")[2].lower()
    if not writer or not rest.isdecimal() or int(rest) < 1 or len(hash_) != 64:
        fail(f'--expect "{text}" is not WRITER:SEQ:HASH: copy it from an earlier audit.')
    return Expected(writer, int(rest), hash_)


async def _audit(configuration: Configuration, expected: list[Expected], *, as_json: bool) -> None:
    findings: list[Finding] = []
    number = 0
    chains: list[dict[str, object]] = []
    url, state = configuration.database_url, configuration.place(configuration.state)
    async with open_permissions(url, SystemClock(), configuration.node, state) as (_, decisions):
        async for found in decisions.audit(expected):
            if not isinstance(found, Finding):
                chains.append(asdict(found))
                if not as_json and found.rows:
                    typer.echo(
                        f"{found.writer}: {found.rows} decisions, {found.writer}:{found.seq}:{found.hash}"
                    )
                continue
            number += 1
            if number <= MOST_TOLD:
                findings.append(found)
                if not as_json:
                    typer.echo(f"{found.writer}: row {found.seq}: {found.kind}: {found.detail}")
    if as_json:
        told = {"whole": not number, "chains": chains, "findings": [asdict(one) for one in findings]}
        typer.echo(json.dumps({**told, "number_of_findings": number}, ensure_ascii=False))
    elif number:
        typer.echo(f"Findings: {number}.")
    else:
        typer.echo("Every decision is as it was written.")
    if number:
        raise SystemExit(WRONG)
