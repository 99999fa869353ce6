"""`webhooks:` of the configuration: how other systems are told of what happens."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from channels.webhooks import SEND_LIMIT_SECONDS
from ivr.reading.shape import Seconds


class WebhooksSection(BaseModel):
    """The webhooks themselves are kept in the database: they are made over the API."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    # A claim on a delivery lasts longer than this can be.
    timeout: Annotated[Seconds, Field(ge=1, le=20)] = SEND_LIMIT_SECONDS
    private_networks: bool = False
    pause_after_days: Annotated[int, Field(ge=1, le=30)] = 5
