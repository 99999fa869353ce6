"""Messages that are hard to carry, and two engines on one database."""

from __future__ import annotations

import asyncio
from collections import Counter

from channels.smpp.provider import SmppProvider
from channels.smpp.settings import Endpoint, SmppSettings
from engine.registers.messages import MessageFilter
from history.interaction import ContactPoint, PointKind
from messaging.provider import Pace
from messaging.states import MessageState
from store.store import Store
from tests.conftest import HandClock
from tests.followup.conftest import Start
from tests.messages.carrying import HandProvider, message
from tests.messages.test_sending import all_in, becomes
from tests.smsc import PASSWORD, SYSTEM_ID, running_smsc

S = MessageState
PLANES = "".join(chr(plane * 0x10000 + 0x4E0) for plane in (0, 1, 2, 3, 14, 15, 16)) + "👩‍👩‍👧‍👦🇵🇱"
TEXTS = {
    "planes": PLANES,
    "parts": "Zażółć gęślą jaźń 😀 " * 30,
    "gsm": "[€] {|} ~^\\ " * 70,
    "line": "One\r\nTwo\tthree\u2028four",
}


async def test_every_plane_ten_parts_and_other_countries(
    store: Store, start: Start, clock: HandClock
) -> None:
    numbers = {
        "planes": "+12025550123",
        "parts": "+79000000012",
        "gsm": "+8613800138000",
        "line": "+3545550123",
    }
    await store.messages.add(
        [
            message(1, name, text=text, point=ContactPoint(PointKind.PHONE, numbers[name]))
            for name, text in TEXTS.items()
        ]
    )
    async with running_smsc(receipts={"twice_every": 1, "backwards": 5}) as smsc:
        end = Endpoint("127.0.0.1", smsc.port)
        settings = SmppSettings("sms", (end,), SYSTEM_ID, PASSWORD, sender="Anna", most_parts=10)
        await start(SmppProvider(settings, clock))
        for name in TEXTS:
            await becomes(store, name, S.DELIVERED)
        log = await smsc.log()
    for name, text in TEXTS.items():
        parts = [row for row in log if row["to"] == numbers[name].lstrip("+")]
        assert len(parts) <= 10
        assert "".join(row["text"] for row in sorted(parts, key=lambda row: row["udh"])) == text, name
        assert len(await store.messages.parts(name)) == len(parts)


async def test_a_text_of_too_many_parts_fails_and_says_why(
    store: Store, start: Start, clock: HandClock
) -> None:
    await store.messages.add([message(1, text="ж" * 700)])
    async with running_smsc() as smsc:
        end = Endpoint("127.0.0.1", smsc.port)
        settings = SmppSettings("sms", (end,), SYSTEM_ID, PASSWORD, sender="Anna", most_parts=10)
        await start(SmppProvider(settings, clock))
        await becomes(store, "m001", S.FAILED)
        assert await smsc.log() == []
    assert "parts" in (await store.messages.get("m001")).why


async def test_two_engines_on_one_database_send_each_message_once(store: Store, start: Start) -> None:
    await store.messages.add([message(n) for n in range(1, 201)])
    one, other = (HandProvider(name, pace=Pace(at_once=7)) for name in ("one", "two"))
    await asyncio.gather(start(one, worker="w1"), start(other, worker="w2"))
    await all_in(store, S.ACCEPTED)
    sent = Counter(submission.message_id for submission in (*one.taken, *other.taken))
    assert set(sent.values()) == {1}
    assert len(sent) == 200
    assert await store.messages.counts(MessageFilter()) == {S.ACCEPTED: 200}
