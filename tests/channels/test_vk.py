"""VK, against a server that speaks messages.send as documented and doubles nothing of the same random_id."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import orjson
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from channels.messengers.vk import LONGEST_TEXT, VkCommunity, VkProvider, random_id
from compliance.facts import Channel
from messaging.permission import PERMISSION
from messaging.provider import Answer, Incoming, Taken
from tests.channels.other_sides import Told, called, opened, submission, web_server
from tests.conftest import HandClock

TOKEN = "vk1.a.t0ken"
SECRET = "aaQ13axAPQEcczQa"
MESSAGE = submission(Channel.MESSENGER, "vk:1001", "Здравствуйте 😀 & до свидания")
FIELDS = {
    "user_id", "random_id", "peer_id", "peer_ids", "domain", "chat_id", "user_ids", "message", "guid", "lat",
    "long", "attachment", "reply_to", "forward_messages", "forward", "sticker_id", "group_id", "keyboard",
    "template", "payload", "content_source", "dont_parse_links", "disable_mentions", "intent", "subscribe_id",
    "access_token", "v", "lang", "test_mode",
}  # fmt: skip


@dataclass
class Api:
    """`error`: the next ones' code. `lost`: answers that do not arrive."""

    error: int = 0
    lost: int = 0
    raw: bytes | None = None
    asked: int = 0
    sent: dict[tuple[str, int], dict[str, str]] = field(default_factory=dict)

    async def handle(self, request: web.Request) -> web.Response:
        self.asked += 1
        assert (request.method, request.path) == ("POST", "/method/messages.send")
        assert request.query_string == ""
        form = {name: str(value) for name, value in (await request.post()).items()}
        if self.raw is not None:
            return web.Response(body=self.raw)
        if form.pop("access_token") != TOKEN:
            return self.refused(5, form)
        if set(form) - FIELDS or form["v"] != "5.199" or not 0 < int(form["random_id"]) < 2**31:
            return self.refused(100, form)
        if self.error:
            return self.refused(self.error, form)
        key = (form["user_id"], int(form["random_id"]))
        known = list(self.sent)
        if key not in known:
            self.sent[key] = form
            known.append(key)
        if self.lost:
            self.lost -= 1
            assert request.transport is not None
            request.transport.abort()
        return web.json_response({"response": 500 + known.index(key)})

    @staticmethod
    def refused(code: int, form: dict[str, str]) -> web.Response:
        told = [{"key": name, "value": value} for name, value in form.items()]
        return web.json_response(
            {"error": {"error_code": code, "error_msg": f"error {code}", "request_params": told}}
        )


@asynccontextmanager
async def vk(clock: HandClock, token: str = TOKEN) -> AsyncIterator[tuple[Api, VkProvider, Told]]:
    api = Api()
    async with web_server(api.handle) as url:
        community = VkCommunity(1, token, SECRET, "c0nfirm", f"{url}/method", private_networks=True)
        async with opened(provider := VkProvider("vk", community, clock=clock)) as told:
            yield api, provider, told


async def test_a_message_goes_out(clock: HandClock) -> None:
    async with vk(clock) as (api, provider, told):
        assert await provider.submit(MESSAGE) == Answer(Taken.ACCEPTED, ("500",))
        [form] = api.sent.values()
        assert (form["user_id"], form["message"]) == ("1001", MESSAGE.text)
        assert told.standing == [(True, "")]


async def test_a_lost_answer_is_asked_for_again_and_nothing_is_doubled(clock: HandClock) -> None:
    async with vk(clock) as (api, provider, _):
        api.lost = 1
        assert (await provider.submit(MESSAGE)).references == ("500",)
        assert (api.asked, len(api.sent)) == (2, 1)
        api.lost = 2
        assert (await provider.submit(replace(MESSAGE, message_id="m2"))).taken is Taken.UNKNOWN
        assert (api.asked, len(api.sent)) == (4, 2)


@given(st.text(max_size=40))
def test_random_ids_are_positive_numbers_of_32_bits(message_id: str) -> None:
    assert 0 < random_id(message_id) < 2**31
    assert random_id(message_id) == random_id(message_id)


def test_random_ids_of_many_messages_differ() -> None:
    assert len({random_id(f"m{n}") for n in range(10_000)}) == 10_000


@pytest.mark.parametrize(
    ("error", "taken"),
    [
        (901, Taken.GONE),
        (902, Taken.GONE),
        (18, Taken.GONE),
        (900, Taken.REJECTED),
        (914, Taken.REJECTED),
        (6, Taken.BUSY),
        (9, Taken.BUSY),
        (5, Taken.AWAY),
        (10, Taken.UNKNOWN),
    ],
)
async def test_what_it_refuses(clock: HandClock, error: int, taken: Taken) -> None:
    async with vk(clock) as (api, provider, told):
        api.error = error
        answer = await provider.submit(MESSAGE)
        assert (answer.taken, answer.code, answer.why) == (taken, str(error), f"error {error}")
        assert MESSAGE.text not in repr(answer)
        assert told.standing[-1][0] is (error != 5)


@pytest.mark.parametrize("raw", [b"<html>", b"[]", b"{}", b'{"error": 5}', b'{"response": {}}'])
async def test_an_answer_that_is_none_is_a_doubt(clock: HandClock, raw: bytes) -> None:
    async with vk(clock) as (api, provider, _):
        api.raw = raw
        assert (await provider.submit(MESSAGE)).taken is Taken.UNKNOWN


