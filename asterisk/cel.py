"""Asterisk's own account of calls (CEL), read so that calls the engine missed reach the history."""

from __future__ import annotations

# (column of the table, field of Asterisk's record)
CEL_COLUMNS = (
    ("event", "eventtype"),
    ("at", "eventtime(float)"),
    ("linkedid", "linkedid"),
    ("uniqueid", "uniqueid"),
    ("channel", "channame"),
    ("context", "context"),
    ("exten", "exten"),
    ("caller", "num"),
    ("app", "appname"),
    ("app_data", "appdata"),
    ("user_event", "userdeftype"),
    ("extra", "eventextra"),
)
