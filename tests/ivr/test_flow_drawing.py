"""The picture of a flow: nothing overlaps, nothing is left out, it is always the same."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from itertools import combinations
from pathlib import Path

from flows import load
from hypothesis import given
from hypothesis import strategies as st

from ivr.flow import Flow
from ivr.picture.drawing import draw
from ivr.picture.layout import Box, Placed, place
from ivr.reading.loader import load_flow
from ivr.rehearsal.verdicts import run_flows

HOTLINE = Path(__file__).parents[2] / "callflows" / "hotline.yaml"
SVG = "{http://www.w3.org/2000/svg}"


def hotline() -> Flow:
    return load_flow(HOTLINE.read_bytes(), "hotline.yaml")


def texts(picture: str) -> list[str]:
    return [text.text or "" for text in ET.fromstring(picture).iter(f"{SVG}text")]


def test_every_step_and_every_way_is_in_the_picture() -> None:
    shown = texts(draw(hotline()))
    assert set(hotline().steps) <= set(shown)
    assert {"1 zamówienie", 'series == "9"', "otherwise", "→ agent", "no_answer"} <= set(shown)


def test_the_same_flow_gives_the_same_picture() -> None:
    assert draw(hotline()) == draw(hotline())


def test_coverage_dashes_what_no_test_reached() -> None:
    flow = hotline()
    whole = draw(flow, run_flows([flow]).coverage)
    assert "stroke-dasharray" not in whole
    part = draw(flow, run_flows([flow], word="made to measure, so").coverage)
    assert "stroke-dasharray" in part
    assert any("tests reach 8 of 17 steps" in text for text in texts(part))


def test_hostile_texts_stay_texts() -> None:
    flow = load('  first: {say: "</text><script>alert(1)</script> & more", next: person}')
    assert any("<script>" in text for text in texts(draw(flow)))


def apart(placed: Placed) -> bool:
    return all(
        abs(one.x - two.x) >= (one.width + two.width) / 2 or abs(one.y - two.y) >= min(one.height, two.height)
        for one, two in combinations(placed.spots.values(), 2)
        if one.layer == two.layer
    )


NAMES = [f"s{n}" for n in range(12)]


@given(
    st.lists(
        st.tuples(st.integers(1, 300), st.lists(st.sampled_from([*NAMES, "nowhere"]), max_size=5)),
        min_size=1,
        max_size=len(NAMES),
    )
)
def test_cards_never_overlap_and_lines_lead_down(shape: list[tuple[int, list[str]]]) -> None:
    boxes = [
        Box(NAMES[n], float(width), 40.0, tuple((0.0, target) for target in ways))
        for n, (width, ways) in enumerate(shape)
    ]
    placed = place(boxes, NAMES[0])
    assert set(placed.spots) == {box.name for box in boxes}
    assert apart(placed)
    for line in placed.lines:
        heights = [placed.spots[line.source].y, *(bend.y for bend in line.bends)]
        assert heights == sorted(set(heights))
        assert line.bends[-1].name == boxes[[b.name for b in boxes].index(line.source)].ports[line.port][1]
