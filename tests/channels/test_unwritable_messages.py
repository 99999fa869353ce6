"""Texts that are in no encoding are refused by every provider, and break none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from channels.email.addresses import Address, Mailbox
from channels.email.composing import MailIdentity
from channels.email.provider import MailProvider, MailServer
from channels.http_sms.provider import HttpSmsProvider
from channels.http_sms.smsapi import smsapi_settings
from channels.messengers.telegram import TelegramBot, TelegramProvider
from channels.messengers.vk import VkCommunity, VkProvider
from channels.push.provider import WebPushProvider
from channels.push.vapid_key import kept_vapid_key
from messaging.provider import Provider, Taken
from tests.channels.other_sides import opened, submission
from tests.conftest import HandClock

HALF = "Hello \ud83d"
OURS = MailIdentity(Mailbox("", Address("info", "example.com")), Address("bounce", "example.com"))


def providers(folder: Path, clock: HandClock) -> list[tuple[Provider, str]]:
    mail = MailProvider("mail", MailServer("127.0.0.1", 9), OURS, clock=clock)
    push = WebPushProvider("push", kept_vapid_key(folder / "key"), "mailto:info@example.com", clock=clock)
    return [
        (mail, "anna@example.org"),
        (push, "{}"),
        (HttpSmsProvider("sms", smsapi_settings("t0ken"), clock=clock), "+48600000001"),
        (TelegramProvider("telegram", TelegramBot("110201543:" + "a" * 20)), "telegram:1001"),
        (VkProvider("vk", VkCommunity(1, "t0ken"), clock=clock), "vk:1001"),
    ]


@pytest.mark.parametrize("field", ["text", "to", "subject", "sender"])
async def test_half_a_letter_is_refused(tmp_path: Path, clock: HandClock, field: str) -> None:
    for provider, to in providers(tmp_path, clock):
        message = replace(submission(provider.channel, to), **{field: HALF})  # type: ignore[arg-type]
        async with opened(provider):
            answer = await provider.submit(message)
        assert (answer.taken, answer.references) == (Taken.REJECTED, ()), provider.name
        assert "half a letter" in answer.why
