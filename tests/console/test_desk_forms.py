"""Forms of the desk as they are read: what cannot be meant is told, and nothing else passes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from console.desk.forms import MOST_PARTS, WrongForm, promise_of

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
FORM = {"amount": "120,50", "currency": "pln", "due": "2026-12-01"}


def test_a_promise_is_in_one_part_or_a_few() -> None:
    assert promise_of(FORM, NOW)[3] == 1
    assert promise_of({**FORM, "parts": " 12 "}, NOW)[3] == MOST_PARTS


@pytest.mark.parametrize("parts", ["0", "13", "-1", "1.5", "٣", "0019", "00199999999", "001" + "9" * 5000])
def test_no_other_number_of_parts_is_taken(parts: str) -> None:
    with pytest.raises(WrongForm, match="desk_wrong_parts"):
        promise_of({**FORM, "parts": parts}, NOW)
