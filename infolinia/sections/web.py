"""`web:` of the configuration: where the pages and the API are, and who may ask them how often."""

from __future__ import annotations

import re
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?|[0-9a-f:]{2,45}", re.ASCII)


def _host_name(value: str) -> str:
    name = value.lower().strip("[]")
    if not _NAME.fullmatch(name):
        raise ValueError("write a host's name or address without scheme and port, such as calls.example.com")
    return name


def _network(value: str) -> str:
    try:
        return str(ip_network(value))
    except ValueError:
        raise ValueError("write an address or a network, such as 10.0.0.5 or 10.0.0.0/24") from None


class RateSection(BaseModel):
    """Requests of one token or person: `burst` at once, and `per_second` from then on."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    per_second: Annotated[float, Field(gt=0, le=10_000, allow_inf_nan=False)] = 50.0
    burst: Annotated[int, Field(ge=1, le=100_000)] = 200


class TlsSection(BaseModel):
    """PEM files: a certificate with those between it and its authority, and its key without a password."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    certificate: Path
    key: Path


class WebSection(BaseModel):
    """`names`: the names by which browsers and other systems ask, beside localhost.

    `proxies`: reverse proxies whose word on the asker's address and on https is taken.
    `tls`: the certificate that it serves https with. None: one of its own making, where it is reached from
    other machines and no proxy serves https for it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    bind: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 8080
    names: tuple[Annotated[str, AfterValidator(_host_name)], ...] = ()
    proxies: tuple[Annotated[str, AfterValidator(_network)], ...] = ()
    visitors: Annotated[int, Field(ge=0, le=500)] = 20
    tls: TlsSection | None = None
    rate: RateSection = RateSection()

    @property
    def beyond(self) -> bool:
        """Whether it is reached from other machines too."""
        try:
            return not ip_address(self.bind).is_loopback
        except ValueError:
            return self.bind.lower() != "localhost"

    @property
    def is_local(self) -> bool:
        """Whether all browsers are on this machine."""
        return not self.beyond and not self.proxies

    @property
    def serves_tls(self) -> bool:
        """Passwords and personal data cross a network over https only."""
        return self.tls is not None or (self.beyond and not self.proxies)
