"""Kill -9 in the middle of a mailing: the SMSC's log and our rows, one by one."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.messages_killed import killed_again_and_again
from messaging.states import MessageState
from tests.smsc import running_smsc

pytestmark = pytest.mark.timeout(150)
MESSAGES, KILLS, WINDOW = 2000, 2, 20


async def test_none_is_lost_and_none_goes_out_twice(url: str, tmp_path: Path) -> None:
    async with running_smsc() as smsc:
        found = await killed_again_and_again(url, tmp_path, smsc, number=MESSAGES, kills=KILLS, window=WINDOW)
    assert (found.lost, found.twice, found.untrue) == ([], [], [])
    # What was being handed over, or had just been answered and was being written, when the sender died: how
    # much that is hangs on how far the writing was behind.
    assert len(found.doubtful) < MESSAGES / 2
    assert found.states.get(MessageState.IN_DOUBT, 0) == len(found.doubtful)
    assert sum(found.states.values()) == MESSAGES
