"""Imports in the database: whom rows meet, what is told, and that nothing is lost or doubled."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from engine.clock import SystemClock
from engine.ports import StoreUnavailable
from engine.registers.actor import Actor, ActorKind
from engine.registers.contacts import ContactFilter, Contacts
from engine.registers.imports import Counts, Import, ImportBusy, ImportLost, Imports, NewImport
from engine.registers.refusals import Refused
from history.contact import Contact
from history.importing.matching import contact_id_of, line_of
from history.importing.options import Duplicates, Existing, ImportOptions
from history.interaction import ContactPoint, PointKind
from infolinia.contact_lists.importing import import_file
from store.opening import open_contacts, open_imports

ME = Actor(ActorKind.COMMAND, "anna")
PL = ImportOptions(country="PL")


async def take_in(
    url: str, folder: Path, rows: Sequence[str], options: ImportOptions = PL, name: str = "list.csv"
) -> Import:
    path = folder / name
    path.write_text("\n".join(rows) + "\n")
    async with open_imports(url, SystemClock()) as imports:
        return await import_file(
            imports, SystemClock(), path, options, ME, lambda begun, file: None, lambda written: None
        )


async def person(contacts: Contacts, number: str) -> Contact:
    found = await contacts.by_point(ContactPoint(PointKind.PHONE, number))
    assert found is not None
    return found


async def refusals(url: str, import_id: str) -> list[tuple[int, str]]:
    async with open_imports(url, SystemClock()) as imports:
        return [(one.line, one.reason) for one in (await imports.refused(import_id, limit=200)).items]


async def test_a_list_becomes_people(url: str, tmp_path: Path) -> None:
    rows = [
        "phone;email;name;value;currency;tags;attr.city;zip",
        "600000012;Anna@example.com;Anna Nowak;12,50;PLN;vip;Gdynia;00-001",
        "600000013;;Jan Kot;;;;;",
    ]
    done = await take_in(url, tmp_path, rows, replace(PL, tags=("autumn",), source="crm"))
    assert done.counts == Counts(created=2)
    async with open_contacts(url, SystemClock()) as (contacts, _):
        anna = await person(contacts, "+48600000012")
        assert {point.value for point in anna.points} == {"+48600000012", "anna@example.com"}
        assert (anna.lifetime_value, anna.value_currency, anna.source) == (1250, "PLN", "crm")
        assert (anna.tags, anna.attributes) == ({"vip", "autumn"}, {"city": "Gdynia"})
        assert (anna.time_zone, anna.version) == ("Europe/Warsaw", 1)
        found = await contacts.list(ContactFilter(name_prefix="kot"))
        assert [one.name for one in found.items] == ["Jan Kot"]


FIRST, LATER = "600000012;Anna;;a", "600000012;Ola;Gdynia;b"


@pytest.mark.parametrize(
    ("duplicates", "counts", "name", "tags"),
    [
        (Duplicates.KEEP, Counts(created=1, duplicates=1), "Anna", {"a"}),
        (Duplicates.MERGE, Counts(created=1, updated=1), "Anna", {"a", "b"}),
        (Duplicates.UPDATE, Counts(created=1, updated=1), "Ola", {"a", "b"}),
    ],
)
@pytest.mark.parametrize("apart", [0, 5_000])
async def test_people_named_twice_in_one_list(
    url: str, tmp_path: Path, duplicates: Duplicates, counts: Counts, name: str, tags: set[str], apart: int
) -> None:
    """In one batch, and in two that are written apart."""
    between = [";" for _ in range(apart)]
    rows = ["phone;name;attr.city;tags", FIRST, *between, LATER]
    done = await take_in(url, tmp_path, rows, replace(PL, duplicates=duplicates))
    assert done.counts == counts
    async with open_contacts(url, SystemClock()) as (contacts, _):
        anna = await person(contacts, "+48600000012")
    assert (anna.name, anna.tags) == (name, tags)
    if duplicates is Duplicates.KEEP:
        assert await refusals(url, done.id) == [
            (3 + apart, "The row has the same number as line 2, which was taken.")
        ]
    else:
        assert anna.attributes == {"city": "Gdynia"}


@pytest.mark.parametrize(
    ("existing", "counts", "name", "city"),
    [
        (Existing.FILL, Counts(updated=1), "Anna", "Gdynia"),
        (Existing.OVERWRITE, Counts(updated=1), "Ola", "Gdynia"),
        (Existing.SKIP, Counts(unchanged=1), "Anna", None),
    ],
)
async def test_people_who_were_there_before(
    url: str, tmp_path: Path, existing: Existing, counts: Counts, name: str, city: str | None
) -> None:
    await take_in(url, tmp_path, ["phone;name;attr.city;tags", FIRST])
    rows = ["phone;name;attr.city;tags;email", LATER + ";ola@example.com"]
    done = await take_in(url, tmp_path, rows, replace(PL, existing=existing))
    assert done.counts == counts
    async with open_contacts(url, SystemClock()) as (contacts, _):
        anna = await person(contacts, "+48600000012")
    assert (anna.name, anna.attributes.get("city")) == (name, city)
    assert anna.version == (1 if existing is Existing.SKIP else 2)
    assert len(anna.points) == (1 if existing is Existing.SKIP else 2)


async def test_the_same_list_again_changes_nothing(url: str, tmp_path: Path) -> None:
    rows = ["phone;name;tags", *(f"6000{number:05d};n{number};t" for number in range(50)), "600000001;again;"]
    first = await take_in(url, tmp_path, rows)
    again = await take_in(url, tmp_path, rows)
    assert (first.counts.created, first.counts.duplicates) == (50, 1)
    assert again.counts == Counts(unchanged=50, duplicates=1)
    assert (await refusals(url, again.id))[0][1].endswith("line 3, which was taken.")


async def test_a_merged_person_is_met_by_the_points_of_both(url: str, tmp_path: Path) -> None:
    await take_in(url, tmp_path, ["phone;name", "600000012;Anna", "600000013;"])
    async with open_contacts(url, SystemClock()) as (contacts, _):
        anna, other = await person(contacts, "+48600000012"), await person(contacts, "+48600000013")
        from store.registers.merges import SqlMerges

        merges = SqlMerges(contacts._engine, contacts._clock, contacts._ids)
        await merges.merge(ME, anna.id, other.id, "same person")
    rows = ["phone;phone 2;email", "600000012;600000013;anna@example.com"]
    assert (await take_in(url, tmp_path, rows)).counts == Counts(updated=1)
    async with open_contacts(url, SystemClock()) as (contacts, _):
        assert len((await person(contacts, "+48600000013")).points) == 3


async def test_a_row_that_names_two_people_is_refused(url: str, tmp_path: Path) -> None:
    rows = ["phone;email", "600000012;", ";jan@example.com", "600000012;jan@example.com"]
    done = await take_in(url, tmp_path, rows)
    assert (done.counts.created, done.counts.refused) == (2, 1)
    assert "2 people" in (await refusals(url, done.id))[0][1]


async def test_ids_of_other_systems_find_their_people(url: str, tmp_path: Path) -> None:
    crm = replace(PL, source="crm")
    await take_in(url, tmp_path, ["id;phone", "42;600000012"], crm)
    done = await take_in(url, tmp_path, ["id;phone;name", "42;600000013;Anna", "43;;Jan"], crm)
    assert done.counts == Counts(created=1, updated=1)
    other = await take_in(url, tmp_path, ["id;name", "42;Ola"], replace(PL, source="shop"))
    assert other.counts.created == 1
    async with open_contacts(url, SystemClock()) as (contacts, _):
        anna = await person(contacts, "+48600000013")
    assert (anna.name, len(anna.points)) == ("Anna", 2)


async def test_a_list_never_gives_a_consent_anew(url: str, tmp_path: Path) -> None:
    """Who has withdrawn it since the list was made has the last word."""
    options = replace(PL, columns=(("consent.sms.marketing", "sms"),))
    for answer, number in (("yes", 1), ("yes", 1), ("no", 2), ("yes", 2)):
        await take_in(url, tmp_path, ["phone;sms", f"600000012;{answer}"], options)
        async with open_imports(url, SystemClock()) as imports, imports._engine.connect() as connection:
            found = (await connection.exec_driver_sql("SELECT given FROM consents ORDER BY number")).all()
        assert len(found) == number, answer
    assert not found[-1][0]


def test_an_id_tells_its_line() -> None:
    import_id = "01m81625axhpwpx881rhp52983"
    for line in (1, 2, 31, 32, 1_000_000, 2**39):
        made = contact_id_of(import_id, line)
        assert len(made) == 26
        assert line_of(import_id, made) == line
    assert line_of(import_id, "01m81625axhpwpx882rhp52983") is None


# --- two at once, and none any more -----------------------------------------------------------------------


def new(digest: str = "d") -> NewImport:
    return NewImport(digest, "list.csv", "", "list.csv", 1, PL)


async def test_one_file_is_imported_once_at_a_time(url: str) -> None:
    async with open_imports(url, SystemClock()) as one, open_imports(url, SystemClock()) as other:
        begun = await asyncio.gather(*(imports.add(ME, new()) for imports in (one, other) for _ in range(4)))
        assert len({found.id for found, _ in begun}) == 1
        assert sum(fresh for _, fresh in begun) == 1
        import_id = begun[0][0].id
        took = await asyncio.gather(
            *(imports.take(import_id, f"owner {number}") for number, imports in enumerate((one, other))),
            return_exceptions=True,
        )
        assert {type(result) for result in took} == {Import, ImportBusy}


async def test_who_was_overtaken_writes_nothing(url: str, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("phone\n600000012\n")
    from infolinia.contact_lists.files import open_contact_file
    from infolinia.contact_lists.parsing import BatchParser

    file = open_contact_file(path, PL)
    parsed = BatchParser(file.columns, PL, file.separator).parse(next(file.batches(0)))
    async with open_imports(url, SystemClock()) as imports:
        begun, _ = await imports.add(ME, new())
        await imports.take(begun.id, "first")
        await imports.release(begun.id, "first")
        await imports.take(begun.id, "second")
        with pytest.raises(ImportLost):
            await imports.write(begun.id, "first", parsed)
        assert (await imports.write(begun.id, "second", parsed)).counts.created == 1
        # The answer was lost, and it is written again.
        assert (await imports.write(begun.id, "second", parsed)).counts.created == 1
        await imports.cancel(ME, begun.id)
        assert (await imports.write(begun.id, "second", parsed)).cancelled
        with pytest.raises(Refused):
            await imports.resume(ME, begun.id)


async def test_two_lists_with_the_same_people_at_once_double_nobody(url: str, tmp_path: Path) -> None:
    rows = [f"600{number:06d};n{number}" for number in range(3_000)]
    (tmp_path / "a").mkdir()
    both = await asyncio.gather(
        take_in(url, tmp_path, ["phone;name", *rows], name="a.csv"),
        take_in(url, tmp_path, ["phone;name", *reversed(rows)], name="b.csv"),
    )
    assert sum(done.counts.created for done in both) == 3_000
    assert sum(done.counts.unchanged for done in both) == 3_000
    async with open_imports(url, SystemClock()) as imports:
        assert await _count(imports, "contacts") == 3_000


async def _count(imports: Imports, table: str) -> int:
    async with imports._engine.connect() as connection:  # type: ignore[attr-defined]
        found = await connection.exec_driver_sql(f"SELECT count(*) FROM {table}")
        return int(found.scalar_one())


async def test_an_import_that_is_killed_goes_on_where_it_was(url: str, tmp_path: Path) -> None:
    """Killed as kill -9 does, in the midst of its batches."""
    path = tmp_path / "list.csv"
    number = 14_000  # so many that workers parse it
    path.write_text("phone;name\n" + "".join(f"600{row:06d};n{row}\n" for row in range(number)))
    async with open_imports(url, SystemClock()) as imports:
        file_import = NewImport("d", "list.csv", "n", str(path), 1, PL)
        begun, _ = await imports.add(ME, file_import)
        order = json.dumps({"database_url": url, "node": "n", "import_id": begun.id}).encode() + b"\n"
        position, kills = 0, 0
        deadline = time.monotonic() + 50
        while True:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "infolinia.contact_lists.process", stdin=asyncio.subprocess.PIPE
            )
            assert process.stdin is not None
            process.stdin.write(order)
            process.stdin.close()
            while process.returncode is None and time.monotonic() < deadline:
                now = (await imports.get(begun.id)).position
                if kills < 1 and position < now < number:
                    workers = _children(process.pid)
                    process.kill()
                    kills, position = kills + 1, now
                    await asyncio.wait_for(process.wait(), 10)
                    await asyncio.to_thread(_wait_for_the_end_of, workers)
                await asyncio.sleep(0.005)
            await asyncio.wait_for(process.wait(), 10)
            found = await imports.get(begun.id)
            if found.state not in ("waiting", "running"):
                break
            assert time.monotonic() < deadline
            await _let_go(imports, begun.id)
        assert kills == 1
        assert (found.state, found.position) == ("done", number)
        assert found.counts == Counts(created=number)
        assert [await _count(imports, table) for table in ("contacts", "contact_points")] == [number] * 2
    assert not path.exists()


def _children(pid: int) -> list[str]:
    return [
        child for task in Path(f"/proc/{pid}/task").glob("*/children") for child in task.read_text().split()
    ]


def _wait_for_the_end_of(pids: list[str]) -> None:
    deadline = time.monotonic() + 10
    while any(Path(f"/proc/{pid}").exists() for pid in pids):
        assert time.monotonic() < deadline
        time.sleep(0.02)


async def _let_go(imports: Imports, import_id: str) -> None:
    """As time would: the lease of the dead one is over."""
    async with imports._engine.begin() as connection:  # type: ignore[attr-defined]
        await connection.exec_driver_sql("UPDATE imports SET lease_until = started_at")


async def test_a_database_that_is_away_is_told(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/infolinia.db"
    async with open_imports(url, SystemClock()) as imports:
        async with imports._engine.begin() as connection:
            await connection.exec_driver_sql("DROP TABLE imports")
        with pytest.raises(StoreUnavailable):
            await imports.list()
