"""Page: a part of a list, and where the next one begins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """`after` names the last item for the next page, None when there is no more."""

    items: tuple[Item, ...]
    after: tuple[str, ...] | None = None
