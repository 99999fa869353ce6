"""A person's export and erasure, end to end, on both databases."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from engine.changes import ConsentKept, ObjectionKept
from engine.gatekeeper import Gatekeeper
from engine.ports import StoreUnavailable
from engine.registers.privacy import ErasureState
from engine.registers.refusals import Missing, Refused
from history.contact import GroupKind
from history.interaction import ContactPoint, PointKind
from history.permissions import Consent, Objection, Scope
from store.database import StoreError
from store.decision_audit import Finding
from store.privacy.holdings import HOLDINGS, NOTHING_OF_A_PERSON
from store.privacy.leavings import Leavings
from store.store import Store
from store.tables import metadata
from tests.conftest import HandClock
from tests.privacy.conftest import Dump
from tests.privacy.lives import MAIL, OTHER, PHONE, WORDS, lived, request
from tests.store.people import WE, person, told


def test_every_table_is_exported_or_reviewed() -> None:
    held = [holding.table.name for holding in HOLDINGS]
    assert len(held) == len(set(held))
    assert set(held).isdisjoint(NOTHING_OF_A_PERSON)
    assert {*held, *NOTHING_OF_A_PERSON} == set(metadata.tables)


def telling(dumped: str) -> list[str]:
    """Rows that hold a word of the person's life."""
    return [line for line in dumped.splitlines() for word in WORDS if word.lower() in line.lower()]


async def test_a_person_is_exported_whole_and_erased_whole(
    store: Store, gate: Gatekeeper, clock: HandClock, recordings: Path, dump: Dump, url: str
) -> None:
    life = await lived(store, gate, clock, recordings)
    before = await dump()
    assert [word for word in (*WORDS, life.contact_id) if word.lower() not in before.lower()] == []
    record = await store.privacy.export(WE, life.merged_id)
    exported = {name: rows for name, rows in record.tables.items() if rows}
    assert record.recordings == ["2026/11/21/01CALL71.wav"]
    assert {holding.table.name for holding in HOLDINGS} - exported.keys() == {"import_matches", "legal_holds",
        "imports", "recordings"}  # fmt: skip
    assert [row["subject"] for row in exported["decisions"]] == ["call:01CALL73"]
    assert exported["contact_attributes"][0]["value"] == "tulipany"
    assert life.other_id not in str(record)

    undone = await dump()
    plan = await store.privacy.plan(life.contact_id)
    assert await dump() == undone
    assert life.recording.exists()
    erasure = await store.privacy.erase(WE, life.merged_id, "asked in a letter")
    assert (erasure.state, erasure.left) == (ErasureState.COMPLETE, {})
    assert [name for name in plan.counts if plan.counts[name] > erasure.counts.get(name, 0)] == []
    assert {"calls", "call_events", "interactions", "contacts", "outbox"} <= plan.counts.keys()

    after = await dump()
    assert telling(after) == []
    assert life.merged_id not in after
    naming = {line.partition(":")[0] for line in after.splitlines() if life.contact_id in line}
    assert naming == {"publications", "subjects", "outbox"}, "only the news of the erasure name the id"
    assert ("contact.erased", f"contact:{life.contact_id}") in await told(store)
    assert not life.recording.exists()
    assert (recordings / "2026/11/21/01CALL72.wav").exists()
    assert OTHER.value in after
    if url.startswith("sqlite"):
        raw = b"".join(path.read_bytes() for path in Path(url[10:]).parent.glob("infolinia.db*"))
        assert [word for word in WORDS if word.encode() in raw] == []

    with pytest.raises(Missing):
        await store.history.contacts.get(life.contact_id)
    chat = await store.chats.get("01CHAT71")
    assert (chat.point, chat.name, chat.page, chat.state) == (None, "", "", {})
    for late in (store.chats.keep(chat, []), store.chats.join(chat.id, PHONE.value)):
        with pytest.raises(Missing, match="was erased"):
            await late
    again = await store.privacy.erase(WE, life.contact_id, "once more")
    assert again == erasure


async def test_two_erasures_of_one_person_at_once_are_one(
    store: Store, gate: Gatekeeper, clock: HandClock, recordings: Path
) -> None:
    life = await lived(store, gate, clock, recordings)
    erased = await asyncio.gather(
        *(store.privacy.erase(WE, one, "asked") for one in (life.contact_id, life.merged_id) * 2)
    )
    (only,) = await store.privacy.erasures()
    assert {erasure.id for erasure in erased} == {only.id}
    assert only.state is ErasureState.COMPLETE


async def test_an_erased_person_is_still_never_contacted_and_the_chain_is_whole(
    store: Store, gate: Gatekeeper, clock: HandClock, recordings: Path
) -> None:
    life = await lived(store, gate, clock, recordings)
    assert (await gate.ask(request("call:other", OTHER))).allowed
    await store.privacy.erase(WE, life.contact_id, "asked")
    for point in (PHONE, MAIL):
        decision = await gate.ask(request(f"call:{point.value[:3]}", point))
        assert not decision.allowed
        assert "erased" in (decision.reason or "")
    assert (await gate.ask(request("call:other2", OTHER))).allowed
    assert [one async for one in store.decisions.audit() if isinstance(one, Finding)] == []


