"""`infolinia debts`: balances taken in from a file, listed and shown."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.clock import SystemClock
from infolinia.debt_balances import BalancesRefused, read_balances
from store.store import open_store
from tests.commands import Program, loaded_program
from tests.store.people import person, phone

BALANCES = """\
Reference;Amount;Due;Number
A-1;"1 234,50";2026-10-01;{anna}
B-1;700;2026-10-02;
"""


@pytest.fixture(scope="module")
def program() -> Iterator[Program]:
    with loaded_program() as program:
        yield program


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A hotline that knows Anna."""
    (tmp_path / "infolinia.yaml").write_text("node: one\n")
    (tmp_path / "var").mkdir()

    async def fill() -> None:
        url = f"sqlite:///{tmp_path}/var/infolinia.db"
        store = open_store(url, tmp_path / "var" / "spool", clock=SystemClock(), node="one")
        await store.start()
        await person(store, phone(1), name="Anna")
        await store.close()

    asyncio.run(fill())
    (tmp_path / "november.csv").write_text(BALANCES.format(anna=phone(1).value))
    return tmp_path


def test_balances_are_taken_in_once_and_shown(program: Program, home: Path) -> None:
    take = ("debts", "import-balances", "november.csv", "--creditor", "bank", "--as-of", "2026-11-20")
    assert "Write the currency" in program.run(home, *take, "--currency", "zl").errors
    rehearsed = program.run(home, *take, "--dry-run")
    assert "1 would be new, 0 would be changed, 0 would be withdrawn, 0 the same, 1 left" in rehearsed.output
    taken = program.run(home, *take)
    assert taken.code == 0, taken.errors
    assert "line 3, B-1: No person is known for the new debt" in taken.output
    assert "nothing is changed" in program.run(home, *take).output
    (line,) = program.run(home, "debts", "list", "--creditor", "bank").output.splitlines()
    assert "1234.50 PLN  due 2026-10-01  bank A-1" in line
    id = line.split()[0]  # noqa: A001 - the field's own word
    shown = json.loads(program.run(home, "debts", "show", id, "--json").output)
    assert (shown["amount"], shown["payments"], shown["promises"]) == (123_450, [], [])
    of_anna = program.run(home, "debts", "list", "--contact", shown["contact_id"], "--json").output
    assert json.loads(of_anna)["id"] == id
    (home / "november.csv").write_text(BALANCES.format(anna=phone(1).value).replace("1 234,50", "34,50"))
    program.run(home, *take)
    assert "paid 2026-11-20  1200.00 PLN" in program.run(home, "debts", "payments", id).output
    assert program.run(home, "debts", "show", "none").code == 2


def test_all_that_is_wrong_in_a_file_is_told_by_line(tmp_path: Path) -> None:
    file = tmp_path / "bad.csv"
    file.write_text(
        "reference,amount,due,currency,number\nA,x,2026-10-01,PLN,12\nB,5,soon,zl,\n\nC,1,2026-10-01,PLN,\n"
    )
    with pytest.raises(BalancesRefused) as refused:
        read_balances(file, None, "PL")
    lines = str(refused.value).splitlines()
    assert [line.split(": ")[0] for line in lines] == ["bad.csv:2", "bad.csv:2", "bad.csv:3", "bad.csv:3"]
    assert "write it as 1234.50" in lines[0]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"amount,due\n", "lacks reference"),
        (b"", "lacks reference, amount, due"),
        ("reference,amount,due\nżółw,1,2026-10-01\n".encode("cp1250"), "no UTF-8"),
        (b'reference,amount,due\n"A,1,2026-10-01\n', "no CSV"),
    ],
)
def test_what_is_no_table_of_balances_is_refused(tmp_path: Path, content: bytes, told: str) -> None:
    file = tmp_path / "bad.csv"
    file.write_bytes(content)
    with pytest.raises(BalancesRefused, match=told):
        read_balances(file, "PLN", "PL")
    with pytest.raises(BalancesRefused, match="cannot be read"):
        read_balances(tmp_path / "none.csv", "PLN", "PL")
