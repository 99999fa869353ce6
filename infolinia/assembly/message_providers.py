"""Providers of messages, made of their settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import IPv4Network, IPv6Network
from typing import Any
from urllib.parse import urlsplit

from channels.callbacks import CallbackGuard, HmacSignature
from channels.email.addresses import address_of, mailbox_of
from channels.http_sms.fields import Place, SettingRefused
from channels.http_sms.provider import HttpSmsProvider
from channels.http_sms.settings import Answered, Asked, HttpSmsSettings, IncomingFields, ReceiptFields
from channels.http_sms.smsapi import SMSAPI_PL, smsapi_settings
from channels.messengers.telegram import TelegramBot, TelegramProvider
from channels.messengers.vk import VkCommunity, VkProvider
from channels.open_internet import names_own_network
from channels.push.vapid_key import KeyRefused, kept_vapid_key
from channels.smpp.provider import SmppProvider
from channels.smpp.settings import Endpoint, SmppSettings
from engine.clock import SystemClock
from engine.followup.routing import Carrier
from engine.ports import Clock
from infolinia.assembly.preflight import StartFailed
from infolinia.configuration import Configuration
from infolinia.sections.message_providers import SECRETS, HttpSection, SmppSection, missing_variables, secret
from infolinia.sections.messaging import ProviderSection
from messaging.provider import Pace, Provider

PUSH_KEY = "push.key"


def carriers_of(configuration: Configuration, clock: Clock) -> list[Carrier]:
    """Raises StartFailed when a secret is missing or a setting is refused by its provider."""
    refuse_wrong_providers(configuration)
    found: list[Carrier] = []
    for n, one in enumerate(configuration.messaging.providers):
        try:
            provider = _provider(one, configuration, clock)
        except KeyRefused as refused:
            raise StartFailed(_told(n, one, refused)) from None
        found.append(Carrier(provider, one.weight, one.prefixes))
    return found


def refuse_wrong_providers(configuration: Configuration) -> None:
    """Raises StartFailed with all their mistakes."""
    if problems := provider_problems(configuration):
        raise StartFailed("\n".join(problems))


def provider_problems(configuration: Configuration) -> list[str]:
    """A sentence for each mistake that keeps a provider from being made. Nothing is written or connected."""
    found: list[str] = []
    for n, one in enumerate(configuration.messaging.providers):
        missing = [
            told
            for kind in one.kinds
            for told in missing_variables(kind, getattr(one, kind), f"messaging.providers[{n}]")
        ]
        found += missing
        if missing or one.push is not None:  # a push provider makes its key
            continue
        try:
            _provider(one, configuration, SystemClock())
            found += _own_network(n, one)
        except ValueError as refused:
            found.append(_told(n, one, refused))
    return found


def _told(n: int, one: ProviderSection, refused: Exception) -> str:
    field = f".{refused.field}" if isinstance(refused, SettingRefused) and refused.field else ""
    return f"messaging.providers[{n}].{one.kinds[0]}{field}: {refused}.".replace("..", ".")


def _own_network(n: int, one: ProviderSection) -> Iterator[str]:
    kind = one.kinds[0]
    section = getattr(one, kind)
    url = getattr(section, "url", "")
    host = urlsplit(secret(url) if "url" in SECRETS[kind] else url).hostname
    if host and not section.private_networks and names_own_network(host):
        yield (
            f"messaging.providers[{n}].{kind}.url: {host} is in a private network; "
            "write private_networks: true beside it if that is meant."
        )


def _provider(one: ProviderSection, configuration: Configuration, clock: Clock) -> Provider:
    pace: Pace | None = None
    if one.at_once is not None or one.per_second is not None:
        pace = Pace(one.at_once or Pace().at_once, one.per_second)
    if one.smpp is not None:
        return SmppProvider(_smpp(one, one.smpp), clock)
    if one.http is not None:
        http = one.http
        return HttpSmsProvider(one.name, _http(http), clock=clock, pace=pace, guard=_http_guard(http))
    if one.smsapi is not None:
        api = one.smsapi
        settings = smsapi_settings(
            secret(api.token),
            sender=api.sender,
            callback_url=secret(api.callback_url) or None,
            url=api.url or SMSAPI_PL,
            point_minor=api.point_minor,
            currency=api.currency,
            private_networks=api.private_networks,
        )
        guard = _guard(api.callback_token, api.networks)
        return HttpSmsProvider(one.name, settings, clock=clock, pace=pace, guard=guard)
    # What these need is slow to load, and few have them.
    if one.smtp is not None:
        from channels.email.composing import MailIdentity
        from channels.email.provider import MailProvider, MailServer

        mail = one.smtp
        server = MailServer(
            mail.host,
            mail.port,
            mail.tls,
            mail.username,
            secret(mail.password),
            mail.verify_tls,
            mail.our_host_name,
            delivery_notices=mail.delivery_notices,
        )
        replies = mailbox_of(mail.replies) if mail.replies else None
        identity = MailIdentity(mailbox_of(mail.sender), address_of(mail.bounces), replies)
        return MailProvider(
            one.name, server, identity, clock=clock, pace=pace, guard=_guard(mail.callback_token)
        )
    if one.push is not None:
        from channels.push.provider import WebPushProvider

        key = kept_vapid_key(configuration.place(configuration.state) / PUSH_KEY)
        push = one.push
        return WebPushProvider(
            one.name, key, push.contact, clock=clock, pace=pace, private_networks=push.private_networks
        )
    if one.telegram is not None:
        known = one.telegram
        bot = TelegramBot(
            secret(known.token),
            secret(known.secret),
            known.callback_url,
            known.url,
            known.private_networks,
        )
        return TelegramProvider(one.name, bot, pace=pace)
    assert one.vk is not None  # a provider has one kind: the configuration was checked
    vk = one.vk
    community = VkCommunity(
        vk.group_id,
        secret(vk.token),
        secret(vk.secret),
        secret(vk.confirmation),
        vk.url,
        private_networks=vk.private_networks,
    )
    return VkProvider(one.name, community, clock=clock, pace=pace)


def _guard(token: str, networks: Sequence[IPv4Network | IPv6Network] = ()) -> CallbackGuard | None:
    """None: nobody may call back."""
    return CallbackGuard(secret(token), networks=networks) if token or networks else None


def _http_guard(http: HttpSection) -> CallbackGuard | None:
    if not (http.callback_token or http.signature or http.networks):
        return None
    signed = http.signature
    signature = None
    if signed is not None:
        key = secret(signed.key)
        signature = HmacSignature(signed.header, key, signed.algorithm, signed.encoding, signed.before)
    return CallbackGuard(
        secret(http.callback_token),
        http.callback_header,
        http.callback_query,
        signature,
        http.networks,
    )


def _smpp(one: ProviderSection, smpp: SmppSection) -> SmppSettings:
    return SmppSettings(
        name=one.name,
        endpoints=tuple(Endpoint(end.host, end.port, end.tls) for end in smpp.endpoints),
        system_id=smpp.system_id,
        password=secret(smpp.password),
        system_type=smpp.system_type,
        binds=smpp.binds,
        window=one.at_once or Pace().at_once,
        per_second=one.per_second,
        sender=smpp.sender,
        service_type=smpp.service_type,
        alphabet=smpp.alphabet,
        long_messages=smpp.long_messages,
        most_parts=smpp.most_parts,
        receipt_ids=smpp.receipt_ids,
        receipt_zone=smpp.receipt_zone,
        validity=smpp.validity,
        busy_statuses=frozenset(smpp.busy_statuses),
    )


def _http(http: HttpSection) -> HttpSmsSettings:
    receipts, incoming = http.receipts, http.incoming
    return HttpSmsSettings(
        request=Asked(
            url=secret(http.url),
            method=http.method,
            headers=_filled(http.headers),
            form=None if http.form is None else _filled(http.form),
            json=None if http.json_body is None else _filled(http.json_body),
            plus=http.plus,
            expires=http.expires,
            expires_least_seconds=http.expires_least_seconds,
            expires_most_seconds=http.expires_most_seconds,
        ),
        answer=Answered(
            reference=_place(http.reference, "reference"),
            error=_place(http.error, "error"),
            why=_place(http.why, "why"),
            errors=dict(http.errors),
            account=frozenset(http.account),
            already=frozenset(http.already),
            cost=_place(http.cost, "cost"),
            unit_minor=http.unit_minor,
            currency=http.currency,
        ),
        receipts=None
        if receipts is None
        else ReceiptFields(
            _place(receipts.reference, "receipts.reference"),
            _place(receipts.status, "receipts.status"),
            dict(receipts.states),
            _place(receipts.at, "receipts.at"),
            _place(receipts.why, "receipts.why"),
            receipts.separator,
        ),
        incoming=None
        if incoming is None
        else IncomingFields(
            _place(incoming.sender, "incoming.sender"),
            _place(incoming.to, "incoming.to"),
            _place(incoming.text, "incoming.text"),
            _place(incoming.at, "incoming.at"),
            _place(incoming.id, "incoming.id"),
            _place(incoming.in_reply_to, "incoming.in_reply_to"),
        ),
        sender=http.sender,
        callback_url=secret(http.callback_url) or None,
        reply=http.reply,
        limit_seconds=http.limit_seconds,
        verify_tls=http.verify_tls,
        private_networks=http.private_networks,
    )


def _place(where: str, field: str) -> Place:
    try:
        return Place(where)
    except SettingRefused as refused:
        raise SettingRefused(str(refused), field) from None


def _filled(values: Mapping[str, Any]) -> dict[str, Any]:
    """With the environment's secrets, however deep."""
    return {name: _with_secrets(value) for name, value in values.items()}


def _with_secrets(value: Any) -> Any:
    match value:
        case str():
            return secret(value)
        case Mapping():
            return _filled(value)
        case list() | tuple():
            return [_with_secrets(inner) for inner in value]
        case _:
            return value