async def test_consents_stay_as_long_as_they_need_proof_and_no_longer(
    store: Store, clock: HandClock, dump: Dump
) -> None:
    now = clock.now()
    old = Consent("01OLD", now - timedelta(days=7 * 365), "sms", "marketing", True, "web", None, PHONE)
    new = Consent("01NEW", now - timedelta(days=5 * 365), "sms", "marketing", True, "web", None, PHONE)
    await store.ledger.commit([ConsentKept(old, "01X"), ConsentKept(new, "01X")], durable=True)
    erasure = await store.privacy.erase(WE, "01X", "asked")
    assert erasure.state is ErasureState.COMPLETE
    rows = [line for line in (await dump()).splitlines() if line.startswith("consents:")]
    assert len(rows) == 1
    assert "01NEW" in rows[0]
    assert "600000071" not in rows[0]
    assert "erased:" in rows[0]


async def test_the_objection_of_a_household_of_one_stays(
    store: Store, gate: Gatekeeper, clock: HandClock
) -> None:
    alone = await person(store, PHONE)
    group = await store.history.groups.create(WE, GroupKind.HOUSEHOLD, "x", None, [alone.id])
    said = Objection("01H", clock.now(), Scope.HOUSEHOLD, group.group.id, "said so", "agent")
    await store.ledger.commit([ObjectionKept(said)], durable=True)
    assert not (await gate.ask(request("call:1", PHONE))).allowed
    erasure = await store.privacy.erase(WE, alone.id, "asked")
    assert (erasure.state, erasure.counts["contact_groups"]) == (ErasureState.COMPLETE, 1)
    assert not (await gate.ask(request("call:2", PHONE))).allowed


async def test_a_node_with_another_key_does_not_start(
    store: Store, clock: HandClock, url: str, tmp_path: Path, make_store: Callable[..., Store]
) -> None:
    alone = await person(store, PHONE)
    said = Objection("01K", clock.now(), Scope.NUMBER, PHONE.value, "said so", "agent")
    await store.ledger.commit([ObjectionKept(said)], durable=True)
    await store.privacy.erase(WE, alone.id, "asked")
    for key in (None, b"x" * 32):
        node = tmp_path / f"node-{key is None}"
        node.mkdir()
        if key is not None:
            (node / "erasure.key").write_bytes(key)
        with pytest.raises(StoreError, match="another key"):
            await make_store(url, spool=f"{node.name}/spool").start()
    assert (tmp_path / "erasure.key").stat().st_mode & 0o777 == 0o600


async def test_a_key_that_cannot_be_read_refuses_contacts_and_erasures(
    store: Store, gate: Gatekeeper, tmp_path: Path
) -> None:
    alone = await person(store, PHONE)
    (tmp_path / "erasure.key").mkdir()
    with pytest.raises(StoreUnavailable, match="cannot be read"):
        await store.privacy.erase(WE, alone.id, "asked")
    decision = await gate.ask(request("call:1", PHONE))
    assert (decision.allowed, decision.rule) == (False, "gate/facts")


async def test_a_hold_and_a_call_that_goes_on_refuse_it(store: Store, gate: Gatekeeper, clock: HandClock,
                                                        recordings: Path) -> None:  # fmt: skip
    life = await lived(store, gate, clock, recordings)
    hold = await store.privacy.hold(WE, "call:01CALL71", "a court asks")
    assert await store.privacy.hold(WE, "call:01CALL71", "again") == hold
    with pytest.raises(Refused, match="legal hold"):
        await store.privacy.erase(WE, life.contact_id, "asked")
    await store.privacy.lift(WE, hold.id)
    await (await _sql(store))("UPDATE calls SET ended_at = NULL WHERE id = '01CALL71'")
    with pytest.raises(Refused, match=r"Call 01CALL71 .* goes on"):
        await store.privacy.plan(life.contact_id)
    await (await _sql(store))("UPDATE calls SET ended_at = started_at WHERE id = '01CALL71'")
    await (await _sql(store))("UPDATE chats SET phase = 'talking' WHERE id = '01CHAT71'")
    with pytest.raises(Refused, match=r"Chat 01CHAT71 .* goes on"):
        await store.privacy.plan(life.contact_id)
    with pytest.raises(Missing):
        await store.privacy.hold(WE, "contact:nobody", "x")
    with pytest.raises(Refused):
        await store.privacy.hold(WE, "group:1", "x")


