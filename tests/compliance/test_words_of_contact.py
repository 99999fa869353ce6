"""Channels and purposes have one set of words: in the gate, in flows and in lists."""

from __future__ import annotations

from typing import get_args

from compliance.facts import Channel, Purpose
from history import interaction
from history.importing.columns import ColumnsRefused, check_columns
from history.importing.options import ImportOptions
from ivr.steps.errand import ContactChannel, ContactPurpose


def test_flows_have_the_gates_words() -> None:
    assert set(get_args(ContactChannel)) == set(Channel)
    assert set(get_args(ContactPurpose)) == set(Purpose)


def test_lists_and_the_history_have_the_gates_channels() -> None:
    assert {each.value for each in Channel} <= {each.value for each in interaction.Channel}
    for each in interaction.Channel:
        options = ImportOptions(columns=((f"consent.{each.value}.marketing", "x"),))
        try:
            check_columns(options)
            known = True
        except ColumnsRefused:
            known = False
        assert known is (each.value in set(Channel)), each
