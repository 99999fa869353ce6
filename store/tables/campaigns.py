"""Campaigns, and how each is run at the moment."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, ForeignKey, Index, Integer, Table, Text, text

from store.tables.columns import Json, UtcDateTime, metadata

# `settings` is all of dialer.campaign.Campaign that is no column of its own. `version` counts its changes.
campaigns = Table(
    "campaigns",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("mode", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("settings", Json, nullable=False),
    Column("version", Integer, nullable=False, server_default=text("1")),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime),
    Column("finished_at", UtcDateTime),
    sqlite_with_rowid=False,
)
Index("ix_campaigns_state", campaigns.c.state)

# One engine paces a campaign: `owner`, until `until`. `fence` grows with each new owner; who comes with an
# older one is refused. `knowledge` is the pacer's own, from one run to the next.
campaign_runs = Table(
    "campaign_runs",
    metadata,
    Column("campaign", Text, ForeignKey("campaigns.id"), primary_key=True),
    Column("owner", Text),
    Column("until", UtcDateTime),
    Column("fence", BigInteger, nullable=False, server_default=text("0")),
    Column("knowledge", Json),
    Column("known_at", UtcDateTime),
    sqlite_with_rowid=False,
)

# What agents did in each minute; `fence`: of the engine that ran the campaign then. A minute in which one
# engine followed another has two rows, which add up.
campaign_minutes = Table(
    "campaign_minutes",
    metadata,
    Column("campaign", Text, ForeignKey("campaigns.id"), primary_key=True),
    Column("at", UtcDateTime, primary_key=True),
    Column("fence", BigInteger, primary_key=True),
    Column("ready_seconds", Float, nullable=False),
    Column("talking_seconds", Float, nullable=False),
    Column("wrapping_seconds", Float, nullable=False),
    Column("lines", Integer, nullable=False),
    Column("held", Text, nullable=False),
    sqlite_with_rowid=False,
)

# The last forecast of each campaign. `settings`: the campaign's when it was made, in
# engine.forecasts.settings_of's form; `result`: as engine.forecasting.CampaignForecast tells it.
campaign_forecasts = Table(
    "campaign_forecasts",
    metadata,
    Column("campaign", Text, ForeignKey("campaigns.id"), primary_key=True),
    Column("begun_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime, nullable=False),
    Column("place", Text, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("agents", Integer, nullable=False),
    Column("days", Integer, nullable=False),
    Column("changes", Json, nullable=False),
    Column("settings", Json, nullable=False),
    Column("result", Json, nullable=False),
)
