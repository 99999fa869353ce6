"""Raw files that no row names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.ports import LedgerUnavailable
from store.recordings.strays import StrayRecordings
from store.store import Store
from tests.conftest import HandClock
from tests.recordings.people_talking import house
from tests.recordings.sounds import tone, written


async def test_only_what_no_row_names_is_deleted_and_not_while_rows_wait(
    make_store: Callable[..., Store], clock: HandClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = make_store(f"sqlite:///{tmp_path}/infolinia.db")
    await store.start()
    home = house(store, clock, tmp_path)
    known = await home.recorded("c1", ended=False)
    folder = home.line.folder
    written(folder, "c2.rec.4", tone(440, 1.0), tone(440, 1.0))
    (folder / "other.raw").write_bytes(b"of somebody else")
    strays = StrayRecordings(folder, store.recordings, store.ledger)

    def left() -> set[str]:
        return {path.name.removesuffix(".said.raw") for path in folder.glob("*.said.raw")}

    async def away(*_: Any, durable: bool) -> None:
        assert durable
        raise LedgerUnavailable("The database is away.")

    with monkeypatch.context() as patched:
        patched.setattr(store.ledger, "commit", away)
        await strays.once()
        assert left() == {known, "c2.rec.4"}
    # The next one's row is on its way.
    log = await home.call("c3", True)
    await home.talks.of_call().begin(log, "c3.leg.4", "c3", agent="anna", queue="sales")
    await strays.once()
    assert left() == {known, home.line.asked[-1][2]}
    assert not (folder / "c2.rec.4.heard.raw").exists()
    assert (folder / "other.raw").exists()
