"""What a person got wrong before anything is started: one sentence each, with its place and remedy."""

from __future__ import annotations

import json
import sqlite3
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest

from infolinia.setup.inventory import find_parts
from tests.commands import Program, loaded_program
from tests.house import take_ports

ROOT = Path(__file__).parents[2]
FLOWS = f"flows: {ROOT / 'callflows'}\n"


@pytest.fixture(scope="module")
def program() -> Iterator[Program]:
    with loaded_program() as program:
        yield program


@pytest.fixture
def own_ports() -> Iterator[str]:
    """Settings for ports that nobody else uses."""
    with take_ports(28000, 29000) as ports:
        yield (
            f"sip: {{port: {ports.sip}}}\n"
            f"web: {{port: {ports.spare(30)}}}\n"
            f"asterisk: {{http_port: {ports.http}, ami_port: {ports.ami}, media_port: {ports.media},"
            f" loopback_port: {ports.loopback}, caller_media_port: {ports.spare(26)}}}\n"
        )


def written(folder: Path, text: str) -> str:
    (folder / "my.yaml").write_text(text)
    return "my.yaml"


def test_all_errors_of_a_configuration_are_told_with_their_places(program: Program, tmp_path: Path) -> None:
    config = written(
        tmp_path,
        "web: {port: 99999}\n"
        "sip:\n"
        "  prot: 5061\n"
        "  port: high\n"
        "database: mysql://host/name\n"
        "numbers: [100]\n"
        "speech: {threads: many}\n"
        "country: Poland\n",
    )
    told = program.run(tmp_path, "run", "--config", config).sentences
    assert told == [
        "my.yaml:1:13: 'port': at most 65535 is wanted here",
        "my.yaml:3:3: 'prot' is not known here (did you mean 'port'?)",
        "my.yaml:4:9: 'port': a whole number is wanted here",
        "my.yaml:5:11: 'database': The database URL begins with mysql; only sqlite and postgresql are known.",
        "my.yaml:6:1: 'numbers': keys and values are wanted here, such as {key: value}",
        "my.yaml:7:19: 'threads': a whole number is wanted here",
        "my.yaml:8:10: 'country': write a country as two capital letters, such as PL",
    ]
    assert {path.name for path in tmp_path.iterdir()} == {"my.yaml", "command.out", "command.err"}


def test_settings_that_do_not_go_together_are_told_by_the_names_they_are_written_with(
    program: Program, tmp_path: Path
) -> None:
    config = written(
        tmp_path,
        'node: "a b"\n'
        "sip:\n"
        "  bind: somewhere\n"
        "  port: 8088\n"
        "  trunks:\n"
        "    - {name: carrier, hosts: [1 2]}\n"
        "speech: {models: {de: nowhere}}\n",
    )
    told = program.run(tmp_path, "config", "--config", config).sentences
    assert told == [
        "my.yaml:1:7: node 'a b' is not a name: use up to 32 letters, digits, '-' and '_'.",
        "my.yaml:3:9: sip.bind 'somewhere' is not an IPv4 address: use one of this machine's, or 0.0.0.0.",
        "my.yaml:4:9: asterisk.http_port and sip.port are both 8088: give each its own port.",
        "my.yaml:6:23: sip.trunks[0].hosts: '1 2' is not a host: "
        "write it as sip.example.com or 192.0.2.1:5060.",
        f'my.yaml:7:23: speech.models.de "{tmp_path}/nowhere" is no Vosk model: '
        "name the folder of one, in which there is am/final.mdl.",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("sip:\n  port: [1,\nweb: 2\n", "my.yaml:2:9: this [ is not closed with ]"),
        ("web:\n\tport: 1\n", "my.yaml:2:1: a tab: indent with blanks"),
        ("name: one\nname: two\n", "my.yaml:2:1: 'name' was already written in line 1"),
        ("- 1\n", "my.yaml:1:1: keys and values are wanted here"),
        ("quite: wrong\n", "my.yaml:1:1: 'quite' is not known here; there are name, node,"),
        ("numbers: {'100': ../secret}\n", "my.yaml:1:18: '100': a flow's name is its file's name"),
    ],
)
def test_a_configuration_that_cannot_be_read(program: Program, tmp_path: Path, text: str, told: str) -> None:
    assert program.run(tmp_path, "run", "--config", written(tmp_path, text)).sentence.startswith(told)


