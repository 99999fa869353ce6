"""Short links kept with the messages that they stand in."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, insert

from messaging.links import ShortLink
from store.tables import short_links


def add_links(connection: Connection, links: Sequence[ShortLink]) -> None:
    """In the transaction of their messages, behind these."""
    if links:
        rows = [
            {
                "id": link.id,
                "message_id": link.message_id,
                "target": link.target,
                "made_at": link.made_at,
                "expires_at": link.expires_at,
            }
            for link in links
        ]
        connection.execute(insert(short_links), rows)
