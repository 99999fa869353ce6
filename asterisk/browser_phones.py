"""Browsers' telephones: pushed into Asterisk's memory by name, as people sign in and out."""

from __future__ import annotations

import contextlib
import logging
import re
from collections.abc import Container

from asterisk.ami import AmiConnection
from asterisk.ari import AriConnection
from asterisk.phones import Phones
from asterisk.settings import SHORTEST_PASSWORD
from calls.control import CallControlError, ChannelGone, RequestRefused
from calls.talk_control import NOT_FOR_PHONES

log = logging.getLogger(__name__)

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")
_ENDPOINT = {
    "transport": "ws",
    # DTLS, ICE, one port for all, and a certificate made for each call.
    "webrtc": "yes",
    # They can call nobody: the context is empty.
    "context": "telephones",
    "identify_by": "username",
    "disallow": "all",
    "allow": "opus,g722,ulaw",
    "dtmf_mode": "rfc4733",
    "direct_media": "no",
    "rewrite_contact": "yes",
    "send_connected_line": "no",
    "allow_transfer": "no",
    "allow_subscribe": "no",
    "timers": "no",
    # A tab that was killed says nothing: silence is the only sign. A muted microphone still sends.
    "rtp_timeout": "5",
    "rtp_timeout_hold": "30",
}
# The newest window of an agent takes the telephone over.
_AOR = {"max_contacts": "1", "remove_existing": "yes"}


class BrowserPhones:
    """`taken` and `sip`, the other telephones, are names that no browser may have; `media_address`: see
    AsteriskControl."""

    def __init__(
        self,
        ari: AriConnection,
        phones: Phones,
        taken: frozenset[str],
        sip: Container[str],
        media_address: str,
        ami: AmiConnection | None,
    ) -> None:
        self._ari = ari
        self._phones = phones
        self._taken = taken | NOT_FOR_PHONES
        self._sip = sip
        self._endpoint = dict(_ENDPOINT)
        if media_address:
            self._endpoint |= {"media_address": media_address, "bind_rtp_to_media_address": "yes"}
        self._ami = ami
        self._passwords: dict[str, str] = {}

    def __contains__(self, phone: object) -> bool:
        return phone in self._passwords

    async def admit(self, phone: str, password: str) -> None:
        if not _NAME.fullmatch(phone) or self._is_taken(phone):
            raise RequestRefused(f"{phone!r} cannot be a browser's name: it is Asterisk's own, or no name")
        if len(password) < SHORTEST_PASSWORD or not password.isascii() or not password.isprintable():
            raise RequestRefused(f"the password of {phone} must have {SHORTEST_PASSWORD} plain characters")
        is_new = phone not in self._passwords
        await self._push(phone, password)
        self._passwords[phone] = password
        if is_new:
            await self._phones.add(phone)

    async def dismiss(self, phone: str) -> None:
        if self._is_taken(phone):
            raise RequestRefused(f"{phone!r} is no browser's telephone")
        self._passwords.pop(phone, None)
        for kind, name in (
            ("auth", phone),
            *await self._contacts(phone),
            ("endpoint", phone),
            ("aor", phone),
        ):
            try:
                await self._ari.request("DELETE", _where(kind, name))
            except ChannelGone:
                continue
        await self._phones.remove(phone)

    @property
    def admitted(self) -> frozenset[str]:
        """Who may register."""
        return frozenset(self._passwords)

    async def forget_registrations(self, phone: str) -> None:
        """Whoever has registered by this name, a browser or not, is not known by it any more."""
        for kind, name in await self._contacts(phone):
            with contextlib.suppress(ChannelGone):
                await self._ari.request("DELETE", _where(kind, name))

    async def reconnected(self, *, restarted: bool) -> None:
        """Tell how every telephone is. An Asterisk that was restarted has forgotten the browsers."""
        if restarted:
            await self._admit_again()
        await self._phones.watch()

    def _is_taken(self, phone: str) -> bool:
        return phone in self._taken or phone in self._sip

    async def _admit_again(self) -> None:
        for phone, password in tuple(self._passwords.items()):
            try:
                await self._push(phone, password)
            except CallControlError as failure:
                log.warning("the browser %s cannot register: %s", phone, failure)

    async def _push(self, phone: str, password: str) -> None:
        """The endpoint comes last: until then nobody is known by the name."""
        auth = {"auth_type": "userpass", "username": phone, "password": password}
        await self._put("auth", phone, auth)
        await self._put("aor", phone, _AOR)
        await self._put("endpoint", phone, {**self._endpoint, "auth": phone, "aors": phone})

    async def _put(self, kind: str, phone: str, fields: dict[str, str]) -> None:
        body = {"fields": [{"attribute": name, "value": value} for name, value in fields.items()]}
        await self._ari.request("PUT", _where(kind, phone), body=body, gone=frozenset())

    async def _contacts(self, phone: str) -> list[tuple[str, str]]:
        """What has registered; Asterisk would keep it, and know it again at the next admission."""
        if self._ami is None or not self._ami.connected:
            return []
        try:
            told = await self._ami.action("PJSIPShowContacts")
        except CallControlError as failure:
            log.debug("no registration of %s is ended: %s", phone, failure)  # so where nobody has registered
            return []
        names = [event.objectname for event in told if event.event == "ContactList"]
        return [("contact", name) for name in names if name.partition(";@")[0] == phone]


def _where(kind: str, name: str) -> str:
    return f"asterisk/config/dynamic/res_pjsip/{kind}/{name}"
