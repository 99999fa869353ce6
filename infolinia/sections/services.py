"""`services:` of the configuration: the company's own web services that a flow may ask."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from channels.services import ServiceAddress
from ivr.reading.shape import Seconds

_VARIABLE = re.compile(r"\$\{([^}]*)\}")


def _service_name(value: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_-]*", value):
        raise ValueError("a service's name has small letters, digits, '-' and '_', a letter first")
    return value


def _url(value: str) -> str:
    try:
        parts = urlsplit(value)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or not value.isascii() or any(c <= " " for c in value):
        raise ValueError("write the address of the service, such as https://orders.example.com/api")
    if "@" in parts.netloc:
        raise ValueError("leave the user and password out of the address: write them as a header")
    if parts.query or parts.fragment:
        raise ValueError("leave out what follows ? or #: the flow writes the query")
    return value


def _header_name(value: str) -> str:
    if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", value):
        raise ValueError("a header's name has letters, digits and '-', such as Authorization")
    return value


def _header_value(value: str) -> str:
    if any(c < " " or c == "\x7f" for c in value):
        raise ValueError("a header's value is one line")
    for name in _VARIABLE.findall(value):
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
            raise ValueError("write a variable of the environment as ${NAME}")
    return value


ServiceName = Annotated[str, AfterValidator(_service_name)]
HeaderName = Annotated[str, AfterValidator(_header_name)]
HeaderValue = Annotated[str, AfterValidator(_header_value)]


class ServiceSection(BaseModel):
    """`timeout` goes before a longer one of a flow. In headers ${NAME} is a variable of the environment."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: Annotated[str, AfterValidator(_url)]
    headers: Mapping[HeaderName, HeaderValue] = Field(default={}, repr=False)
    timeout: Annotated[Seconds, Field(ge=0.1, le=60)] = 10.0
    verify_tls: bool = True


def service_addresses(
    services: Mapping[str, ServiceSection], environment: Mapping[str, str] = os.environ
) -> dict[str, ServiceAddress]:
    """Where the services are, with the environment's secrets. Raises KeyError for one that is missing."""
    return {
        name: ServiceAddress(
            section.url,
            {
                header: _VARIABLE.sub(lambda found: environment[found[1]], value)
                for header, value in section.headers.items()
            },
            section.timeout,
            section.verify_tls,
        )
        for name, section in services.items()
    }


def missing_variables(
    services: Mapping[str, ServiceSection], environment: Mapping[str, str] = os.environ
) -> Iterator[str]:
    """A sentence for each variable of the environment that a header wants and that is not usable."""
    for name, section in services.items():
        for header, value in section.headers.items():
            for variable in _VARIABLE.findall(value):
                found = environment.get(variable)
                if not found:
                    yield (
                        f"services.{name}.headers.{header} wants the environment variable {variable}, "
                        "which is not set: set it where the hotline is started."
                    )
                elif any(c < " " or c == "\x7f" for c in found):
                    yield (
                        f"services.{name}.headers.{header} wants the environment variable {variable}, "
                        "which has more than one line: a header's value is one line."
                    )
