"""The commands of `infolinia flow`: what a person who writes call flows needs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from infolinia.configuration import ConfigurationRejected, load_configuration
from infolinia.flow_files import read_flow
from infolinia.flow_testing import (
    below,
    coverage_lines,
    flow_paths,
    junit,
    missed_lines,
    read_flows,
    rehearsal_surroundings,
    run_files,
)
from infolinia.terminal import ConfigOption, fail

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


@flow_app.command("test")
def rehearse_flows(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Flow files or folders of them (default: callflows).")
    ] = None,
    steps: Annotated[
        float, typer.Option("--coverage", min=0, max=100, help="Steps that must be reached, in percent.")
    ] = 100,
    ways: Annotated[
        float,
        typer.Option("--ways", min=0, max=100, help="Ways that must be taken, in percent."),
    ] = 0,
    languages: Annotated[
        float,
        typer.Option("--languages", min=0, max=100, help="Languages that must be said, in percent."),
    ] = 0,
    word: Annotated[
        str, typer.Option("-k", help="Only tests with this word in their name, without judging coverage.")
    ] = "",
    junit_file: Annotated[Path | None, typer.Option("--junit", help="Write JUnit XML here.")] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Name every test and gap.")] = False,
    config: ConfigOption = None,
) -> None:
    """Rehearse the tests that stand in flow files. Exit code 1 when one fails or coverage is too low."""
    flows = read_flows(flow_paths(paths or [Path("callflows")]))
    run = run_files(flows, rehearsal_surroundings(load_configuration(config)), word)
    for verdict in run.verdicts:
        if not verdict.passed:
            typer.echo(f"FAILED  {verdict.told()}\n")
        elif verbose:
            typer.echo(f"ok      {verdict.flow.name}: {verdict.test.name}")
    for line in coverage_lines(run):
        typer.echo(line)
    thresholds = {} if word else {"steps": steps, "ways": ways, "languages": languages}
    wanted = [kind for kind, least in thresholds.items() if least]
    missed = missed_lines(run.coverage.files.values()) if verbose else ()
    for told in missed or missed_lines(run.coverage.files.values(), () if word else wanted):
        typer.echo(str(told))
    low = below(run.coverage, thresholds)
    for sentence in low:
        typer.echo(sentence)
    failed = len(run.failed)
    typer.echo(f"{len(run.verdicts) - failed} passed, {failed} failed")
    if junit_file is not None:
        try:
            junit_file.write_bytes(junit(run))
        except OSError as error:
            fail(f"{junit_file}: the report cannot be written ({error.strerror}). Name another file.")
    if failed or low:
        raise SystemExit(1)
