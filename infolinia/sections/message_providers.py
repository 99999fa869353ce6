"""The kinds of providers that `messaging.providers` may name, and their settings.

A secret may stand in the file or be a variable of the environment, written as ${NAME}.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from channels.smpp.settings import Alphabet, LongMessages, ReceiptIds, Validity
from messaging.provider import Taken
from messaging.states import MessageState

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
Port = Annotated[int, Field(ge=1, le=65535)]
Secret = Annotated[str, Field(min_length=1, repr=False)]
OptionalSecret = Annotated[str, Field(repr=False)]
Seconds = Annotated[float, Field(ge=0, le=30 * 24 * 3600)]
MinorUnits = Annotated[Decimal, Field(gt=0, le=1_000_000)]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
# Settings that are secret, by kind.
SECRETS: Mapping[str, tuple[str, ...]] = {
    "smpp": ("password",),
    "http": ("headers", "callback_token", "callback_url", "signature", "url", "form", "json_body"),
    "smsapi": ("token", "callback_token", "callback_url"),
    "smtp": ("password", "callback_token"),
    "push": (),
    "telegram": ("token", "secret"),
    "vk": ("token", "secret", "confirmation"),
}


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class EndpointSection(_Section):
    host: str
    port: Port = 2775
    tls: bool = False


class SmppSection(_Section):
    """SMPP 3.4. `binds` connections to each endpoint."""

    endpoints: Annotated[tuple[EndpointSection, ...], Field(min_length=1)]
    system_id: Annotated[str, Field(max_length=15)]
    password: Secret
    system_type: Annotated[str, Field(max_length=12)] = ""
    binds: Annotated[int, Field(ge=1, le=20)] = 1
    sender: str = ""
    service_type: Annotated[str, Field(max_length=5)] = ""
    alphabet: Alphabet = Alphabet.GSM
    long_messages: LongMessages = LongMessages.UDH_8
    most_parts: Annotated[int, Field(ge=1, le=20)] = 10
    receipt_ids: ReceiptIds = ReceiptIds.SAME
    receipt_zone: str | None = None
    validity: Validity = Validity.ABSOLUTE
    busy_statuses: tuple[Annotated[int, Field(ge=1, le=0xFFFFFFFF)], ...] = ()


class SignatureSection(_Section):
    """A header with the keyed hash of a callback's body. `before`: what stands before the hash."""

    header: str
    key: Secret
    algorithm: Literal["sha256", "sha512", "sha1"] = "sha256"
    encoding: Literal["hex", "base64"] = "hex"
    before: str = ""


class ReceiptSection(_Section):
    """Where a receipt stands in what the provider calls back with. `separator`: of several in one call."""

    reference: str
    status: str
    states: Mapping[str, MessageState]
    at: str = ""
    why: str = ""
    separator: str = ""


class IncomingSection(_Section):
    """Where a person's message stands in it. `sender`: who wrote."""

    sender: str
    to: str
    text: str
    at: str = ""
    id: str = ""
    in_reply_to: str = ""


class HttpSection(_Section):
    """Any provider with an HTTP interface. Templates: {to} {text} {sender} {id} {expires} {callback}.

    Places: a JSON pointer such as /list/0/id, or "regex:" and a pattern.
    """

    url: str
    method: Literal["GET", "POST", "PUT"] = "POST"
    headers: Annotated[Mapping[str, str], Field(repr=False)] = {}
    form: Annotated[Mapping[str, str] | None, Field(repr=False)] = None
    json_body: Annotated[Mapping[str, Any] | None, Field(repr=False)] = None
    plus: bool = True
    expires: Literal["unix", "iso", "seconds"] = "unix"
    expires_least_seconds: Seconds = 60.0
    expires_most_seconds: Seconds = 48 * 3600.0
    limit_seconds: Annotated[float, Field(ge=1, le=30)] = 15.0
    sender: str | None = None
    reference: str = ""
    error: str = ""
    why: str = ""
    errors: Mapping[str, Taken] = {}
    account: tuple[str, ...] = ()
    already: tuple[str, ...] = ()
    cost: str = ""
    unit_minor: MinorUnits = Decimal(100)
    currency: Currency | None = None
    receipts: ReceiptSection | None = None
    incoming: IncomingSection | None = None
    callback_url: OptionalSecret = ""
    callback_token: OptionalSecret = ""
    callback_header: str = "authorization"
    callback_query: str = "token"
    signature: SignatureSection | None = None
    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    reply: str = "OK"
    verify_tls: bool = True
    private_networks: bool = False


class SmsapiSection(_Section):
    """SMSAPI. `callback_url`: where receipts are sent, with our token; "": as its panel says."""

    token: Secret
    sender: str | None = None
    url: str = ""
    callback_url: OptionalSecret = ""
    callback_token: OptionalSecret = ""
    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    point_minor: MinorUnits = Decimal(100)
    currency: Currency | None = None
    private_networks: bool = False


class SmtpSection(_Section):
    """E-mail. `bounces`: what returns goes to it, with the message's id behind a "+"."""

    host: str
    sender: str
    bounces: str
    replies: str = ""
    port: Port = 587
    tls: Literal["starttls", "tls", "none"] = "starttls"
    username: str = ""
    password: OptionalSecret = ""
    verify_tls: bool = True
    our_host_name: str = "localhost"
    delivery_notices: bool = False
    callback_token: OptionalSecret = ""


class PushSection(_Section):
    """Web push. `contact`: "mailto:…", whom a push service may write to. The key is made in `state`."""

    contact: str
    private_networks: bool = False


class TelegramSection(_Section):
    token: Secret
    secret: OptionalSecret = ""
    callback_url: str = ""
    url: str = "https://api.telegram.org"
    private_networks: bool = False


class VkSection(_Section):
    group_id: Annotated[int, Field(ge=1)]
    token: Secret
    secret: OptionalSecret = ""
    confirmation: OptionalSecret = ""
    url: str = "https://api.vk.com/method"
    private_networks: bool = False


def secret(value: str, environment: Mapping[str, str] = os.environ) -> str:
    """With its variables replaced. Raises KeyError for one that is missing."""
    return _VARIABLE.sub(lambda found: environment[found[1]], value)


def missing_variables(
    kind: str, section: BaseModel, here: str, environment: Mapping[str, str] = os.environ
) -> Iterator[str]:
    """A sentence for each variable of the environment that a secret wants and that is not set."""
    for name in SECRETS[kind]:
        for variable in _variables(getattr(section, name)):
            if not environment.get(variable):
                yield (
                    f"{here}.{kind}.{name} wants the environment variable {variable}, which is not set: "
                    "set it where the hotline is started."
                )


def _variables(value: object) -> Iterator[str]:
    match value:
        case str():
            yield from _VARIABLE.findall(value)
        case Mapping():
            for inner in value.values():
                yield from _variables(inner)
        case list() | tuple():
            for inner in value:
                yield from _variables(inner)
        case SignatureSection():
            yield from _variables(value.key)
