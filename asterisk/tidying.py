"""Asterisk's own files kept from filling the disk: it rotates none of them by size."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from asterisk.cel import prune_cel
from asterisk.folders import RuntimeFolders

TIDY_EVERY_SECONDS = 60.0
CEL_KEPT_DAYS = 30
LONGEST_LOG_BYTES = 20_000_000  # twice, with the one before

_PRUNED_ROWS = 5000  # a minute: over 80 events a second are kept up with


def tidy(folders: RuntimeFolders) -> bool:
    """Prune the call log and put long logs aside. True when Asterisk must open its log anew.

    Raises OSError or sqlite3.Error.
    """
    oldest = datetime.fromtimestamp(time.time() - CEL_KEPT_DAYS * 86400, UTC)
    prune_cel(folders.cel_db, oldest, most_rows=_PRUNED_ROWS)
    put_aside = False
    for path in (folders.message_log, folders.log / "cdr-csv" / "Master.csv"):
        if path.exists() and path.stat().st_size > LONGEST_LOG_BYTES:
            path.replace(path.with_name(path.name + ".1"))
            put_aside = True
    return put_aside
