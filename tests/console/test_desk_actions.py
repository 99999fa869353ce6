"""What is sent from a desk: what is asked of the facade, and what is refused in a sentence."""

from __future__ import annotations

import re
from datetime import UTC, timedelta
from pathlib import Path
from typing import cast, get_args

from acd.agents import AgentStatus
from acd.talks.phases import Phase
from acd.talks.talk import (
    Action,
    CompleteTransfer,
    Consult,
    DropParty,
    HangUp,
    Hold,
    Mute,
    PauseRecording,
    SendKeys,
    Target,
    TargetKind,
    Transfer,
)
from compliance.decision import Decision
from console.words import load_words
from engine.desk.refusals import ContactForbidden, DeskRefused
from tests.console.desk_stage import CALL, StagedDesks
from tests.console.offices import Office
from tests.console.stage import START

NOW = START + timedelta(minutes=5)
JSON = {"Accept": "application/json"}


async def send(office: Office, path: str, expected: int = 200, **fields: str) -> dict[str, str]:
    fields["csrf"] = await office.csrf()
    answer = await office.post(f"/desk/{path}", fields, JSON)
    assert answer.status == expected, (path, fields, await answer.text())
    return cast(dict[str, str], await answer.json()) if expected != 204 else {}


ACTIONS: list[tuple[dict[str, str], object]] = [
    ({"action": "hold"}, Hold()),
    ({"action": "mute", "on": "yes"}, Mute(True)),
    ({"action": "mute", "on": "no"}, Mute(False)),
    ({"action": "pause_recording", "on": "yes"}, PauseRecording(True)),
    ({"action": "keys", "keys": "12#"}, SendKeys("12#")),
    ({"action": "complete"}, CompleteTransfer()),
    ({"action": "hang_up"}, HangUp()),
    ({"action": "drop", "leg": "c7.leg.2"}, DropParty("c7.leg.2")),
    (
        {"action": "transfer", "kind": "queue", "name": "payments"},
        Transfer(Target(TargetKind.QUEUE, "payments")),
    ),
    (
        {"action": "consult", "kind": "agent", "name": "jan"},
        Consult(Target(TargetKind.AGENT, "jan")),
    ),
]


async def test_what_becomes_of_the_talk(at_desk: Office, desks: StagedDesks) -> None:
    for fields, _ in ACTIONS:
        await send(at_desk, "talk", **fields)
    assert desks.calls("act") == [("anna", action) for _, action in ACTIONS]


WRONG: list[tuple[str, dict[str, str], str]] = [
    ("talk", {"action": "fly"}, "There is no such action."),
    ("talk", {"action": "keys", "keys": "12x"}, "Keys are 0 to 9, * and #"),
    ("talk", {"action": "keys", "keys": ""}, "Keys are 0 to 9, * and #"),
    ("talk", {"action": "consult", "kind": "queue", "name": "payments"}, "Only an agent or a number"),
    ("talk", {"action": "transfer", "kind": "moon", "name": "x"}, "Choose an agent"),
    ("talk", {"action": "transfer", "kind": "agent"}, "“name” is missing"),
    ("status", {"status": "missed"}, "Choose one of the statuses"),
    ("status", {}, "Choose one of the statuses"),
    ("dial", {"number": " "}, "Write the number"),
    ("dial", {"number": "1" * 40}, "Write the number"),
    ("outcome", {"call": CALL}, "“disposition” is missing"),
    ("note", {"call": CALL, "seq": "1", "text": "a\0b"}, "cannot be kept"),
    ("callback", {"call": CALL, "at": "soon"}, "Choose a day and a time"),
    ("callback", {"call": CALL, "at": "2019-01-01T10:00"}, "Choose a day and a time"),
    ("callback", {"call": CALL, "at": "9999-12-31T23:59"}, "Choose a day and a time"),
    ("callback", {"call": CALL, "note": "x" * 501}, "too long"),
    (
        "promise",
        {"call": CALL, "amount": "many", "currency": "PLN", "due": "2026-11-20"},
        "Write the amount",
    ),
    (
        "promise",
        {"call": CALL, "amount": "NaN", "currency": "PLN", "due": "2026-11-20"},
        "Write the amount",
    ),
    ("promise", {"call": CALL, "amount": "1.005", "currency": "PLN", "due": "2026-11-20"}, "the amount"),
    ("promise", {"call": CALL, "amount": "1", "currency": "złoty", "due": "2026-11-20"}, "the currency"),
    ("promise", {"call": CALL, "amount": "1", "currency": "PLN", "due": "2026-11-01"}, "Choose a day"),
    ("promise", {"call": CALL, "amount": "1", "currency": "PLN", "due": "x"}, "Choose a day"),
    ("stop", {"call": CALL, "channels": "dreams"}, "Choose calls"),
    ("note", {"call": CALL, "text": "x", "seq": "-1"}, "“seq” is no whole number"),
    ("gone", {}, "The page's own id"),
    ("gone", {"page": "x" * 41}, "The page's own id"),
]


async def test_what_cannot_be_is_refused_in_a_sentence(at_desk: Office, desks: StagedDesks) -> None:
    for path, fields, told in WRONG:
        assert told in (await send(at_desk, path, 400, **fields))["error"], fields
    assert desks.asked == []


