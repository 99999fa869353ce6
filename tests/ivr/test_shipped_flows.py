"""The flows that are shipped: their own tests pass and reach every step, way and language of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from infolinia.configuration import Configuration
from infolinia.flows.files import read_flow
from infolinia.flows.testing import rehearsal_surroundings, run_files

FLOWS = sorted((Path(__file__).parents[2] / "callflows").glob("*.yaml"))


@pytest.mark.parametrize("path", FLOWS, ids=lambda path: path.stem)
def test_its_tests_pass_and_reach_everything(path: Path) -> None:
    run = run_files([read_flow(path)], rehearsal_surroundings(Configuration()))
    assert not [verdict.told() for verdict in run.failed]
    for covered in run.coverage.files.values():
        if covered.file == str(path):
            for kind in ("steps", "ways", "languages"):
                assert covered.share(kind).percent == 100, [str(missed) for missed in covered.missed()]
            assert covered.share("steps").whole > 0
