"""The shipped flows led by words: English by recordings of people, Polish and Russian by injected texts."""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.prompt_clips import Clip
from engine.clock import SystemClock
from infolinia.assembly.hotline import running_hotline
from infolinia.configuration import load_configuration
from infolinia.setup.inventory import find_parts
from ivr.rehearsal.script import Says
from tests.hotline.human_voice import silence
from tests.hotline.injected_speech import InjectedRecognizer
from tests.hotline.shipped_flows import (
    CLINIC,
    DEBT_LINE,
    PASSWORD,
    WHOLESALER,
    Company,
    LiveCaller,
    Turn,
    began,
    calling,
    decided_in_rehearsal,
    decided_live,
    rehearsed,
    row_of,
    said,
    says,
    settings,
    told,
)
from tests.house import take_ports
from tests.phone import sip_phone
from tests.running import RunningHotline, running, until

pytestmark = [pytest.mark.live, pytest.mark.timeout(400), pytest.mark.xdist_group("shipped-flows-spoken")]

RATE = 8000
# What English callers say -> the sound in which a woman says it.
CLIPS = {
    "zero": "digits/0",
    "one": "digits/1",
    "three": "digits/3",
    "four": "digits/4",
    "five": "digits/5",
    "nine": "digits/9",
    "number": "number",
    "hours": "hours",
    "location": "location",
    "message": "vm-message",
    "agent": "spy-agent",
    "second": "digits/h-2",
    "no": "vm-no",
    "goodbye": "goodbye",
}
BETWEEN_DIGITS_SECONDS = 0.1  # beside the quiet ends of the recordings
TODAY = SystemClock().now().date()
SLOTS = [
    {"id": "a", "at": f"{TODAY + timedelta(days=2)}T10:00"},
    {"id": "b", "at": f"{TODAY + timedelta(days=3)}T14:30"},
]


def company() -> Company:
    return Company(SLOTS, due=str(TODAY - timedelta(days=30)))


def spoken(text: str) -> np.ndarray[Any, np.dtype[np.int16]]:
    """The woman's recordings of these words, one after another, in the telephone's quality."""
    sounds = find_parts().sounds_dir / "en"
    pieces = [silence(0.3, RATE)]
    for word in text.split():
        pieces += [Clip(sounds / CLIPS[word], word).pcm(RATE), silence(BETWEEN_DIGITS_SECONDS, RATE)]
    return np.frombuffer(b"".join([*pieces, silence(1.0, RATE)]), dtype=np.int16)


def same_as_rehearsed(
    config: Path, number: str, turns: Sequence[Turn], row: Mapping[str, Any], given: Mapping[str, Any]
) -> None:
    caller = row["contact_points"][0]["value"]
    played = rehearsed(config, number, turns, caller=caller, at=began(row), given=given)
    assert row["path"] == played.path, (row["heard"], told(row, "not_understood"))
    assert decided_live(row) == decided_in_rehearsal(played)
    assert told(row, "trouble") == []


# --- recordings of people ---------------------------------------------------------------------------------


async def speak_through(live: LiveCaller, turns: Sequence[Turn]) -> None:
    for turn in turns:
        await live.reached(turn.step)
        if isinstance(turn.act, Says):
            await live.heard_out()
            await live.party.say(spoken(turn.act.text))


async def by_voice(
    hotline: RunningHotline, caller: str, turns: Sequence[Turn], given: Mapping[str, Any], place: int = 0
) -> dict[str, Any]:
    async with calling(hotline.folder, hotline.ports, WHOLESALER, caller, hotline.log, place=place) as live:
        await speak_through(live, turns)
    row = await row_of(hotline, caller)
    same_as_rehearsed(hotline.config, WHOLESALER, turns, row, given)
    assert told(row, "key_pressed") == []
    return row


def asked(*said: tuple[str, str]) -> list[Turn]:
    """An English call: consent by silence, then (step, words)."""
    return [says("language", "second"), Turn("consent", None), *(says(step, words) for step, words in said)]


async def test_the_wholesaler_understands_people_in_english(tmp_path: Path) -> None:
    with take_ports(30000, 31000) as ports:
        web_port = ports.spare(31)
        async with running(tmp_path, ports, **settings(web_port)) as hotline, company().open(web_port) as lis:
            order, hours = await asyncio.gather(
                by_voice(
                    hotline,
                    "+48220000081",
                    asked(
                        ("main", "number"),
                        ("number", "three one five four nine zero"),
                        ("slot", "second"),
                        ("more", "no"),
                    ),
                    {"lookup": lis.order},
                ),
                by_voice(hotline, "+48220000082", asked(("main", "hours"), ("more", "goodbye")), {}, place=1),
            )
            location, message = await asyncio.gather(
                by_voice(
                    hotline,
                    "+48220000083",
                    asked(("main", "location"), ("more", "agent")),
                    {"agents": "nobody", "message": "empty"},
                ),
                by_voice(hotline, "+48220000084", asked(("main", "message")), {"message": "empty"}, place=1),
            )
            async with sip_phone("anna", PASSWORD, ports.sip, ports.spare(20)) as anna:
                turns = asked(("main", "agent"), ("rating", "five"))
                async with calling(tmp_path, ports, WHOLESALER, "+48220000085", hotline.log) as live:
                    await speak_through(live, turns[:-1])
                    await anna.until(lambda: anna.talking, 30)
                    anna.hang_up()
                    await speak_through(live, turns[-1:])
            rated = await row_of(hotline, "+48220000085")
            same_as_rehearsed(hotline.config, WHOLESALER, turns, rated, {})
    assert [seen[:2] for seen in lis.seen] == [("GET", "/orders/315490"), ("PUT", "/orders/315490/slot")]
    assert order["heard"] == ["second", "number", "three one five four nine zero", "second", "no"]
    assert order["path"][-5:] == ["book", "booked", "text", "more", "bye"]
    assert "our_hours" in hours["path"]
    assert location["path"][-4:] == ["agents", "nobody", "message", "bye"]
    assert message["path"][-2:] == ["message", "bye"]
    assert [data["rating"] for data in told(rated, "rated")] == [5]


