"""Raw files that no row names."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from store.recordings.strays import QUIET_SECONDS, StrayRecordings
from store.store import Store
from tests.conftest import HandClock
from tests.recordings.people_talking import house
from tests.recordings.sounds import tone, written


async def test_only_what_no_row_names_is_deleted_and_not_at_the_first_look(
    make_store: Callable[..., Store], clock: HandClock, tmp_path: Path
) -> None:
    store = make_store(f"sqlite:///{tmp_path}/infolinia.db")
    await store.start()
    home = house(store, clock, tmp_path)
    known = await home.recorded("c1", ended=False)
    folder = home.line.folder
    for name in ("c2.rec.4", "c3.rec.4"):
        written(folder, name, tone(440, 1.0), tone(440, 1.0))
    (folder / "other.raw").write_bytes(b"of somebody else")
    long_ago = time.time() - QUIET_SECONDS - 1
    for path in folder.iterdir():
        if not path.name.startswith("c3"):  # which still grows
            os.utime(path, (long_ago, long_ago))
    strays = StrayRecordings(folder, store.recordings)

    def left() -> set[str]:
        return {path.name.removesuffix(".said.raw") for path in folder.glob("*.said.raw")}

    await strays.once()
    assert left() == {known, "c2.rec.4", "c3.rec.4"}
    await strays.once()
    assert left() == {known, "c3.rec.4"}
    assert not (folder / "c2.rec.4.heard.raw").exists()
    assert (folder / "other.raw").exists()
