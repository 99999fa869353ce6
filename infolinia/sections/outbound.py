"""`outbound:` of the configuration: calls that the hotline places itself."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from engine.placing.outbound import Lines


def _caller_id(value: str) -> str:
    if value and not re.fullmatch(r"[0-9A-Za-z+*#._-]{1,40}", value):
        raise ValueError("write a number as the carrier wants it, such as +48220000010")
    return value


def _company(value: str) -> str:
    if len(value) > 80 or not set("{}").isdisjoint(value) or not value.isprintable():
        raise ValueError("write the name as it is spoken: up to 80 characters, without braces")
    return value


def _flow_name(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", value):
        raise ValueError("a flow's name is its file's name without .yaml: small letters, digits and '-'")
    return value


FlowName = Annotated[str, AfterValidator(_flow_name)]


class OutboundSection(BaseModel):
    """`lines`: calls at once. `trunk`: the name of one of `sip.trunks`; the first when it is left out.

    `flows`: those that may be said to people who are called. `company`: who calls, as they are told.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    lines: Annotated[int, Field(ge=0, le=1000)] = 10
    calls_per_second: Annotated[float, Field(ge=0.1, le=100)] = 2.0
    trunk: str = ""
    caller_id: Annotated[str, AfterValidator(_caller_id)] = ""
    flows: tuple[FlowName, ...] = ()
    company: Annotated[str, AfterValidator(_company)] = ""


def outbound_lines(section: OutboundSection, trunks: Sequence[str]) -> Lines:
    trunk = section.trunk or next(iter(trunks), None)
    flows = frozenset(section.flows)
    return Lines(
        section.lines, section.calls_per_second, trunk, section.caller_id, flows, section.company.strip()
    )


def outbound_problems(section: OutboundSection, trunks: Sequence[str]) -> list[str]:
    if section.trunk and section.trunk not in trunks:
        known = ", ".join(trunks) or "none"
        return [f'outbound.trunk "{section.trunk}" is not among `sip.trunks` ({known}): name one of them.']
    return []
