"""A new token: its secret, which is shown once, and what is kept of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from console.accounts.credentials import HINT_LENGTH, digest, new_token
from console.accounts.proxies import networks_of
from engine.registers.access import Scope
from engine.registers.accounts import Token, checked_name
from engine.registers.refusals import Refused

DEFAULT_DAYS = 365
LONGEST_DAYS = 730
MOST_NETWORKS = 50


def made_token(
    id: str,
    name: str,
    scopes: frozenset[Scope],
    now: datetime,
    *,
    days: int = DEFAULT_DAYS,
    networks: Sequence[str] = (),
    created_by: str,
) -> tuple[str, str, Token]:
    """(secret, digest, token). Raises Refused, naming the field."""
    if not scopes:
        raise Refused("Name what the token may do.", "scopes")
    if not 1 <= days <= LONGEST_DAYS:
        raise Refused(f"A token is for 1 to {LONGEST_DAYS} days.", "days")
    if len(networks) > MOST_NETWORKS:
        raise Refused(f"A token is bound to {MOST_NETWORKS} networks at most.", "networks")
    try:
        bound = tuple(str(network) for network in networks_of(networks))
    except ValueError as error:
        raise Refused(f"{error}: write a network as 10.0.0.0/24.", "networks") from error
    secret = new_token()
    token = Token(
        id=id,
        name=checked_name(name),
        hint=secret[:HINT_LENGTH],
        scopes=scopes,
        created_at=now,
        created_by=created_by,
        expires_at=now + timedelta(days=days),
        networks=bound,
    )
    return secret, digest(secret), token
