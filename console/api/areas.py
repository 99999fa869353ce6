"""All operations of the API, area by area."""

from __future__ import annotations

from console.api.operation import Operation
from console.api.parts import ApiParts


def operations(parts: ApiParts) -> tuple[Operation, ...]:
    """In the order of the documentation."""
    areas: tuple[tuple[Operation, ...], ...] = ()
    return tuple(operation for area in areas for operation in area)
