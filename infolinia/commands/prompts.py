"""`infolinia flow prompts` and `infolinia speech voices`: what is said, and by whom."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from infolinia.assembly.speech import voices_of
from infolinia.commands.terminal import ConfigOption, fail, run_until_done
from infolinia.configuration import Configuration, load_configuration
from infolinia.flows.files import flow_folder
from infolinia.flows.recordings import Judged, ListedText, listed_texts, script_rows
from infolinia.flows.testing import flow_paths, read_flows
from infolinia.setup.inventory import find_parts
from speech.recorded_prompts import RecordedPrompts, script_text
from speech.voices import EspeakVoices

# A variant of a voice, told apart from the voices themselves.
_VARIANTS_TO_A_LINE = 12


def list_prompts(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Flow files or folders of them (default: the hotline's).")
    ] = None,
    language: Annotated[str | None, typer.Option(help="Only the texts of this language.")] = None,
    missing: Annotated[bool, typer.Option("--missing", help="Only texts without a recording.")] = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write a script (CSV: name, text) to be recorded.")
    ] = None,
    config: ConfigOption = None,
) -> None:
    """List all that flows say, and what of it is recorded."""
    configuration = load_configuration(config)
    flows = read_flows(flow_paths(paths or [flow_folder(configuration)]))
    spoken = list(dict.fromkeys(language for flow in flows for language in flow.languages))
    if language is not None and language not in spoken:
        fail(f"None of these flows speaks {language!r}. Choose one of {', '.join(spoken)}.")
    languages = spoken if language is None else [language]
    recorded = RecordedPrompts(configuration.place(configuration.prompts))
    recorded.read()
    judged = Judged(flows, recorded, whole=not paths)
    listed = [one for one in listed_texts(flows, recorded) if one.spoken.language in languages]
    if output is None:
        for one in languages:
            _print_language(
                one, [text for text in listed if text.spoken.language == one], missing, configuration
            )
    elif len(languages) > 1:
        fail(f"A script has one language: choose one with --language, of {', '.join(languages)}.")
    else:
        kept = judged.known_values(languages[0])
        _write_script(output, script_rows(listed, kept, missing=missing), languages[0], recorded)
    warnings = judged.script_warnings() + judged.sound_warnings()
    for warning in warnings if paths else warnings + judged.stray_warnings():
        typer.echo(f"warning: {warning}")


def _print_language(
    language: str, listed: Sequence[ListedText], missing: bool, configuration: Configuration
) -> None:
    whole = [one for one in listed if one.spoken.fixed]
    done = sum(one.recorded for one in whole)
    voice = voices_of(configuration).get(language)
    by = f"{voice.id}, {voice.rate} words a minute" if voice else "nobody: set one in `speech.voices`"
    typer.echo(f"{language}: {done} of {len(whole)} texts are recorded; the voice is {by}")
    shown = [one for one in whole if not one.recorded] if missing else listed
    width = max((len(one.name) for one in shown), default=0)
    for one in shown:
        state = "recorded" if one.recorded else "voice" if one.spoken.fixed else "values"
        typer.echo(f"  {state:8}  {one.name:{width}}  {one.text}")


def _write_script(output: Path, rows: dict[str, str], language: str, recorded: RecordedPrompts) -> None:
    script = recorded.script(language)
    own = output.absolute() == script.file
    if own and script.problems:
        fail("\n".join((*script.problems, f"Put this right before {output} is written anew.")))
    try:
        if own:
            output.parent.mkdir(parents=True, exist_ok=True)
        # With the mark by which spreadsheets know UTF-8.
        output.write_text(script_text(rows), encoding="utf-8-sig", newline="")
    except OSError as error:
        fail(f"{output}: the script cannot be written ({error.strerror}). Name another file with -o.")
    typer.echo(f"{output}: {len(rows)} {'text' if len(rows) == 1 else 'texts'}")


def list_voices(
    language: Annotated[str | None, typer.Option(help="Only voices of this language, such as en.")] = None,
    config: ConfigOption = None,
) -> None:
    """List the voices by their ids, for `speech.voices` in the configuration."""
    run_until_done(_list_voices(load_configuration(config), language))


async def _list_voices(configuration: Configuration, language: str | None) -> None:
    renderer = EspeakVoices(find_parts().espeak_environment)
    try:
        voices = await renderer.voices()
    finally:
        await renderer.close()
    shown = [v for v in voices if not v.variant and language in (None, v.language.partition("-")[0])]
    if not shown:
        fail(f"No voice speaks {language!r}. `infolinia speech voices` lists all.")
    chosen = {voice.id.lower(): spoken for spoken, voice in voices_of(configuration).items()}
    width = max(len(voice.id) for voice in shown)
    for voice in shown:
        speaks = chosen.get(voice.id.lower())
        typer.echo(f"{voice.id:{width}}  {voice.name}{f'  (speaks {speaks} here)' if speaks else ''}")
    variants = [voice.id for voice in voices if voice.variant]
    typer.echo("\nEach can be varied by one of these put behind it, such as gmw/en-us+f3:")
    for start in range(0, len(variants), _VARIANTS_TO_A_LINE):
        typer.echo("  " + " ".join(variants[start : start + _VARIANTS_TO_A_LINE]))
