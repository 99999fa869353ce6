"""Recordings at the shell: listed, checked, given out, and their keys."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from engine.clock import SystemClock
from engine.registers.audit import AuditNote
from engine.registers.recordings import (
    Recording,
    RecordingDamaged,
    RecordingFilter,
    RecordingRegister,
    RecordingState,
    Sound,
)
from infolinia.assembly.recordings import vault_of
from infolinia.commands.shell_user import shell_user
from infolinia.commands.terminal import ConfigOption, fail, run_until_done
from infolinia.configuration import Configuration, load_configuration
from store.opening import open_accounts, open_recordings
from store.recordings.keys import KEY_FILE, VARIABLE, add_key
from store.recordings.vault import RecordingVault

recordings_app = typer.Typer(help="Talks that were recorded.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]
_CHUNK_BYTES = 1 << 20
_PAGE = 200
DAMAGED = 3


@recordings_app.command("list")
def list_recordings(
    call: Annotated[str | None, typer.Option(help="Of this call.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10000, help="How many, the latest first.")] = 50,
    as_json: AsJson = False,
    config: ConfigOption = None,
) -> None:
    """Print recorded talks, the latest first."""
    configuration = load_configuration(config)

    async def work() -> None:
        async with open_recordings(configuration.database_url, SystemClock()) as register:
            wanted = RecordingFilter(call_id=call)
            page = await register.page(wanted, limit=limit)
        zone = ZoneInfo(configuration.time_zone)
        for one in page.items:
            if as_json:
                typer.echo(json.dumps(_told(one), ensure_ascii=False))
            else:
                seconds = "" if one.seconds is None else f"{one.seconds:.0f} s"
                typer.echo(
                    f"{one.started_at.astimezone(zone):%Y-%m-%d %H:%M}  {one.id:<40}  {one.agent:<16}  "
                    f"{seconds:>7}  {one.state.value:<8}  {one.transcript_state.value}"
                )

    run_until_done(work())


@recordings_app.command("verify")
def verify(as_json: AsJson = False, config: ConfigOption = None) -> None:
    """Check that every recording of this machine is as it was written. Exit code 3: one is not."""
    configuration = load_configuration(config)

    async def work() -> None:
        vault, number, wrong = vault_of(configuration), 0, 0
        async with open_recordings(configuration.database_url, SystemClock()) as register:
            async for recording in _kept(register, configuration):
                number += 1
                problem = await asyncio.to_thread(_problem_of, vault, recording)
                wrong += problem is not None
                if as_json:
                    typer.echo(json.dumps({"id": recording.id, "problem": problem}, ensure_ascii=False))
                elif problem is not None:
                    typer.echo(f"{recording.id}: {problem}")
        if not as_json:
            typer.echo(f"{number} recordings, {wrong} damaged or lost.")
        if wrong:
            raise SystemExit(DAMAGED)

    run_until_done(work())


@recordings_app.command("export")
def export(
    recording_id: Annotated[str, typer.Argument(metavar="ID", help="As `list` shows it.")],
    to: Annotated[Path, typer.Option("--to", help="The file to be made.")],
    config: ConfigOption = None,
) -> None:
    """Write the sound of a recording, decrypted, to a file that only this user may read."""
    configuration = load_configuration(config)
    if to.exists():
        fail(f"{to} is there already: name another file.")

    async def work() -> None:
        clock = SystemClock()
        async with open_recordings(configuration.database_url, clock) as register:
            recording = await register.get(recording_id)
        if recording.path is None:
            fail(f"There is no sound of {recording_id}: it is {recording.state.value}.")
        async with open_accounts(configuration.database_url) as accounts:
            given = AuditNote(clock.now(), shell_user(), "recording.exported", f"recording:{recording.id}")
            await accounts.audit.add([given])
        try:
            sound = await asyncio.to_thread(vault_of(configuration).open, recording.path, recording.sha256)
            if sound is None:
                fail(f"{recording.path} is not in the recordings folder of this machine.")
            await asyncio.to_thread(_write, sound, to)
        except RecordingDamaged as damaged:
            fail(str(damaged))
        except OSError as error:
            fail(f"{to} cannot be written ({error.strerror}).")
        typer.echo(f"{recording.seconds or 0:.0f} s, sha256 {recording.sha256}")

    run_until_done(work())


@recordings_app.command("new-key")
def new_key(config: ConfigOption = None) -> None:
    """Add a key for recordings to come. Those of before are still read with theirs."""
    configuration = load_configuration(config)
    if os.environ.get(VARIABLE):
        fail(f"The keys are in {VARIABLE}: put a new one behind the others there.")
    given = configuration.recording.key_file
    path = (
        configuration.place(configuration.state) / KEY_FILE if given is None else configuration.place(given)
    )
    typer.echo(f"Key {add_key(path)} is the last one in {path}; the next start of the hotline uses it.")


async def _kept(register: RecordingRegister, configuration: Configuration) -> AsyncIterator[Recording]:
    wanted = RecordingFilter(state=RecordingState.KEPT, node=configuration.node)
    after: tuple[str, ...] | None = None
    while True:
        page = await register.page(wanted, limit=_PAGE, after=after)
        for recording in page.items:
            yield recording
        if page.after is None:
            return
        after = page.after


def _problem_of(vault: RecordingVault, recording: Recording) -> str | None:
    try:
        sound = vault.open(recording.path or "")
        if sound is None:
            return f"{recording.path} is not in the recordings folder."
        digest = hashlib.sha256()
        with closing(sound):
            for start in range(0, sound.size, _CHUNK_BYTES):
                digest.update(sound.read(start, start + _CHUNK_BYTES))
    except RecordingDamaged as damaged:
        return str(damaged)
    return None if digest.hexdigest() == recording.sha256 else "Its sound is not the one that was recorded."


def _write(sound: Sound, to: Path) -> None:
    with closing(sound), os.fdopen(os.open(to, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        for start in range(0, sound.size, _CHUNK_BYTES):
            file.write(sound.read(start, start + _CHUNK_BYTES))


def _told(one: Recording) -> dict[str, object]:
    return {
        "id": one.id,
        "call_id": one.call_id,
        "agent": one.agent,
        "queue": one.queue or None,
        "basis": one.basis.value,
        "started_at": one.started_at.isoformat(),
        "seconds": one.seconds,
        "state": one.state.value,
        "sha256": one.sha256,
        "transcript": one.transcript_state.value,
        "detail": one.detail,
    }
