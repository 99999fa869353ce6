"""Who may call back, how much, and what is answered when it cannot be written down."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from ipaddress import ip_network

import pytest
import structlog

from channels.callbacks import (
    CallbackAnswer,
    CallbackGuard,
    CallbackRefused,
    CallbackRequest,
    HmacSignature,
    answer_before_body,
    answer_callback,
    same_secret,
)


@dataclass
class Receiver:
    guard: CallbackGuard
    name: str = "sms"
    longest_bytes: int = 100
    failure: Exception | None = None
    taken: list[bytes] = field(default_factory=list)

    async def take(self, request: CallbackRequest) -> CallbackAnswer:
        self.guard.admit(request)
        if self.failure:
            raise self.failure
        self.taken.append(request.body)
        return CallbackAnswer(200, b"OK")


def test_who_may_not_call_is_told_before_their_body_is_read() -> None:
    empty = CallbackRequest("POST", {}, {}, remote="203.0.113.1")
    told = [answer_before_body(Receiver(guard), empty) for guard in (TOKEN, NETWORK, SIGNED)]
    assert [answer and answer.status for answer in told] == [403, 403, None]


def signed(body: bytes, key: str = "k") -> dict[str, str]:
    return {"x-signature": "sha256=" + hmac.new(key.encode(), body, hashlib.sha256).hexdigest()}


TOKEN = CallbackGuard(token="s3cret")
SIGNED = CallbackGuard(signature=HmacSignature("X-Signature", "k", before="sha256="))
NETWORK = CallbackGuard(networks=[ip_network("198.51.100.0/24")])
BOTH = CallbackGuard(token="s3cret", networks=[ip_network("198.51.100.0/24")])


@pytest.mark.parametrize(
    ("guard", "request_", "status"),
    [
        (TOKEN, CallbackRequest("POST", {"authorization": "Bearer s3cret"}, {}), 200),
        (TOKEN, CallbackRequest("GET", {}, {"token": "s3cret"}), 200),
        (TOKEN, CallbackRequest("POST", {"authorization": "Bearer s3cre"}, {}), 403),
        (TOKEN, CallbackRequest("POST", {}, {"token": ""}), 403),
        (TOKEN, CallbackRequest("POST", {}, {"token": "sëcret"}), 403),
        (SIGNED, CallbackRequest("POST", signed(b"x"), {}, b"x"), 200),
        (SIGNED, CallbackRequest("POST", signed(b"x"), {}, b"y"), 403),
        (SIGNED, CallbackRequest("POST", signed(b"x", "other"), {}, b"x"), 403),
        (SIGNED, CallbackRequest("POST", {}, {}, b"x"), 403),
        (NETWORK, CallbackRequest("POST", {}, {}, b"", "198.51.100.7"), 200),
        (NETWORK, CallbackRequest("POST", {}, {}, b"", "::ffff:198.51.100.7"), 200),
        (NETWORK, CallbackRequest("POST", {}, {}, b"", "198.51.101.7"), 403),
        (NETWORK, CallbackRequest("POST", {}, {}, b"", ""), 403),
        (BOTH, CallbackRequest("POST", {}, {"token": "s3cret"}, b"", "192.0.2.1"), 403),
        (BOTH, CallbackRequest("POST", {}, {}, b"", "198.51.100.7"), 403),
        (TOKEN, CallbackRequest("DELETE", {}, {"token": "s3cret"}), 405),
        (TOKEN, CallbackRequest("POST", {}, {"token": "s3cret"}, b"x" * 101), 413),
    ],
)
async def test_who_may_call(guard: CallbackGuard, request_: CallbackRequest, status: int) -> None:
    receiver = Receiver(guard)
    assert (await answer_callback(receiver, request_)).status == status
    assert len(receiver.taken) == (status == 200)


def test_a_guard_that_guards_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="anybody could send them"):
        CallbackGuard()
    with pytest.raises(ValueError, match="wants a key"):
        HmacSignature("X-Signature", "")


def test_secrets_are_not_shown() -> None:
    assert "s3cret" not in repr(TOKEN)
    assert "'k'" not in repr(SIGNED)


def test_an_empty_secret_is_nobodys() -> None:
    assert not same_secret("", "")
    assert same_secret("ł", "ł")
    assert not same_secret("\ud800", "ł")


async def test_what_cannot_be_written_down_is_told_again_and_not_logged() -> None:
    request = CallbackRequest("POST", {}, {"token": "s3cret"}, b"from=48600000001")
    with structlog.testing.capture_logs() as logged:
        answer = await answer_callback(Receiver(TOKEN, failure=OSError("48600000001")), request)
        assert answer.status == 503
        refused = CallbackRefused(400, "it is no receipt")
        assert (await answer_callback(Receiver(TOKEN, failure=refused), request)).status == 400
    assert [line["event"] for line in logged] == ["callback not taken", "callback refused"]
    assert "48600000001" not in str(logged)
