"""`infolinia flow test`: the tests of flow files, their coverage as a table, and JUnit's report."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from infolinia.assembly.company import surroundings_of
from infolinia.configuration import Configuration, ConfigurationRejected
from infolinia.flows.files import read_flow
from ivr.flow import Flow
from ivr.rehearsal.coverage import KINDS, FileCoverage, Missed
from ivr.rehearsal.flow_tests import flow_tests
from ivr.rehearsal.script import FlowTest
from ivr.rehearsal.verdicts import Run, Verdict, run_flows
from ivr.surroundings import Surroundings
from wording.yaml_source import SourceRejected

PATTERN = "*.yaml"


def flow_paths(paths: Iterable[Path]) -> list[Path]:
    """The files, and those of the folders, in order. Raises ConfigurationRejected when there are none."""
    found: dict[Path, None] = {}
    for path in paths:
        inside = sorted(path.glob(PATTERN)) if path.is_dir() else [path]
        if not inside:
            raise ConfigurationRejected(f"{path}: no flow ({PATTERN}) is in this folder. Name another one.")
        found.update(dict.fromkeys(inside))
    return list(found)


def read_flows(paths: Sequence[Path]) -> list[Flow]:
    """Raises ConfigurationRejected with the problems of all of them."""
    flows, problems = [], []
    for path in paths:
        try:
            flows.append(read_flow(path))
        except ConfigurationRejected as rejected:
            problems.append(str(rejected))
    if problems:
        raise ConfigurationRejected("\n".join(problems))
    return flows


def rehearsal_surroundings(configuration: Configuration) -> Surroundings:
    """The company's; hours that it does not have are open."""
    company = surroundings_of(configuration)

    def opening(name: str, now: datetime) -> str:
        return company.opening(name, now) if name in configuration.hours else "open"

    return replace(company, opening=opening)


def tests_of(flow: Flow) -> tuple[FlowTest, ...]:
    """Raises ConfigurationRejected when a test cannot be read."""
    try:
        return flow_tests(flow)
    except SourceRejected as rejected:
        raise ConfigurationRejected(str(rejected)) from rejected


def run_files(flows: Iterable[Flow], surroundings: Surroundings, word: str = "") -> Run:
    """Raises ConfigurationRejected when a test cannot be read."""
    try:
        return run_flows(flows, surroundings, word=word)
    except SourceRejected as rejected:
        raise ConfigurationRejected(str(rejected)) from rejected


def coverage_lines(run: Run) -> list[str]:
    """A table with a line for each file."""
    lines: list[tuple[str, ...]] = [("file", "tests", *KINDS)]
    for covered in run.coverage.files.values():
        own = [verdict for verdict in run.verdicts if verdict.flow.file == covered.file]
        tests = f"{sum(verdict.passed for verdict in own)} of {len(own)}"
        lines.append((covered.file, tests, *(str(covered.share(kind)) for kind in KINDS)))
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]


def below(files: Iterable[FileCoverage], thresholds: Mapping[str, float]) -> list[str]:
    """A sentence for each file and kind that is below its threshold, in percent."""
    return [
        f"{covered.file}: {kind} {covered.share(kind).percent:.0f} %, wanted {least:g} %"
        for covered in files
        for kind, least in thresholds.items()
        if covered.share(kind).percent < least
    ]


def missed_lines(covered: Iterable[FileCoverage], kinds: Sequence[str] = KINDS) -> list[Missed]:
    return [missed for file in covered for missed in file.missed() if missed.kind in kinds]


def junit(run: Run) -> bytes:
    """The results in the XML that build servers read. Times are those of the rehearsed calls."""
    root = ET.Element("testsuites")
    suites: dict[str, list[Verdict]] = {}
    for verdict in run.verdicts:
        suites.setdefault(verdict.flow.file, []).append(verdict)
    for file, verdicts in suites.items():
        failures = sum(not verdict.passed for verdict in verdicts)
        suite = ET.SubElement(root, "testsuite", name=file, tests=str(len(verdicts)), failures=str(failures))
        for verdict in verdicts:
            case = ET.SubElement(
                suite,
                "testcase",
                name=verdict.test.name,
                classname=verdict.flow.name,
                file=file,
                line=str(verdict.test.place.line),
                time=f"{verdict.rehearsed.seconds:.3f}",
            )
            if not verdict.passed:
                ET.SubElement(case, "failure", message=_printable(verdict.failure)).text = _printable(
                    verdict.told()
                )
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text


def _printable(text: str) -> str:
    """XML has no form for control characters."""
    return "".join(sign if sign.isprintable() or sign == "\n" else " " for sign in text)
