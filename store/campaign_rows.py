"""Campaigns as rows: some columns to be asked by, the rest as JSON in the shapes' own field names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from pydantic import TypeAdapter
from sqlalchemy import Row

from dialer.campaign import Campaign

_READER: TypeAdapter[Campaign] = TypeAdapter(Campaign)
_COLUMNS = ("id", "name", "kind", "mode", "state", "version", "created_at", "updated_at")
_TIMES = ("started_at", "finished_at")


def json_of(value: object) -> Any:
    """Plain JSON of frozen dataclasses, whose mappings may be read-only."""
    return orjson.loads(orjson.dumps(value, default=_mapping, option=orjson.OPT_NON_STR_KEYS))


def _mapping(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def campaign_columns(campaign: Campaign) -> dict[str, object]:
    settings = json_of(campaign)
    for name in (*_COLUMNS, *_TIMES):
        del settings[name]
    return {
        "id": campaign.id,
        "name": campaign.name,
        "kind": campaign.kind.value,
        "mode": campaign.mode.value,
        "state": campaign.state.value,
        "version": campaign.version,
        "created_at": campaign.created_at,
        "updated_at": campaign.updated_at,
        "started_at": campaign.started_at,
        "finished_at": campaign.finished_at,
        "settings": settings,
    }


def campaign_of(row: Row[Any]) -> Campaign:
    columns = {name: getattr(row, name) for name in (*_COLUMNS, *_TIMES)}
    return _READER.validate_python({**row.settings, **columns})
