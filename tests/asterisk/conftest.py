"""Ports of its own for each test that runs a real Asterisk."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.house import Ports, take_ports


@pytest.fixture
def ports() -> Iterator[Ports]:
    with take_ports() as taken:
        yield taken
