"""From flows to a studio and back: `infolinia flow prompts`, its script, the recordings, and a reload."""

from __future__ import annotations

import csv
import wave
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import numpy as np
import pytest

from infolinia.assembly.speech import make_voices
from infolinia.configuration import ConfigurationRejected, load_configuration
from infolinia.flows.files import load_flows
from infolinia.flows.reload import FlowReloader
from infolinia.setup.inventory import find_parts
from speech.prompts import PromptVoices
from speech.vosk_recognizer import VoskRecognizer
from tests.commands import Program, loaded_program

FLOW = """\
flow: shop
languages: [pl, en]
always: {agent: bye, trouble: bye}
start: hello
steps:
  hello: {say: {pl: "Dzień dobry, tu sklep.", en: "Hello."}, next: order}
  order: {set: {order: "12"}, next: told}
  told: {say: {pl: "Numer {order}.", en: "Number {order}."}, next: jingle}
  jingle: {play: jingle, next: bye}
  bye: {hangup: normal}
"""
UNKNOWN = """\
flow: unknown-number
languages: [pl]
always: {agent: sorry, trouble: sorry}
start: sorry
steps:
  sorry: {hangup: normal}
"""
SECONDS = 7.5


@pytest.fixture(scope="module")
def program() -> Iterator[Program]:
    with loaded_program() as program:
        yield program


@pytest.fixture
def company(tmp_path: Path) -> Path:
    (tmp_path / "callflows").mkdir()
    (tmp_path / "callflows" / "shop.yaml").write_text(FLOW)
    (tmp_path / "callflows" / "unknown-number.yaml").write_text(UNKNOWN)
    (tmp_path / "infolinia.yaml").write_text('numbers: {"100": shop}\n')
    return tmp_path