# --- injected: a Polish and a Russian caller --------------------------------------------------------------


@asynccontextmanager
async def injectable(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[RunningHotline, InjectedRecognizer, Company]]:
    """A whole hotline in this process, whose recogniser reports what it is given."""
    recognizer = InjectedRecognizer("pl", "ru")
    monkeypatch.setattr("infolinia.assembly.speech.make_recognizer", lambda configuration, parts: recognizer)
    with take_ports(30000, 31000) as ports:
        web_port = ports.spare(31)
        around = RunningHotline(folder, ports, settings(web_port))
        around.write_config()
        async with running_hotline(load_configuration(around.config)), company().open(web_port) as lis:

            async def ready() -> bool:
                return (await around.probe("readyz"))[0] == 200

            await until(ready, "the hotline is ready", 40)
            yield around, recognizer, lis


async def inject_through(
    around: RunningHotline,
    recognizer: InjectedRecognizer,
    number: str,
    caller: str,
    turns: Sequence[Turn],
    given: Mapping[str, Any],
) -> dict[str, Any]:
    async with calling(around.folder, around.ports, number, caller) as live:
        for turn in turns:
            if turn.step:
                await live.reached(turn.step)
            if turn.code:
                await live.heard_out()
                await live.party.press(sent_code(around.folder))
            elif isinstance(turn.act, Says):
                await recognizer.inject(turn.act.text, turn.act.language or "")
    row = await row_of(around, caller)
    same_as_rehearsed(around.config, number, turns, row, given)
    return row


def sent_code(folder: Path) -> str:
    """The code that waits in the outbox to be sent."""
    with closing(sqlite3.connect(folder / "v" / "infolinia.db", timeout=5)) as database:
        payloads = [json.loads(payload) for (payload,) in database.execute("SELECT payload FROM outbox")]
    (code,) = (
        found[1] for payload in payloads if (found := re.search(r"Kod do rozmowy: (\d{6})", str(payload)))
    )
    return code


async def test_injected_polish_and_russian_words_lead_the_flows_as_rehearsed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with injectable(tmp_path, monkeypatch) as (around, recognizer, lis):
        order = await inject_through(
            around,
            recognizer,
            WHOLESALER,
            "+48220000091",
            [
                says("language", "po polsku", "pl"),
                says("consent", "tak", "pl"),
                says("main", "paczkę", "pl"),
                says("number", "sto dwadzieścia trzy czterysta pięćdziesiąt sześć", "pl"),
                says("slot", "drugi termin", "pl"),
                says("more", "nie dziękuję", "pl"),
            ],
            {"lookup": lis.order},
        )
        visit = await inject_through(
            around,
            recognizer,
            CLINIC,
            "+48220000092",
            [
                says("language", "по-русски", "ru"),
                says("main", "записаться на приём", "ru"),
                says("doctor", "к зубному врачу", "ru"),
                says("day", "послезавтра", "ru"),
                says("slot", "первое", "ru"),
                says("phone", "два два ноль ноль ноль ноль ноль один два", "ru"),
                says("", "да", "ru"),
            ],
            {"free": {"slots": SLOTS}, "book": {"number": "40512"}},
        )
        promise = await inject_through(
            around,
            recognizer,
            DEBT_LINE,
            "+48220000093",
            [
                says("consent", "tak", "pl"),
                says("who/birth", "pierwszego stycznia tysiąc dziewięćset dziewięćdziesiątego roku", "pl"),
                says("", "drugiego stycznia tysiąc dziewięćset dziewięćdziesiątego roku", "pl"),
                Turn("who/code_sent", None, code=True),
                says("main", "chcę zapłacić", "pl"),
                says("how_much", "sto złotych pięćdziesiąt groszy", "pl"),
                says("", "tak", "pl"),
                says("when", "jutro", "pl"),
                says("", "zgadza się", "pl"),
            ],
            {"debt": lis.debt},
        )
    assert "zostało wysłane: dwie paczki." in said(order)
    assert order["path"][-5:] == ["book", "booked", "text", "more", "bye"]
    assert order["language"] == "pl"
    assert "Номер записи: четыре ноль пять, один два." in said(visit)
    assert visit["language"] == "ru"
    assert promise["path"][-5:] == ["promise", "noted", "by_text", "bye", "end"]
    (made,) = told(promise, "promise_made")
    assert (made["amount"], made["currency"]) == ("100.50", "PLN")
    assert [data["passed"] for data in told(promise, "identity_checked")] == [False, False, True]
