"""`infolinia contacts`: a list in, a list out, and the same people when it comes in again."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from infolinia.command import app

LIST = (
    "phone;email;messenger;name;language;value;currency;tags;attr.city\n"
    "600000012;anna@example.com;telegram:anna;=Anna;pl;1 234,50;PLN;vip,b;Gdynia\n"
    "600000013,600000014;;;-Jan;;;;;@home\n"
    "4.86E+10;;;Ola;;;;;\n"
)


class Shell:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._runner = CliRunner()

    def __call__(self, *words: str) -> str:
        """Standard output of a command that succeeds."""
        ran = self._runner.invoke(app, ["contacts", *words, "--config", str(self.folder / "infolinia.yaml")])
        assert ran.exit_code == 0, ran.output
        return ran.stdout

    def failing(self, *words: str) -> str:
        ran = self._runner.invoke(app, ["contacts", *words, "--config", str(self.folder / "infolinia.yaml")])
        assert ran.exit_code == 2
        return ran.stderr

    def people(self) -> list[dict[str, object]]:
        told = [json.loads(line) for line in self("list", "--json").splitlines()]
        kept = ("name", "language", "lifetime_value", "value_currency", "tags", "attributes", "points")
        people = [{name: person[name] for name in kept} for person in told]
        return sorted(people, key=lambda person: str(person["name"]))


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return made(tmp_path / "one")


def made(folder: Path) -> Shell:
    folder.mkdir()
    (folder / "infolinia.yaml").write_text(f"database: sqlite:///{folder}/infolinia.db\n")
    (folder / "list.csv").write_text(LIST)
    return Shell(folder)


def test_a_list_in(shell: Shell) -> None:
    told = json.loads(shell("import", str(shell.folder / "list.csv"), "--json"))
    assert (told["rows"], told["created"], told["refused"]) == (3, 2, 1)
    report = list(csv.DictReader(Path(told["report"]).read_text(encoding="utf-8-sig").splitlines()))
    assert [(row["line"], row["field"], row["row_taken"]) for row in report] == [("4", "phone", "no")]
    assert "format Text" in report[0]["reason"]
    assert "anna@example.com" in shell("show", "600 000 012")


@pytest.mark.parametrize("name", ["out.csv", "out.xlsx"])
def test_out_and_in_again(shell: Shell, tmp_path: Path, name: str) -> None:
    shell("import", str(shell.folder / "list.csv"))
    out = shell.folder / name
    assert shell("export", str(out)).startswith("2 people")
    assert out.stat().st_mode & 0o077 == 0
    other = made(tmp_path / "o")
    told = json.loads(other("import", str(out), "--json"))
    assert (told["created"], told["refused"], told["left_out"]) == (2, 0, 0)
    assert other.people() == shell.people()
    assert [person["name"] for person in other.people()] == ["-Jan", "=Anna"]


def test_no_cell_of_a_list_is_a_formula(shell: Shell) -> None:
    shell("import", str(shell.folder / "list.csv"))
    out = shell.folder / "out.csv"
    shell("export", str(out))
    cells = [cell for row in csv.reader(out.read_text(encoding="utf-8-sig").splitlines()) for cell in row]
    assert "'=Anna" in cells
    assert not [cell for cell in cells if cell[:1] in ("=", "+", "-", "@", "\t", "\r") and cell]


def test_a_dry_run_writes_nothing(shell: Shell) -> None:
    told = json.loads(shell("import", str(shell.folder / "list.csv"), "--dry-run", "--json"))
    assert (told["could_be_taken"], told["refused"]) == (2, 1)
    assert told["columns"]["phone"] == "phone"
    assert not (shell.folder / "infolinia.db").exists()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--columns", "colour=phone"], "no field"),
        (["--columns", "phone=Numer"], "no column"),
        (["--columns", "phone"], "FIELD=HEADER"),
        (["--country", "Atlantyda"], "country"),
        (["--separator", "ab"], "one character"),
        (["--encoding", "ebcdic-9"], "no encoding"),
        (["--tags", "a/b"], "tag"),
    ],
)
def test_wrong_options_end_in_one_sentence(shell: Shell, options: list[str], says: str) -> None:
    told = shell.failing("import", str(shell.folder / "list.csv"), *options)
    assert says in told
    assert len(told.strip().splitlines()) == 1


def test_a_file_that_is_not_there(shell: Shell) -> None:
    assert "cannot be read" in shell.failing("import", str(shell.folder / "none.csv"))
    assert "FILE.csv or FILE.xlsx" in shell.failing("export", str(shell.folder / "out.pdf"))