def test_a_configuration_that_is_not_there(program: Program, tmp_path: Path) -> None:
    told = program.run(tmp_path, "run", "--config", "none.yaml").sentence
    assert told == "none.yaml: cannot be read (No such file or directory). Name another file with --config."


def test_a_configuration_of_comments_is_all_defaults(program: Program, tmp_path: Path) -> None:
    ran = program.run(tmp_path, "config", "--config", written(tmp_path, "# sip: {port: 5061}\n\n"))
    assert ran.code == 0
    assert json.loads(ran.output)["sip"]["port"] == 5060


def test_numbers_that_lead_to_no_flow(program: Program, tmp_path: Path) -> None:
    config = written(tmp_path, FLOWS + "numbers: {'100': hotline, '101': gone, '102': gone, '103': lost}\n")
    gone, lost = program.run(tmp_path, "run", "--config", config).sentences
    assert gone.startswith(
        f"{ROOT}/callflows/gone.yaml: there is no such flow, but number 101 and number 102"
    )
    assert lost.startswith(f"{ROOT}/callflows/lost.yaml: there is no such flow, but number 103")
    assert "change `numbers`" in gone
    assert not (tmp_path / "var").exists()


def test_all_errors_of_all_flows_are_told_at_the_start_and_by_the_check(
    program: Program, tmp_path: Path
) -> None:
    flows = tmp_path / "callflows"
    flows.mkdir()
    (flows / "hotline.yaml").write_text(
        "flow: hotline\n"
        "languages: [en]\n"
        "steps:\n"
        "  first: {say: {en: Hello}, next: secnd}\n"
        "  second: {shout: {en: Hello}}\n"
    )
    (flows / "unknown-number.yaml").write_text("flow: unknown-number\nlanguages: [en]\n")
    config = written(tmp_path, "name: mine\n")
    at_start = program.run(tmp_path, "run", "--config", config).sentences
    checked = program.run(tmp_path, "flow", "check", *map(str, sorted(flows.iterdir()))).sentences
    assert checked == at_start
    places = [line.removeprefix(f"{flows}/").split(" ")[0] for line in checked]
    assert "hotline.yaml:4:35:" in places
    assert "hotline.yaml:5:12:" in places
    assert places[-1].startswith("unknown-number.yaml:")
    assert any("'secnd'" in line and "second" in line for line in checked)


def test_flows_that_are_right_and_one_that_is_missing(program: Program, tmp_path: Path) -> None:
    ran = program.run(tmp_path, "flow", "check", f"{ROOT}/callflows/hotline.yaml", "none.yaml")
    assert ran.sentence.startswith("none.yaml: the flow cannot be read (No such file or directory).")
    assert "hotline, version" in ran.output


def test_a_database_that_cannot_be_had(program: Program, tmp_path: Path, own_ports: str) -> None:
    config = written(
        tmp_path, FLOWS + own_ports + "database: postgresql://someone:secret@127.0.0.1:1/infolinia\n"
    )
    for command in ("run", "history"):
        told = program.run(tmp_path, command, "--config", config).sentence
        assert told.startswith("The database postgresql://someone:***@127.0.0.1:1/infolinia cannot be opened")
        assert "check that PostgreSQL runs there" in told
    wrong = {"INFOLINIA_DATABASE": "infolinia.db"}
    told = program.run(tmp_path, "run", "--config", config, environment=wrong).sentence
    assert told.startswith("INFOLINIA_DATABASE in the environment: The database URL cannot be read; write")


def test_a_database_of_a_newer_version(program: Program, tmp_path: Path, own_ports: str) -> None:
    (tmp_path / "var").mkdir()
    with sqlite3.connect(tmp_path / "var" / "infolinia.db") as database:
        database.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
        database.execute("INSERT INTO alembic_version VALUES ('9999')")
    database.close()
    config = written(tmp_path, FLOWS + own_ports)
    for command in ("run", "history"):
        told = program.run(tmp_path, command, "--config", config).sentence
        assert "was made by a newer infolinia (revision 9999" in told
        assert "install the newer version" in told