async def test_a_killed_erasure_goes_on(
    store: Store, gate: Gatekeeper, clock: HandClock, recordings: Path, monkeypatch: pytest.MonkeyPatch,
    dump: Dump,
) -> None:  # fmt: skip
    life = await lived(store, gate, clock, recordings)

    def killed(*_: object) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("store.privacy.leavings.Leavings.delete_recordings", killed)
        with pytest.raises(KeyboardInterrupt):
            await store.privacy.erase(WE, life.contact_id, "asked")
    assert life.recording.exists()
    (ended,) = await store.privacy.finish()
    assert ended.state is ErasureState.COMPLETE
    assert not life.recording.exists()
    assert telling(await dump()) == []
    assert await store.privacy.finish() == []


async def test_what_is_left_is_said_and_tried_again(
    store: Store, gate: Gatekeeper, clock: HandClock, recordings: Path
) -> None:
    life = await lived(store, gate, clock, recordings)
    sql = await _sql(store)
    await sql(
        "INSERT INTO segments (id, name, query, created_at, updated_at) VALUES "
        "('01SEG', 'those of +48600000071', '{}', '2026-11-21 00:00:00', '2026-11-21 00:00:00')"
    )
    erasure = await store.privacy.erase(WE, life.contact_id, "asked")
    assert (erasure.state, erasure.left) == (ErasureState.INCOMPLETE, {"segments": 1})
    await sql("DELETE FROM segments")
    (ended,) = await store.privacy.finish()
    assert (ended.state, ended.left) == (ErasureState.COMPLETE, {})


async def test_the_spool_and_dead_letters_are_looked_at(
    store: Store, gate: Gatekeeper, clock: HandClock, recordings: Path, tmp_path: Path
) -> None:
    life = await lived(store, gate, clock, recordings)
    waiting = tmp_path / "spool" / "spool-00000001.jsonl"
    waiting.write_text("{}\n")
    with pytest.raises(Refused, match="not written yet"):
        await store.privacy.erase(WE, life.contact_id, "asked")
    waiting.unlink()
    letters = tmp_path / "spool" / "dead-letter.jsonl"
    log = tmp_path / "asterisk" / "log"
    (log / "cdr-csv").mkdir(parents=True)
    (log / "cdr-csv" / "Master.csv").write_text('"600000071","100"\n"600000072","100"\n')
    with closing(sqlite3.connect(log / "cel.db")) as cel, cel:
        cel.execute("CREATE TABLE cel (id INTEGER, number TEXT)")
        cel.executemany("INSERT INTO cel VALUES (?, ?)", [(1, PHONE.value), (2, OTHER.value), (3, None)])
    letters.write_text('{"to":"+48600000071"}\n{"to":"+48600000072"}\n')
    await store.privacy.erase(WE, life.contact_id, "asked")
    assert "600000071" not in letters.read_text()
    assert (log / "cdr-csv" / "Master.csv").read_text().split() == ['"600000072","100"']
    with closing(sqlite3.connect(log / "cel.db")) as cel:
        assert cel.execute("SELECT id FROM cel").fetchall() == [(2,), (3,)]
    assert letters.read_text().splitlines()[1] == '{"to":"+48600000072"}'


async def test_a_log_that_cannot_be_cleaned_is_counted_as_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "asterisk" / "log"
    log.mkdir(parents=True)
    for name in ("messages.1", "messages.log"):
        (log / name).write_text("to 600000071\n")
    opened = Path.open

    def refused(path: Path, *given: object, **named: object) -> object:
        if path.name == "messages.1":
            raise PermissionError(13, "Permission denied")
        return opened(path, *given, **named)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", refused)
    leavings = Leavings(None, tmp_path / "spool")
    assert [leavings.blank_lines(["600000071"]) for _ in range(2)] == [2, 1]
    assert "600000071" not in (log / "messages.log").read_text()


async def test_objections_of_numbers_lists_and_lifted_ones(
    store: Store, clock: HandClock, dump: Dump
) -> None:
    now = clock.now()
    one = ContactPoint(PointKind.PHONE, "+48600000081")
    await store.ledger.commit(
        [
            ConsentKept(Consent("01C", now, "sms", "marketing", True, "web", None, one), "01Y"),
            ObjectionKept(Objection("01O", now, Scope.NUMBER, one.value, "said so", "agent")),
            ObjectionKept(Objection("01L", now, Scope.NUMBER, one.value, "said so", "agent")),
        ],
        durable=True,
    )
    await store.permissions.lift_objection("01L", "changed their mind", WE, now)
    await store.privacy.erase(WE, "01Y", "asked")
    rows = [line for line in (await dump()).splitlines() if line.startswith("do_not_contact:")]
    assert len(rows) == 1
    assert "01O" in rows[0]
    assert "said so" not in rows[0]


async def _sql(store: Store):  # type: ignore[no-untyped-def]
    async def run(statement: str) -> None:
        async with store._engine.begin() as connection:
            await connection.exec_driver_sql(statement)

    return run
