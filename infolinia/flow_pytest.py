"""pytest runs the tests that stand in flow files: each one an item, and each file's coverage one more.

Files named *.yaml in a folder `callflows` are collected (ini option `infolinia_callflows`: folders, relative
to the ini file). Ini option `infolinia_coverage`: the steps that must be reached, in percent.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from ivr.flow import Flow
    from ivr.rehearsal.script import FlowTest
    from ivr.surroundings import Surroundings

DEFAULT_FOLDERS = ["callflows"]

# The rest of infolinia is imported when a flow is found: this module is loaded in every run of pytest.


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addini("infolinia_callflows", "folders of call flows", type="linelist", default=DEFAULT_FOLDERS)
    parser.addini("infolinia_coverage", "steps that a flow's tests must reach, in percent", default="100")


def pytest_configure(config: pytest.Config) -> None:
    """A folder that is named but is not there would be tested without a word."""
    folders = config.getini("infolinia_callflows")
    missing = [folder for folder in folders if not (config.rootpath / folder).is_dir()]
    if missing and folders != DEFAULT_FOLDERS:
        told = ", ".join(missing)
        raise pytest.UsageError(f"infolinia_callflows: {told} is no folder beside the ini file: name another")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    if file_path.suffix != ".yaml":
        return None
    folders = [parent.config.rootpath / folder for folder in parent.config.getini("infolinia_callflows")]
    if file_path.parent not in folders:
        return None
    collector: pytest.Collector = FlowFile.from_parent(parent, path=file_path)
    return collector


class FlowFailed(Exception):
    """What a test expected did not come, or coverage is too low; the message says all."""


class FlowFile(pytest.File):
    """Raises nothing of its own: a flow that is refused is an error of collection, with its problems."""

    def collect(self) -> Iterator[pytest.Item]:
        from infolinia.configuration import ConfigurationRejected
        from infolinia.flows.testing import read_flows, tests_of

        try:
            (flow,) = read_flows([self.path])
            tests = tests_of(flow)
        except ConfigurationRejected as rejected:
            raise self.CollectError(str(rejected)) from None
        for test in tests:
            yield FlowItem.from_parent(self, name=test.name, flow=flow, test=test)
        yield CoverageItem.from_parent(self, name="coverage", flow=flow)


class _Item(pytest.Item):
    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, FlowFailed):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def surroundings(self) -> Surroundings:
        from infolinia.configuration import DEFAULT_FILE, load_configuration
        from infolinia.flows.testing import rehearsal_surroundings

        file = self.config.rootpath / DEFAULT_FILE
        return rehearsal_surroundings(load_configuration(file if file.is_file() else None))


class FlowItem(_Item):
    def __init__(self, *, flow: Flow, test: FlowTest, **more: Any) -> None:
        super().__init__(**more)
        self._flow = flow
        self._test = test

    def runtest(self) -> None:
        from ivr.rehearsal.verdicts import run_test

        verdict = run_test(self._flow, self._test, self.surroundings())
        if not verdict.passed:
            raise FlowFailed(verdict.told())

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, self._test.place.line - 1, f"{self._flow.name}: {self.name}"


class CoverageItem(_Item):
    """Runs the tests of all flows of the folder, since those that call this one reach its steps too."""

    def __init__(self, *, flow: Flow, **more: Any) -> None:
        super().__init__(**more)
        self._flow = flow

    def runtest(self) -> None:
        from infolinia.flows.testing import below, flow_paths, missed_lines, read_flows, run_files

        flows = read_flows(flow_paths([self.path.parent]))
        covered = run_files(flows, self.surroundings()).coverage.files[self._flow.file]
        low = below([covered], {"steps": float(self.config.getini("infolinia_coverage"))})
        if low:
            raise FlowFailed(
                "\n".join((*low, *(str(missed) for missed in missed_lines([covered], ["steps"]))))
            )

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, 0, f"{self._flow.name}: coverage"
