"""Publication: what others are told of a change, over webhooks and the event stream."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Publication:
    """`kind` as "contact.changed"; `subject` as "contact:01J…", whose publications keep their order.

    `data` is the JSON object that is told, in the form in which the API shows the thing.
    """

    id: str
    at: datetime
    kind: str
    subject: str
    data: Mapping[str, object] = field(default_factory=dict)
