"""The command line: `infolinia run`, `call`, `demo`, `history`, `flow`, `speech`, `setup`."""

from __future__ import annotations

import asyncio
import json
import signal
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated

import typer

from asterisk.ami import AmiRefused
from asterisk.ari import AriRefused
from asterisk.folders import RuntimeFolderRefused
from asterisk.media import MediaPortTaken
from asterisk.process import AsteriskFailed
from calls.control import CallControlError
from engine.caller_script import ScriptError
from engine.ports import StoreUnavailable, VoiceFailed
from engine.registers.refusals import Changed, Missing, Refused
from infolinia.assembly.hotline import Hotline, running_hotline
from infolinia.assembly.preflight import StartFailed
from infolinia.commands.agents import agents_app
from infolinia.commands.api import api_app
from infolinia.commands.audit import print_audit
from infolinia.commands.callbacks import print_callbacks
from infolinia.commands.contacts import contacts_app
from infolinia.commands.decisions import audit_rules
from infolinia.commands.flows import flow_app
from infolinia.commands.history import print_history
from infolinia.commands.people import people_app
from infolinia.commands.privacy import holds_app, retention_app
from infolinia.commands.prompts import list_voices
from infolinia.commands.queues import desk_app, queues_app, reload_configuration
from infolinia.commands.rules import rules_app
from infolinia.commands.simulated_calls import CallFailed, CallPlan, demonstrate, place_call
from infolinia.commands.terminal import ConfigOption, fail, run_until_done
from infolinia.commands.tokens import tokens_app
from infolinia.commands.transcripts import recognize_files
from infolinia.commands.webhooks import webhooks_app
from infolinia.commands.why import explain
from infolinia.configuration import Configuration, ConfigurationRejected, load_configuration
from infolinia.flows.files import flow_folder, served_flows
from infolinia.logs import set_up_logs
from infolinia.setting_names import in_configuration_words
from infolinia.setup.inventory import PartsMissing
from speech.recognition import RecognitionFailed
from store.database import StoreError

# What a person can put right: told in their own words on standard error, exit code 2.
EXPECTED = (
    ConfigurationRejected,
    PartsMissing,
    StartFailed,
    StoreError,
    AsteriskFailed,
    AmiRefused,
    AriRefused,
    MediaPortTaken,
    RuntimeFolderRefused,
    CallControlError,
    CallFailed,
    ScriptError,
    VoiceFailed,
    RecognitionFailed,
    Refused,
    Missing,
    Changed,
)

