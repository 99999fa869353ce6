"""The commands of `infolinia flow`: what a person who writes call flows needs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from infolinia.commands.prompts import list_prompts
from infolinia.commands.recorded_tests import append_test, events_of, flow_of, written_test
from infolinia.commands.terminal import ConfigOption, fail, run_until_done
from infolinia.commands.typed_calls import TypedCall
from infolinia.configuration import Configuration, ConfigurationRejected, load_configuration
from infolinia.flows.checking import check_files, warnings_of
from infolinia.flows.control_socket import NoHotline, ask_to_reload_flows
from infolinia.flows.files import read_flow
from infolinia.flows.testing import (
    below,
    coverage_lines,
    flow_paths,
    junit,
    missed_lines,
    read_flows,
    rehearsal_surroundings,
    run_files,
)
from ivr.picture.drawing import draw

flow_app = typer.Typer(help="Call flows.", no_args_is_help=True)
flow_app.command("prompts")(list_prompts)


@flow_app.command("check")
def check_flows(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Flow files or folders of them (default: callflows).")
    ] = None,
    words: Annotated[
        bool, typer.Option(help="Also ask the recognition models, if there are any, for every phrase.")
    ] = True,
    config: ConfigOption = None,
) -> None:
    """Check call flows; every problem with its file, line and column."""
    flows, problems = check_files(flow_paths(paths or [Path("callflows")]), config)
    for flow in flows:
        languages = ", ".join(flow.languages)
        steps = sum(not step.implied for step in flow.steps.values())
        typer.echo(f"{flow.file}: {flow.name}, version {flow.version}, {steps} steps, {languages}")
    for warning in warnings_of(flows, config, words=words):
        typer.echo(f"warning: {warning}")
    if problems:
        fail(problems)


@flow_app.command("schema")
def print_schema() -> None:
    """Print the JSON Schema of flow files, by which an editor helps to write them."""
    from ivr.reading.schema import flow_schema

    typer.echo(json.dumps(flow_schema(), indent=1, ensure_ascii=False))


@flow_app.command("reload")
def reload_flows(config: ConfigOption = None) -> None:
    """Have the running hotline read its flows anew. When one is wrong, all stay as they were."""
    run_until_done(_reload(load_configuration(config)))


async def _reload(configuration: Configuration) -> None:
    try:
        reply = await ask_to_reload_flows(configuration)
    except NoHotline as nobody:
        fail(str(nobody))
    except ConfigurationRejected as rejected:
        fail(f"{rejected}\nNothing was changed.")
    for flow in reply["flows"]:
        typer.echo(f"{flow['name']}: version {flow['version']}{'' if flow['new'] else ', as before'}")
    for warning in reply["warnings"]:
        typer.echo(f"warning: {warning}")


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
    from_call: Annotated[
        str | None, typer.Option("--from-call", help="Instead: make a test of this call of the history.")
    ] = None,
    write: Annotated[bool, typer.Option("--write", help="Put that test into the flow's file.")] = False,
    config: ConfigOption = None,
) -> None:
    """Rehearse the tests that stand in flow files. Exit code 1 when one fails or coverage is too low."""
    if from_call is not None:
        run_until_done(_make_test(load_configuration(config), from_call, write=write))
        return
    flows = read_flows(flow_paths(paths or [Path("callflows")]))
    run = run_files(flows, rehearsal_surroundings(load_configuration(config)), word)
    if word and not run.verdicts:
        fail(f"No test has {word!r} in its name. -v tells the names.")
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
    low = below(run.coverage.files.values(), thresholds)
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


async def _make_test(configuration: Configuration, call_id: str, *, write: bool) -> None:
    events = await events_of(configuration, call_id)
    path, flow = flow_of(configuration, events)
    began = events[0].at.strftime("%Y-%m-%d %H:%M")
    test = written_test(configuration, flow, events, f"a call of {began} UTC")
    typer.echo(test, nl=False)
    if write:
        append_test(path, test)
        typer.echo(f"Written to {path}.", err=True)


@flow_app.command("show")
def show_flow(
    file: Annotated[Path, typer.Argument(help="A flow file.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The SVG file (default: the flow's name).")
    ] = None,
    coverage: Annotated[bool, typer.Option("--coverage", help="Colour what its tests reach.")] = False,
    config: ConfigOption = None,
) -> None:
    """Draw a flow: every step a card, every way out a line."""
    flow = read_flow(file)
    covered = None
    if coverage:
        run = run_files([flow], rehearsal_surroundings(load_configuration(config)))
        covered = run.coverage
    target = output or Path(f"{flow.name}.svg")
    try:
        target.write_text(draw(flow, covered), encoding="utf-8")
    except OSError as error:
        fail(f"{target}: the picture cannot be written ({error.strerror}). Name another file with -o.")
    typer.echo(f"{target}: {len(flow.steps)} steps")


@flow_app.command("talk")
def talk_to_flow(
    file: Annotated[Path, typer.Argument(help="A flow file.")],
    language: Annotated[str | None, typer.Option(help="The language of what you type.")] = None,
    caller: Annotated[str, typer.Option(help="Your number.")] = "+48220000001",
    write_test: Annotated[bool, typer.Option("--write-test", help="Put it into the file as a test.")] = False,
    config: ConfigOption = None,
) -> None:
    """Talk to a flow by typing: digits are keys, other lines speech, an empty line silence."""
    flow = read_flow(file)
    if language is not None and language not in flow.languages:
        fail(f"Flow {flow.name} does not speak {language!r}. Choose one of {', '.join(flow.languages)}.")
    configuration = load_configuration(config)
    facts = {"caller": caller, "dialled": "100"}
    call = TypedCall(flow, facts, rehearsal_surroundings(configuration), language, input, typer.echo)
    call.run()
    test = written_test(configuration, flow, call.events, "a typed call")
    typer.echo(f"\nAs a test:\n\n{test}", nl=False)
    if not write_test:
        typer.echo("\nWith --write-test it is put into the file.")
    else:
        append_test(file, test)
        typer.echo(f"\nWritten to {file}.")
