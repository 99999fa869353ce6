"""How one SMS provider's HTTP interface is spoken: the request, its answer, and what it calls back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from urllib.parse import urlsplit

from channels.http_sms.fields import Place, SettingRefused, check_template
from messaging.provider import Taken
from messaging.states import MessageState


@dataclass(frozen=True, slots=True)
class Asked:
    """The request. `form` or `json` is its body, neither: all stands in the address (a GET).

    `plus`: whether {to} begins with "+". `expires`: "unix" seconds, "iso" time, or "seconds" from now, given
    only when it is from `expires_least_seconds` to `expires_most_seconds` away.
    """

    url: str = field(repr=False)
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)
    json: Mapping[str, object] | None = field(default=None, repr=False)
    plus: bool = True
    expires: str = "unix"
    expires_least_seconds: float = 60.0
    expires_most_seconds: float = 48 * 3600.0

    def __post_init__(self) -> None:
        if urlsplit(self.url).scheme not in ("http", "https") or not urlsplit(self.url).hostname:
            raise SettingRefused("write the provider's address, such as https://sms.example.com", "url")
        if self.method not in ("GET", "POST", "PUT"):
            raise SettingRefused(f"{self.method!r} is not GET, POST or PUT", "method")
        if self.form is not None and self.json is not None:
            raise SettingRefused("write form or json_body, not both")
        if self.method == "GET" and (self.form is not None or self.json is not None):
            raise SettingRefused("a GET has no body; put the fields into the url", "method")
        if self.expires not in ("unix", "iso", "seconds"):
            raise SettingRefused(f"{self.expires!r} is not unix, iso or seconds", "expires")
        for name, template in [("url", self.url), ("form", self.form), ("json_body", self.json)]:
            check_template(template, name)
        for name, template in self.headers.items():
            check_template(template, f"headers.{name}")
            if any(letter in template for letter in "\r\n\0"):
                raise SettingRefused("a header is one line", f"headers.{name}")


@dataclass(frozen=True, slots=True)
class Answered:
    """Its answer. `reference` nowhere: the provider tells our {id} back in its callbacks.

    `error`, `why`: where a refusal's code and sentence stand; `errors`: code -> what it means, all others are
    `rejected`. `account`: codes that stop all sending until a person mends the account. `already`: codes that
    say it has this {id} already: it is taken; with them an unanswered request is repeated once.
    `cost` in units of which one is `unit_minor` minor units of `currency`.
    """

    reference: Place = field(default_factory=Place)
    error: Place = field(default_factory=Place)
    why: Place = field(default_factory=Place)
    errors: Mapping[str, Taken] = field(default_factory=dict)
    account: frozenset[str] = frozenset()
    already: frozenset[str] = frozenset()
    cost: Place = field(default_factory=Place)
    unit_minor: Decimal = Decimal(100)
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class ReceiptFields:
    """Where a receipt stands in a callback's query, form or JSON. `states`: its word -> what it means; words
    that are not there mean that nothing has changed yet. `separator`: of several receipts in one call."""

    reference: Place
    status: Place
    states: Mapping[str, MessageState]
    at: Place = field(default_factory=Place)
    why: Place = field(default_factory=Place)
    separator: str = ""


@dataclass(frozen=True, slots=True)
class IncomingFields:
    """Where a person's SMS stands in a callback. `id` nowhere: it is told from all the others together, and
    by the hour in which it came where it tells no time."""

    from_: Place
    to: Place
    text: Place
    at: Place = field(default_factory=Place)
    id: Place = field(default_factory=Place)
    in_reply_to: Place = field(default_factory=Place)


@dataclass(frozen=True, slots=True)
class HttpSmsSettings:
    """`sender` of messages that name none. `callback_url` is what {callback} stands for. `reply` is what the
    provider wants to hear when it called back; anything else makes it call again."""

    request: Asked
    answer: Answered = field(default_factory=Answered)
    receipts: ReceiptFields | None = None
    incoming: IncomingFields | None = None
    sender: str | None = None
    callback_url: str | None = field(default=None, repr=False)
    reply: str = "OK"
    limit_seconds: float = 15.0
    verify_tls: bool = True
    private_networks: bool = False