async def test_a_wrong_token_is_told_to_nobody(clock: HandClock) -> None:
    async with vk(clock, "wr0ng") as (_, provider, told):
        answer = await provider.submit(MESSAGE)
        assert answer.taken is Taken.AWAY
        assert "wr0ng" not in repr((answer, told.standing, provider._community))


async def test_what_is_no_person_or_too_long_is_refused(clock: HandClock) -> None:
    async with vk(clock) as (api, provider, _):
        for to in ("1001", "telegram:1001", "vk:", "vk:-1", "vk:anna", "vk:1&peer_id=2"):
            assert (await provider.submit(replace(MESSAGE, to=to))).taken is Taken.REJECTED
        assert "longer" in (await provider.submit(replace(MESSAGE, text="x" * (LONGEST_TEXT + 1)))).why
        assert api.asked == 0


# --- the Callback API -------------------------------------------------------------------------------------


def event(kind: str, told: object, **more: object) -> bytes:
    shape = {"type": kind, "group_id": 1, "event_id": "e1", "v": "5.199", "secret": SECRET, "object": told}
    return orjson.dumps(shape | more)


def message(**more: object) -> dict[str, object]:
    return {
        "date": 1795000000,
        "from_id": 1001,
        "id": 33,
        "out": 0,
        "attachments": [],
        "conversation_message_id": 7,
        "fwd_messages": [],
        "important": False,
        "is_hidden": False,
        "peer_id": 1001,
        "random_id": 0,
        "text": "Да",
    } | more


async def taken(clock: HandClock, *bodies: bytes) -> list[Incoming]:
    async with vk(clock) as (_, provider, told):
        for body in bodies:
            answer = await called(provider, body=body)
            assert (answer.status, answer.body) == (200, b"ok")
        return told.incoming


async def test_the_address_is_confirmed(clock: HandClock) -> None:
    async with vk(clock) as (_, provider, _):
        body = orjson.dumps({"type": "confirmation", "group_id": 1})
        answer = await called(provider, body=body)
        assert (answer.status, answer.body) == (200, b"c0nfirm")
        other = orjson.dumps({"type": "confirmation", "group_id": 2})
        assert (await called(provider, body=other)).status == 403


async def test_what_a_person_wrote(clock: HandClock) -> None:
    info = {"button_actions": ["text"], "keyboard": True, "inline_keyboard": True, "lang_id": 0}
    new = event("message_new", {"message": message(reply_message={"id": 500}), "client_info": info})
    old = event("message_new", message())
    first, second = await taken(clock, new, old)
    at = datetime.fromtimestamp(1795000000, UTC)
    assert second == Incoming("vk", Channel.MESSENGER, "vk:1001", "vk", "Да", at, "1001/7")
    assert first == replace(second, in_reply_to="500")


async def test_zero_characters_are_left_out(clock: HandClock) -> None:
    [told] = await taken(clock, event("message_new", message(text="Да\0")))
    assert told.text == "Да"


async def test_pictures_are_told_of(clock: HandClock) -> None:
    [told] = await taken(clock, event("message_new", {"message": message(attachments=[{"type": "photo"}])}))
    assert told.data == {"attachments": True}


@pytest.mark.parametrize(("kind", "permission"), [("message_allow", "given"), ("message_deny", "withdrawn")])
async def test_who_lets_us_write_and_who_no_longer_does(clock: HandClock, kind: str, permission: str) -> None:
    [told] = await taken(clock, event(kind, {"user_id": 1001, "key": ""}))
    assert (told.from_, told.text, told.external_id) == ("vk:1001", "", "e1")
    assert told.data == {PERMISSION: permission}


async def test_group_chats_our_own_and_the_rest_are_passed_over(clock: HandClock) -> None:
    assert (
        await taken(
            clock,
            event("message_new", {"message": message(peer_id=2000000001)}),
            event("message_new", {"message": message(out=1)}),
            event("message_reply", message()),
            event("message_typing_state", {"state": "typing", "from_id": 1001, "to_id": -1}),
        )
        == []
    )


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (event("message_new", {"message": message()}, secret="wrong"), 403),
        (event("message_new", {"message": message()}, secret=None), 403),
        (event("message_new", {"message": message()}, group_id=2), 403),
        (event("message_new", None), 400),
        (event("message_new", {"message": 7}), 400),
        (event("message_new", {"message": message(date="x")}), 400),
        (event("message_deny", {}), 400),
        (b"", 400),
        (b"[]", 400),
        (b'{"group_id": 1}', 400),
    ],
)
async def test_who_may_not_and_what_is_none(clock: HandClock, body: bytes, status: int) -> None:
    async with vk(clock) as (_, provider, told):
        assert (await called(provider, body=body)).status == status
        assert told.incoming == []


async def test_what_cannot_be_written_down_is_told_again(clock: HandClock) -> None:
    async with vk(clock) as (_, provider, told):
        told.broken = True
        assert (await called(provider, body=event("message_new", {"message": message()}))).status == 503


async def test_without_a_secret_nobody_may_call(clock: HandClock) -> None:
    provider = VkProvider("vk", VkCommunity(1, TOKEN), clock=clock)
    async with opened(provider):
        body = event("message_new", {"message": message()}, secret="")
        assert (await called(provider, body=body)).status == 403
        assert (
            await called(provider, body=orjson.dumps({"type": "confirmation", "group_id": 1}))
        ).status == 404