def test_an_unwritable_state_folder(program: Program, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("")
    for state in ("f", "f/s", "/sys/infolinia"):
        told = program.run(
            tmp_path, "run", "--config", written(tmp_path, FLOWS + f"state: {state}\n")
        ).sentence
        assert told.startswith(f"The state folder {tmp_path / state} cannot be written (")
        assert "set another `state`" in told


def test_parts_that_were_not_installed(program: Program, tmp_path: Path) -> None:
    empty = {"INFOLINIA_CACHE": str(tmp_path / "cache")}
    config = written(tmp_path, FLOWS)
    told = program.run(tmp_path, "run", "--config", config, environment=empty).sentence
    assert told == f"The parts are not installed ({tmp_path}/cache/parts.json is missing): run `make setup`."


def test_history_and_calls_before_any_start(program: Program, tmp_path: Path) -> None:
    config = written(tmp_path, FLOWS)
    told = program.run(tmp_path, "history", "--config", config).sentence
    assert (
        told == f"There is no database {tmp_path}/var/infolinia.db yet: start the hotline once, it makes it."
    )
    told = program.run(tmp_path, "call", "--config", config).sentence
    assert told == "No hotline has been started with this configuration: start it with `make run`."
    assert not (tmp_path / "var").exists()


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("press 1; fly away", "action 2: 'fly away' is not understood; write press KEYS, say 'WORDS'"),
        ("press x", "action 1:"),
        ("play none.wav", '"none.wav" cannot be read: No such file or directory.'),
        ("play my.yaml", '"my.yaml" is no WAV file of plain PCM'),
    ],
)
def test_a_callers_script_that_cannot_be_played(
    program: Program, tmp_path: Path, script: str, told: str
) -> None:
    config = written(tmp_path, FLOWS)
    assert program.run(tmp_path, "call", "--script", script, "--config", config).sentence.startswith(told)


def test_recognition_of_what_cannot_be_recognised(program: Program, tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_text("\n \n")
    written(tmp_path, FLOWS)
    with wave.open(str(tmp_path / "quiet.wav"), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(8000))
    told = program.run(tmp_path, "speech", "recognize", "quiet.wav", "none.wav")
    assert told.sentence == '"none.wav" cannot be read: No such file or directory.'
    assert json.loads(told.output)["text"] == ""  # the file before it was told
    recognize = ("speech", "recognize", "quiet.wav")
    for arguments, begins in (
        (("speech", "recognize", "my.yaml"), '"my.yaml" is no WAV file of plain PCM'),
        ((*recognize, "--phrases", "empty.txt"), "empty.txt: no phrases. Write one phrase a line."),
        ((*recognize, "--phrases", "none.txt"), "none.txt: the phrases cannot be read"),
        ((*recognize, "--language", "xx"), 'There is no recognition model for "xx" (installed: '),
    ):
        assert program.run(tmp_path, *arguments).sentence.startswith(begins)


def test_unknown_commands_and_options_show_the_usage(program: Program, tmp_path: Path) -> None:
    for arguments in (("cal",), ("history", "--limit", "0"), ("call", "--longest", "soon")):
        ran = program.run(tmp_path, *arguments)
        assert ran.code == 2
        assert "Traceback" not in ran.errors
        assert "Usage: infolinia" in ran.errors


def test_a_part_that_is_gone(program: Program, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    parts = find_parts()
    record = json.loads((parts.models_dir.parent / "parts.json").read_text())
    record["sounds_dir"] = str(tmp_path / "gone")
    (cache / "parts.json").write_text(json.dumps(record))
    ran = program.run(
        tmp_path, "run", "--config", written(tmp_path, FLOWS), environment={"INFOLINIA_CACHE": str(cache)}
    )
    assert ran.sentence == f"{tmp_path}/gone, listed in {cache}/parts.json, is gone: run `make setup`."
