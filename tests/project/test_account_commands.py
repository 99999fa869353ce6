"""`infolinia people`, `tokens` and `audit`, as somebody at the shell uses them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from console.accounts.credentials import is_token
from infolinia.configuration import ConfigurationRejected, load_configuration
from tests.commands import Program, Ran, loaded_program

PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def program() -> Iterator[Program]:
    with loaded_program() as program:
        yield program


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "infolinia.yaml").write_text("name: test\n")
    return tmp_path


def add(program: Program, home: Path, name: str, role: str = "admin", password: str = PASSWORD) -> Ran:
    return program.run(home, "people", "add", name, "--role", role, "--password-stdin", given=f"{password}\n")


def test_the_first_person_is_an_admin_before_the_first_start(program: Program, home: Path) -> None:
    assert "Add an admin first" in add(program, home, "Jan", "agent").sentence
    assert add(program, home, "Anna").output == "Anna may sign in, as admin.\n"
    assert (home / "var" / "infolinia.db").stat().st_mode & 0o077 == 0
    assert (home / "var").stat().st_mode & 0o077 == 0
    assert add(program, home, "Jan", "agent").code == 0
    listed = program.run(home, "people", "list").output.splitlines()
    assert [line.split() for line in listed] == [
        ["Anna", "admin", "may", "sign", "in"],
        ["Jan", "agent", "may", "sign", "in"],
    ]


def test_people_are_changed_by_their_name_in_any_case(program: Program, home: Path) -> None:
    add(program, home, "Anna")
    add(program, home, "Jan", "agent")
    assert program.run(home, "people", "role", "JAN", "manager").output.startswith("Jan is manager now")
    assert program.run(home, "people", "disable", "jan").output == "Jan may not sign in any more.\n"
    record = json.loads(program.run(home, "people", "list", "--json").output.splitlines()[1])
    assert (record["name"], record["role"]) == ("Jan", "manager")
    assert record["disabled_at"] is not None
    assert program.run(home, "people", "enable", "jan").output == "Jan may sign in again.\n"
    changed = program.run(home, "people", "password", "jan", "--password-stdin", given="another good one\n")
    assert changed.output.startswith("Jan has a new password")
    told = program.run(home, "audit", "--json", "--actor", "nobody")
    assert (told.code, told.output) == (0, "")
    actions = [
        json.loads(line)["action"]
        for line in program.run(
            home, "audit", "--json", "--subject", f"person:{record['id']}"
        ).output.splitlines()
    ]
    assert actions == [
        "person.password_changed",
        "person.enabled",
        "person.disabled",
        "person.role_changed",
        "person.added",
    ]


def test_what_is_wrong_is_told_in_one_sentence(program: Program, home: Path) -> None:
    assert "infolinia.db yet" in program.run(home, "people", "list").sentence
    assert "at least 12 characters" in add(program, home, "Anna", password="short").sentence
    assert not (home / "var").exists()
    no_terminal = program.run(home, "people", "add", "Anna", "--role", "admin")
    assert (
        no_terminal.sentence == "There is no terminal to type a password at: give it with --password-stdin."
    )
    add(program, home, "Anna")
    cases = {
        "somebody named anna already": lambda: add(program, home, "anna"),
        "last admin who can sign in": lambda: program.run(home, "people", "disable", "Anna"),
        "last admin": lambda: program.run(home, "people", "role", "Anna", "agent"),
        'nobody named "Ola"': lambda: program.run(home, "people", "enable", "Ola"),
        "1 to 80 characters": lambda: add(program, home, "a" * 81),
        "There is no token x": lambda: program.run(home, "tokens", "revoke", "x"),
        "write a network as 10.0.0.0/24": lambda: program.run(
            home, "tokens", "add", "crm", "--scope", "audit:read", "--network", "10.0.0.1/24"
        ),
        "write 2026-11-22": lambda: program.run(home, "audit", "--since", "yesterday"),
        "name a year from 1970": lambda: program.run(home, "audit", "--since", "0001-01-01"),
    }
    for says, command in cases.items():
        assert says in command().sentence


def test_a_token_is_printed_once_and_alone(program: Program, home: Path) -> None:
    add(program, home, "Anna")
    made = program.run(
        home, "tokens", "add", "crm", "--scope", "contacts:read", "--scope", "calls:read", "--days", "30"
    )
    secret = made.output.strip()
    assert is_token(secret)
    assert "keep it now" in made.errors
    listed = program.run(home, "tokens", "list")
    assert secret[:8] in listed.output
    assert "never used" in listed.output
    record = json.loads(program.run(home, "tokens", "list", "--json").output)
    assert record["scopes"] == ["calls:read", "contacts:read"]
    with closing(sqlite3.connect(home / "var" / "infolinia.db")) as database:
        dump = "\n".join(database.iterdump())
    assert secret not in dump
    assert secret[8:] not in dump
    assert PASSWORD not in dump
    assert program.run(home, "tokens", "revoke", record["id"]).output == "The token of crm is revoked.\n"
    assert "revoked" in program.run(home, "tokens", "list").output


def test_the_audit_log_names_people_and_the_shells_user(program: Program, home: Path) -> None:
    add(program, home, "Anna")
    (line,) = program.run(home, "audit").output.splitlines()
    assert "command " in line
    assert line.endswith('person.added             person Anna  {"role": "admin"}')
    assert program.run(home, "audit", "--since", "2999-01-01").output == ""
    assert program.run(home, "audit", "--limit", "1", "--action", "person.added").output.count("\n") == 1


@pytest.mark.parametrize(
    ("web", "says"),
    [
        ("tls: {certificate: a.pem}", "'key' is missing"),
        ("proxies: [10.0.0.1/24]", "write an address or a network, such as 10.0.0.5 or 10.0.0.0/24"),
    ],
)
def test_a_console_that_cannot_be_served(home: Path, web: str, says: str) -> None:
    (home / "infolinia.yaml").write_text(f"web:\n  {web}\n")
    with pytest.raises(ConfigurationRejected, match=says):
        load_configuration(home / "infolinia.yaml")


@pytest.mark.parametrize(
    "web", ["bind: localhost", "bind: 127.0.0.9", "bind: '::1'", "{bind: 0.0.0.0, proxies: [10.0.0.5]}"]
)
def test_a_console_that_may_be_served(home: Path, web: str) -> None:
    (home / "infolinia.yaml").write_text(f"web: {web}\n" if web[0] == "{" else f"web:\n  {web}\n")
    assert not load_configuration(home / "infolinia.yaml").web.serves_tls


@pytest.mark.parametrize(
    "web", ["bind: 0.0.0.0", "bind: hotline.example.com", "tls: {certificate: c, key: k}"]
)
def test_a_console_that_others_reach_serves_https(home: Path, web: str) -> None:
    (home / "infolinia.yaml").write_text(f"web:\n  {web}\n")
    assert load_configuration(home / "infolinia.yaml").web.serves_tls
