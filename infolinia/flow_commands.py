"""The commands of `infolinia flow`: what a person who writes call flows needs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from infolinia.configuration import ConfigurationRejected
from infolinia.flow_files import read_flow
from infolinia.terminal import fail

flow_app = typer.Typer(help="Call flows.", no_args_is_help=True)


@flow_app.command("check")
def check_flows(
    files: Annotated[list[Path], typer.Argument(help="Flow files.")],
) -> None:
    """Check call flows; every problem with its file, line and column."""
    problems = []
    for file in files:
        try:
            flow = read_flow(file)
        except ConfigurationRejected as rejected:
            problems.append(str(rejected))
        else:
            languages = ", ".join(flow.languages)
            typer.echo(f"{file}: {flow.name}, version {flow.version}, {len(flow.steps)} steps, {languages}")
    if problems:
        fail("\n".join(problems))