app = typer.Typer(
    help="infolinia: a hotline on Asterisk.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
speech_app = typer.Typer(help="Speech recognition and voices.", no_args_is_help=True)
speech_app.command("voices")(list_voices)
app.add_typer(speech_app, name="speech")
app.add_typer(flow_app, name="flow")
app.add_typer(contacts_app, name="contacts")
app.add_typer(people_app, name="people")
app.add_typer(agents_app, name="agents")
app.add_typer(queues_app, name="queues")
app.add_typer(desk_app, name="desk")
app.command("reload")(reload_configuration)
app.add_typer(holds_app, name="holds")
app.add_typer(retention_app, name="retention")
app.add_typer(tokens_app, name="tokens")
app.add_typer(webhooks_app, name="webhooks")
app.command("audit")(print_audit)
app.command("callbacks")(print_callbacks)
rules_app.command("audit")(audit_rules)
app.add_typer(rules_app, name="rules")
app.command("why")(explain)
app.add_typer(api_app, name="api")


def main() -> None:
    """Entry point. What a person can put right ends in one sentence and exit code 2."""
    try:
        app()
    except EXPECTED as problem:
        fail(in_configuration_words(str(problem)))
    except StoreUnavailable as away:
        fail(f"The database does not answer ({away}): try again once it does.")


@app.command()
def run(
    config: ConfigOption = None,
    log_json: Annotated[bool, typer.Option("--log-json", help="Log lines as JSON.")] = False,
) -> None:
    """Bring the hotline up and serve callers until Ctrl-C."""
    set_up_logs(as_json=log_json)
    run_until_done(_serve(load_configuration(config)))


async def _serve(configuration: Configuration) -> None:
    """Until a signal comes. One that comes during the start ends what was started so far."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        starting = asyncio.create_task(stack.enter_async_context(running_hotline(configuration)))
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not starting.done():
            starting.cancel()
            await asyncio.wait({starting})
        if starting.cancelled():
            typer.echo("Stopped before it was up.")
            return
        hotline = starting.result()
        _say_where(configuration, hotline)
        reloads: set[asyncio.Task[None]] = set()
        loop.add_signal_handler(
            signal.SIGHUP, lambda: reloads.add(asyncio.create_task(hotline.reloader.reload_told()))
        )
        await stopping
        loop.remove_signal_handler(signal.SIGHUP)
        for task in reloads:
            task.cancel()
        typer.echo("Stopping: calls are ended and written.")


def _say_where(configuration: Configuration, hotline: Hotline) -> None:
    web = configuration.web
    typer.echo(f"{configuration.name} answers.")
    typer.echo(f"  phone    {hotline.facts.sip_address}")
    host = "localhost" if web.bind == "127.0.0.1" else web.bind
    typer.echo(f"  browser  {'https' if web.serves_tls else 'http'}://{host}:{web.port}")
    script = "press 2; say 'order'; wait 2; press 123456; press 1; press 2"
    typer.echo(f'  no phone {hotline.facts.program} call --script "{script}"')
    typer.echo("Ctrl-C stops it.")


@app.command()
def call(
    number: Annotated[str, typer.Argument(help="The number to call.")] = "100",
    script: Annotated[
        str,
        typer.Option(
            "--script", "-s", help="press KEYS; say 'WORDS'; play FILE.wav; wait SECONDS; interrupt; hang up"
        ),
    ] = "",
    language: Annotated[str, typer.Option(help="The language the caller speaks.")] = "en",
    caller_id: Annotated[str, typer.Option("--from", help="The caller's number.")] = "+48220000001",
    narrowband: Annotated[bool, typer.Option(help="Call by G.711 (8 kHz), as most telephones do.")] = False,
    longest: Annotated[float, typer.Option(min=1, max=3600, help="Seconds after which it ends.")] = 180,
    as_json: Annotated[bool, typer.Option("--json", help="Print the transcript as JSON lines.")] = False,
    config: ConfigOption = None,
) -> None:
    """Call the running hotline with a simulated caller and print what both sides said."""
    set_up_logs(as_json=False, level="WARNING")
    plan = CallPlan(number, script, language, caller_id, wideband=not narrowband, longest_seconds=longest)
    run_until_done(place_call(load_configuration(config), plan, as_json=as_json))


@app.command()
def demo(config: ConfigOption = None) -> None:
    """Three simulated callers, their transcripts and their rows of the contact history."""
    set_up_logs(as_json=False, level="WARNING")
    run_until_done(demonstrate(load_configuration(config)))


@app.command()
def history(
    limit: Annotated[int, typer.Option(min=1, max=10000, help="How many rows, newest first.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    events: Annotated[bool, typer.Option(help="With each call's event log.")] = False,
    config: ConfigOption = None,
) -> None:
    """Print the contact history."""
    run_until_done(print_history(load_configuration(config), limit=limit, as_json=as_json, events=events))


@speech_app.command("recognize")
def recognize(
    files: Annotated[list[Path], typer.Argument(help="WAV files of any rate.")],
    language: Annotated[str, typer.Option(help="The language spoken.")] = "en",
    phrases: Annotated[
        Path | None, typer.Option(help="A file with one phrase a line: nothing else is understood then.")
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Run the recognition of live calls over files; one JSON line each."""
    set_up_logs(as_json=False, level="WARNING")
    run_until_done(recognize_files(load_configuration(config), files, language, phrases))


@app.command("config")
def show_config(config: ConfigOption = None) -> None:
    """Check the configuration and its flows, and print the settings in force, without passwords."""
    from infolinia.configuration import as_table

    configuration = load_configuration(config)
    typer.echo(json.dumps(as_table(configuration), indent=2, ensure_ascii=False))
    if flow_folder(configuration).is_dir():  # else there is nothing yet to which a number could lead
        served_flows(configuration)


@app.command(
    "setup",
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []},
)
def set_up(context: typer.Context) -> None:
    """Install the parts: Asterisk, sounds, models, voices. `infolinia setup --help` tells its options."""
    from infolinia.setup.__main__ import main as provide

    raise SystemExit(provide(context.args))