async def test_a_note_is_saved_and_a_long_one_refused(at_desk: Office, desks: StagedDesks) -> None:
    told = await send(at_desk, "note", call=CALL, text="one\r\ntwo", seq="4")
    assert told["saved"].startswith("saved ")
    assert desks.calls("save_note") == [("anna", CALL, "one\ntwo", 4)]
    assert (
        "at most 8000 letters"
        in (await send(at_desk, "note", 413, call=CALL, text="x" * 8001, seq="5"))["error"]
    )


async def test_a_callback_a_promise_and_an_objection(at_desk: Office, desks: StagedDesks) -> None:
    at = (NOW + timedelta(days=1)).astimezone().replace(hour=9, minute=30, second=0, microsecond=0)
    told = await send(at_desk, "callback", call=CALL, at=f"{at:%Y-%m-%dT%H:%M}", whose="mine", note="rano")
    assert told["done"] == f"The callback is kept, for {at:%d.%m, %H:%M}."
    ((_, call, wish),) = desks.calls("schedule_callback")
    assert (call, wish.begins, wish.mine, wish.note) == (CALL, at.astimezone(UTC), True, "rano")
    assert wish.ends - wish.begins == timedelta(hours=2)
    await send(at_desk, "callback", call=CALL)
    assert desks.calls("schedule_callback")[1][2].begins is None
    due = (NOW + timedelta(days=3)).date()
    await send(at_desk, "promise", call=CALL, amount="1 240,50", currency="pln", due=due.isoformat())
    assert desks.calls("promise") == [("anna", CALL, 124050, "PLN", due, "", 1)]
    await send(at_desk, "stop", call=CALL, channels="call")
    assert desks.calls("stop_contact") == [("anna", CALL, frozenset({"call"}))]


async def test_status_text_number_and_the_end(at_desk: Office, desks: StagedDesks) -> None:
    await send(at_desk, "status", status="break", reason="lunch")
    await send(at_desk, "sms", call=CALL, template="thanks", language="pl")
    await send(at_desk, "dial", number="+48 22 000 00 42")
    await send(at_desk, "outcome", call=CALL, disposition="informed")
    await send(at_desk, "finish")
    await send(at_desk, "sign-out")
    await send(at_desk, "gone", 204, page="p1")
    assert desks.asked == [
        ("set_status", ("anna", AgentStatus.BREAK, "lunch")),
        ("send_sms", ("anna", CALL, "thanks", "pl")),
        ("dial", ("anna", "+48 22 000 00 42", "service", "")),
        ("dispose", ("anna", CALL, "informed")),
        ("finish_wrap_up", ("anna",)),
        ("sign_out", ("anna",)),
        ("gone", ("anna", "p1")),
    ]


async def test_a_refusal_is_told_in_the_readers_language(at_desk: Office, desks: StagedDesks) -> None:
    desks.refuse["finish_wrap_up"] = DeskRefused("disposition", "This queue wants an outcome.")
    at_desk.headers["Accept-Language"] = "pl"
    assert (await send(at_desk, "finish", 409))["error"].startswith("Ta kolejka wymaga wyniku")
    for why in ("offline", "phone", "asterisk", "person_busy"):
        desks.refuse["dial"] = DeskRefused(why, "In English.")
        assert (await send(at_desk, "dial", 409, number="+48220000042"))["language"] == "pl", why
    desks.refuse["act"] = DeskRefused("phase", "You cannot…", doing="Hold", phase="dialling")
    told = await send(at_desk, "talk", 409, action="hold")
    assert told == {"error": "Nie można wstrzymać rozmowy, gdy dzwoni telefon klienta.", "language": "pl"}
    desks.refuse["act"] = DeskRefused("leads", "jan leads this talk.", agent="jan")
    assert (await send(at_desk, "talk", 409, action="hold"))["error"].startswith("Tę rozmowę prowadzi Jan:")
    desks.refuse["act"] = DeskRefused("no_queue", "There is no queue 'jan'.", name="jan")
    assert "„jan”" in (await send(at_desk, "talk", 409, action="hold"))["error"]
    desks.refuse["act"] = DeskRefused("of tomorrow", "Nobody has words for this yet.")
    told = await send(at_desk, "talk", 409, action="hold")
    assert told == {"error": "Nobody has words for this yet.", "language": "en"}
    assert (await send(at_desk, "talk", 400, action="fly"))["error"].startswith("Nie ma takiego działania")


def test_every_refusal_has_its_words() -> None:
    """Of the desk and of talks, as the code raises them; and of whatever is done in whatever phase."""
    sources = [*Path("engine").rglob("*.py"), *Path("acd").rglob("*.py")]
    named = {
        why
        for source in sources
        for why in re.findall(r'(?:DeskRefused|ActionRefused)\(\s*"([a-z_]+)"', source.read_text("utf-8"))
    }
    assert len(named) > 30
    for words in load_words().values():
        for why in named - {"gate"}:
            assert words(f"desk_refused_{why}"), why
        for action in get_args(Action):
            assert words(f"desk_doing_{action.__name__}")
        for phase in Phase:
            assert words(f"desk_phase_{phase.value}")


async def test_the_gates_refusal_names_the_rule_and_the_next_moment(
    at_desk: Office, desks: StagedDesks
) -> None:
    later = NOW + timedelta(hours=20)
    desks.refuse["dial"] = ContactForbidden(Decision(False, "pl-debt/hours", "it is night there", later, ()))
    told = (await send(at_desk, "dial", 409, number="+48220000042"))["error"]
    assert told == (
        "This call is not allowed: it is night there (pl-debt/hours). "
        f"Allowed again from {later.astimezone():%d.%m, %H:%M}."
    )