def record(file: Path, seconds: float = SECONDS) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    tone = 9000 * np.sin(2 * np.pi * 440 * np.arange(round(8000 * seconds)) / 8000)
    with wave.open(str(file), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(tone.astype("<i2").tobytes())


def rows(file: Path) -> dict[str, str]:
    with file.open(encoding="utf-8-sig", newline="") as lines:
        return {row["name"]: row["text"] for row in csv.DictReader(lines)}


def change(company: Path, text: str = "Dobry wieczór.") -> None:
    (company / "callflows" / "shop.yaml").write_text(FLOW.replace("Dzień dobry, tu sklep.", text))


def test_texts_are_listed_with_what_is_recorded(program: Program, company: Path) -> None:
    ran = program.run(company, "flow", "prompts")
    assert (ran.code, ran.errors) == (0, "")
    lines = ran.output.splitlines()
    assert lines[0] == "pl: 0 of 6 texts are recorded; the voice is zlw/pl, 155 words a minute"
    assert lines[1].split(maxsplit=2) == ["voice", "shop.hello.1", "Dzień dobry, tu sklep."]
    assert lines[2].split(maxsplit=2) == ["values", "shop.told.1", "Numer {order}."]
    assert "  voice     infolinia.unclear  Nie zrozumiałam." in lines
    assert "en: 0 of 6 texts are recorded; the voice is gmw/en-us, 155 words a minute" in lines
    only = program.run(company, "flow", "prompts", "callflows/shop.yaml", "--language", "en").output
    assert only.splitlines()[1].split(maxsplit=2) == ["voice", "shop.hello.1", "Hello."]
    assert "pl" not in only


def test_a_script_goes_out_and_comes_back_recorded(program: Program, company: Path) -> None:
    folder = company / "prompts" / "pl"
    ran = program.run(company, "flow", "prompts", "--language", "pl", "-o", "prompts/pl/script.csv")
    assert (ran.code, ran.output) == (0, "prompts/pl/script.csv: 6 texts\n")
    script = rows(folder / "script.csv")
    assert script["shop.hello.1"] == "Dzień dobry, tu sklep."
    assert "shop.told.1" not in script
    record(folder / "shop.hello.1.wav")
    ran = program.run(company, "flow", "prompts", "--language", "pl")
    assert ran.output.startswith("pl: 1 of 6 texts are recorded")
    assert "  recorded  shop.hello.1" in ran.output
    assert "warning" not in ran.output
    ran = program.run(company, "flow", "prompts", "--language", "pl", "--missing", "-o", "next.csv")
    assert set(rows(company / "next.csv")) == set(script) - {"shop.hello.1"}


def test_a_changed_text_gets_a_name_of_its_own_and_the_old_recording_is_told(
    program: Program, company: Path
) -> None:
    folder = company / "prompts" / "pl"
    write = ("flow", "prompts", "--language", "pl", "-o", "prompts/pl/script.csv")
    program.run(company, *write)
    record(folder / "shop.hello.1.wav")
    change(company)
    ran = program.run(company, "flow", "prompts", "--language", "pl")
    assert "  voice     shop.hello.1-2" in ran.output
    (warning,) = [line for line in ran.output.splitlines() if line.startswith("warning")]
    assert 'shop.hello.1.wav in pl is recorded for an older text, "Dzień dobry, tu sklep."' in warning
    assert f"{folder / 'script.csv'}:2" in warning
    # Whoever writes the script anew never leads the old recording to the new text.
    program.run(company, *write)
    assert rows(folder / "script.csv")["shop.hello.1-2"] == "Dobry wieczór."
    assert "shop.hello.1" not in rows(folder / "script.csv")
    ran = program.run(company, "flow", "prompts", "--language", "pl")
    assert f"warning: {folder / 'shop.hello.1.wav'} is never played" in ran.output
    assert "  voice     shop.hello.1-2" in ran.output


def test_a_text_that_moved_keeps_its_recording(program: Program, company: Path) -> None:
    program.run(company, "flow", "prompts", "--language", "pl", "-o", "prompts/pl/script.csv")
    record(company / "prompts" / "pl" / "shop.hello.1.wav")
    moved = FLOW.replace("hello", "welcome")
    (company / "callflows" / "shop.yaml").write_text(moved)
    ran = program.run(company, "flow", "prompts", "--language", "pl")
    assert "  recorded  shop.hello.1 " in ran.output
    assert "warning" not in ran.output


def test_rows_for_known_values_are_kept_as_long_as_a_text_can_read_so(
    program: Program, company: Path
) -> None:
    folder = company / "prompts" / "pl"
    write = ("flow", "prompts", "--language", "pl", "-o", "prompts/pl/script.csv")
    program.run(company, *write)
    with (folder / "script.csv").open("a", encoding="utf-8") as script:
        script.write("shop.told.1,Numer 12.\nnumber-thirteen,Numer 13.\ngone,Paczka 14.\n")
    for name in ("shop.told.1", "number-thirteen", "gone"):
        record(folder / f"{name}.wav")
    ran = program.run(company, "flow", "prompts", "--language", "pl")
    (warning,) = [line for line in ran.output.splitlines() if line.startswith("warning")]
    assert warning.startswith('warning: gone.wav in pl is recorded for an older text, "Paczka 14."')
    program.run(company, *write)
    kept = rows(folder / "script.csv")
    assert (kept["shop.told.1"], kept["number-thirteen"]) == ("Numer 12.", "Numer 13.")
    assert "gone" not in kept


def test_files_that_nothing_leads_to_are_told(program: Program, company: Path) -> None:
    folder = company / "prompts" / "pl"
    program.run(company, "flow", "prompts", "--language", "pl", "-o", "prompts/pl/script.csv")
    record(folder / "jingle.wav")
    record(folder / "shop.hallo.1.wav")
    record(folder / "infolinia.fault.WAV")
    (folder / "infolinia.silent.wav").write_bytes(b"ID3 of another kind")
    ran = program.run(company, "flow", "prompts", "--language", "pl")
    told = [line for line in ran.output.splitlines() if line.startswith("warning")]
    assert len(told) == 3, told
    assert "infolinia.silent.wav" in told[0]
    assert "is no WAV file of plain PCM" in told[0]
    assert "infolinia.fault.WAV is not played: make it a WAV file" in told[1]
    assert "shop.hallo.1.wav is never played" in told[2]
    assert "  voice     infolinia.silent" in ran.output
    # Of one flow alone nothing is said about what others may play.
    ran = program.run(company, "flow", "prompts", "callflows/shop.yaml")
    assert len([line for line in ran.output.splitlines() if line.startswith("warning")]) == 1


def test_the_page_on_flows_shows_what_is_printed(program: Program, tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "callflows.md").read_text(encoding="utf-8")
    blocks = [block.strip() for block in page.split("```")]
    (flow,) = (block for block in blocks if block.startswith("yaml\nflow: florist"))
    (tmp_path / "callflows").mkdir()
    (tmp_path / "callflows" / "florist.yaml").write_text(flow.removeprefix("yaml\n"))
    for command in ("flow prompts callflows/florist.yaml", "speech voices --language ru"):
        (shown,) = (block for block in blocks if block.startswith(f"$ .venv/bin/infolinia {command}\n"))
        ran = program.run(tmp_path, *command.split())
        assert ran.output.startswith(shown.partition("\n")[2]), command


def test_what_is_wrong_with_the_command_is_one_sentence(program: Program, company: Path) -> None:
    assert (
        "choose one with --language, of pl, en" in program.run(company, "flow", "prompts", "-o", "x").sentence
    )
    assert "speaks 'de'" in program.run(company, "flow", "prompts", "--language", "de").sentence
    away = program.run(company, "flow", "prompts", "--language", "pl", "-o", "no/such/x.csv")
    assert "cannot be written (No such file or directory)" in away.sentence
    file = company / "prompts" / "pl" / "script.csv"
    file.parent.mkdir(parents=True)
    file.write_text("nazwa,tekst\n")
    kept = program.run(company, "flow", "prompts", "--language", "pl", "-o", "prompts/pl/script.csv")
    assert kept.sentences[-1] == "Put this right before prompts/pl/script.csv is written anew."
    assert file.read_text() == "nazwa,tekst\n"


def test_voices_are_listed(program: Program, company: Path) -> None:
    (company / "infolinia.yaml").write_text("speech: {voices: {en: {id: gmw/en-GB-scotland, pitch: 60}}}\n")
    lines = program.run(company, "speech", "voices").output.splitlines()
    assert any(line.split() == ["zlw/pl", "Polish", "(speaks", "pl", "here)"] for line in lines)
    assert any(line.startswith("gmw/en-GB-scotland ") and "(speaks en here)" in line for line in lines)
    assert any("+f3" in line.split() for line in lines)
    lines = program.run(company, "speech", "voices", "--language", "ru").output.splitlines()
    assert lines[0].startswith("zle/ru ")
    assert not any(line.startswith("zlw/pl") for line in lines)
    assert "No voice speaks 'xx'" in program.run(company, "speech", "voices", "--language", "xx").sentence
    (company / "infolinia.yaml").write_text("speech: {voices: {en: {id: gmw/en-us, pitch: 101}}}\n")
    assert "infolinia.yaml:1:46: " in program.run(company, "speech", "voices").sentence


@pytest.fixture
async def voices(company: Path) -> AsyncIterator[PromptVoices]:
    voices = make_voices(load_configuration(company / "infolinia.yaml"), find_parts())
    await voices.start()
    yield voices
    await voices.close()


async def test_a_reload_takes_up_recordings_and_tells_what_is_wrong_with_them(
    company: Path, voices: PromptVoices
) -> None:
    configuration = load_configuration(company / "infolinia.yaml")
    shelf, folder = load_flows(configuration), company / "prompts" / "pl"
    changes: list[int] = []
    reloader = FlowReloader(configuration, shelf, voices, VoskRecognizer({}), lambda: changes.append(1))
    text = "Dzień dobry, tu sklep."
    record(folder / "shop.hello.1.wav")
    (folder / "script.csv").write_text(f'name,text\nshop.hello.1,"{text}"\nother.hello.1,Dobranoc.\n')
    record(folder / "other.hello.1.wav")  # of a flow that no number leads to
    assert (await voices.speak(text, "pl")).seconds < SECONDS
    done = await reloader.reload()
    assert (done.warnings, changes) == ((), [])
    assert (await voices.speak(text, "pl")).seconds == pytest.approx(SECONDS, abs=0.01)

    change(company)
    (folder / "infolinia.fault.wav").write_bytes(b"none")
    with (folder / "script.csv").open("a") as script:
        script.write('infolinia.fault,"Przepraszamy, mamy awarię. Prosimy zadzwonić później."\nwrong,\n')
    done = await reloader.reload()
    assert changes == [1]
    row, old, sound = done.warnings
    assert row.endswith("script.csv:5: the text is missing")
    assert old.startswith("shop.hello.1.wav in pl is recorded for an older text")
    assert "infolinia.fault.wav" in sound
    assert sound.endswith("The voice speaks instead.")

    (company / "callflows" / "shop.yaml").write_text("flow: shop\n")
    (folder / "script.csv").write_text("name,text\n")
    with pytest.raises(ConfigurationRejected):
        await reloader.reload()
    assert voices.recorded.script("pl").rows  # all stays as it was
