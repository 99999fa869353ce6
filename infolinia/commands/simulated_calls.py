"""Simulated callers on the command line: `infolinia call` and `infolinia demo`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from asterisk.ari import AriAddress
from asterisk.control import AsteriskControl
from asterisk.folders import RuntimeFolders, load_secrets
from asterisk.media import MediaPortTaken, MediaServer
from asterisk.settings import ARI_USER, CALLER_MEDIA_CLIENTS, LOOPBACK_TRUNK
from calls.control import ControlLost, NetworkEvent
from engine.caller_script import PlayFile, parse_script
from engine.clock import SystemClock, TimeOrderedIds
from engine.simulated_caller import Conversation, Line, SimulatedCaller, who_said
from infolinia.assembly.speech import make_recognizer
from infolinia.commands.history import as_line
from infolinia.commands.terminal import ConfigOption, run_until_done
from infolinia.configuration import Configuration, load_configuration
from infolinia.logs import set_up_logs
from infolinia.setup.inventory import find_parts
from speech.prompts import PromptVoices
from speech.sound_files import SoundUnreadable, read_wav, resampled, to_pcm
from speech.voices import DEFAULT_VOICES, Voice
from store.opening import open_queries

# Callers sound other than the hotline. Of 14 English voices at three rates the recogniser understood this one
# best: six words of the shipped hotline, each twice, with a confidence of 0.81 and more.
CALLER_VOICES = {**DEFAULT_VOICES, "en": Voice("gmw/en-us+Storm", 170)}
# With the media connection's name: whoever opens an application of Asterisk takes it from its holder.
CALLER_APP = "infolinia-{media}"
# The rows of the last call are in the history this long after its end, at the latest.
WRITTEN_SECONDS = 3.0


class CallFailed(Exception):
    """The simulated call could not be made: one sentence with the remedy."""


@dataclass(frozen=True, slots=True)
class CallPlan:
    """What a simulated caller does. `caller_id` is the number it calls from."""

    number: str
    script: str
    language: str = "en"
    caller_id: str = "+48220000001"
    wideband: bool = True
    longest_seconds: float = 180.0


# Three people who use the shipped hotline: an order by voice and keys, a message in Polish, hours in Russian.
DEMO = (
    CallPlan("100", "press 2; say 'order'; wait 2; press 123456; press 1; press 2", "en", "+48220000001"),
    CallPlan(
        "100",
        "press 1; press 9; say 'Dzień dobry, proszę o telefon.'; interrupt; press #",
        "pl",
        "+48220000002",
    ),
    CallPlan("100", "press 3; press 2; press 2", "ru", "+48220000003"),
)


async def place_call(configuration: Configuration, plan: CallPlan, *, as_json: bool) -> None:
    """One call to the hotline that runs. Raises CallFailed, ScriptError."""
    actions = parse_script(plan.script)
    for action in actions:
        if isinstance(action, PlayFile):
            _readable(action)

    def report(line: Line) -> None:
        typer.echo(json.dumps(asdict(line), ensure_ascii=False) if as_json else who_said(line, {}))

    async with _Callers(configuration).connected() as callers:
        conversation = await callers.call(plan, report)
    if conversation.ended_by == "unanswered":
        raise CallFailed(
            f"Nobody answered {plan.number} (cause {conversation.cause}). Does it lead to a flow?"
        )


async def demonstrate(configuration: Configuration) -> None:
    """Three callers one after another, at the hotline that runs, or at one started for the purpose."""
    async with AsyncExitStack() as stack:
        if not await _answers(configuration):
            typer.echo("No hotline runs here; one is started for the demo.")
            # A call from outside, which is more usual, does without the whole hotline in memory.
            from infolinia.assembly.hotline import running_hotline

            await stack.enter_async_context(running_hotline(configuration))
        callers = await stack.enter_async_context(_Callers(configuration).connected())
        number = next(iter(configuration.numbers))
        for count, plan in enumerate(DEMO, start=1):
            typer.echo(f"\nCaller {count}, {plan.caller_id}, calls {number}: {plan.script}")
            await callers.call(
                replace(plan, number=number), lambda line: typer.echo(f"  {who_said(line, {})}")
            )
        await _print_rows(configuration, len(DEMO))


async def _print_rows(configuration: Configuration, count: int) -> None:
    await asyncio.sleep(WRITTEN_SECONDS)
    typer.echo("\nThe contact history now:")
    zone = ZoneInfo(configuration.time_zone)
    async with open_queries(configuration.database_url) as queries:
        for row in reversed(await queries.history(limit=count, calls_only=True)):
            typer.echo(f"  {as_line(row, zone)}")


class _Callers:
    """Makes calls over one connection to Asterisk."""

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self._clock = SystemClock()
        self._ids = TimeOrderedIds(self._clock)
        self._calling: set[SimulatedCaller] = set()

    def on_network_event(self, event: NetworkEvent) -> None:
        for caller in tuple(self._calling):
            caller.on_network_event(event)

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[_Callers]:
        parts = find_parts()
        configuration = self._configuration
        folders = RuntimeFolders(configuration.asterisk_settings().runtime_dir.absolute())
        if not (folders.root / "secrets.json").is_file():
            raise CallFailed("No hotline has been started with this configuration: start it with `make run`.")
        secrets = load_secrets(folders)
        async with AsyncExitStack() as stack:
            self._recognizer = make_recognizer(configuration, parts)
            await self._recognizer.start()
            stack.push_async_callback(self._recognizer.close)
            self._voices = PromptVoices(
                configuration.place(configuration.state) / "caller-prompts",
                configuration.place(configuration.prompts),
                environment=parts.espeak_environment,
                voices=CALLER_VOICES,
            )
            await self._voices.start()
            stack.push_async_callback(self._voices.close)
            media = await _media_server(configuration, secrets.media_password)
            stack.push_async_callback(media.close)
            app = CALLER_APP.format(media=media.connection)
            url = f"http://127.0.0.1:{configuration.asterisk.http_port}"
            self._control = AsteriskControl(
                AriAddress(url=url, app=app, user=ARI_USER, password=secrets.ari_password),
                media,
                self.on_network_event,
                recording_dir=folders.spool / "recording",
                trunks=(LOOPBACK_TRUNK,),
            )
            try:
                await self._control.start(patience_seconds=3)
            except ControlLost as lost:
                raise CallFailed("The hotline does not run: start it with `make run` first.") from lost
            stack.push_async_callback(self._control.close)
            yield self

    async def call(self, plan: CallPlan, report: Callable[[Line], None]) -> Conversation:
        caller = SimulatedCaller(
            control=self._control,
            recognizer=self._recognizer,
            synthesizer=self._voices,
            read_audio=_read_audio,
            clock=self._clock,
            ids=self._ids,
            report=report,
        )
        self._calling.add(caller)
        try:
            return await caller.call(
                plan.number,
                parse_script(plan.script),
                language=plan.language,
                caller_id=plan.caller_id,
                wideband=plan.wideband,
                longest_seconds=plan.longest_seconds,
            )
        finally:
            self._calling.discard(caller)


async def _media_server(configuration: Configuration, password: str) -> MediaServer:
    """The first that no other simulated caller on this machine holds."""
    for number, client in enumerate(CALLER_MEDIA_CLIENTS):
        server = MediaServer(configuration.asterisk.caller_media_port + number, client, password=password)
        try:
            await server.start()
        except MediaPortTaken:
            continue
        return server
    raise CallFailed(
        f"{len(CALLER_MEDIA_CLIENTS)} simulated callers run already: wait until one has ended, "
        "or set another `asterisk.caller_media_port`."
    )


def _read_audio(file: Path, sample_rate: int) -> bytes:
    return to_pcm(resampled(*read_wav(file), sample_rate))


def _readable(action: PlayFile) -> None:
    try:
        read_wav(Path(action.path))
    except SoundUnreadable as unreadable:
        raise CallFailed(str(unreadable)) from unreadable


async def _answers(configuration: Configuration) -> bool:
    """Whether a hotline's Asterisk listens here."""
    try:
        async with asyncio.timeout(2):
            _, writer = await asyncio.open_connection("127.0.0.1", configuration.asterisk.http_port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True


# --- the commands ---


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


def demo(config: ConfigOption = None) -> None:
    """Three simulated callers, their transcripts and their rows of the contact history."""
    set_up_logs(as_json=False, level="WARNING")
    run_until_done(demonstrate(load_configuration(config)))
