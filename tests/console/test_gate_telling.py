"""Every reason of the gate is told in every language of the pages, also one that was kept long ago."""

from __future__ import annotations

import ast
import re
import string
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import compliance
from compliance.do_not_contact import objections
from compliance.facts import Callee, Channel, Facts, Mode, ObjectionFact, Purpose, Request
from compliance.gate import PACKS, decide
from compliance.refusal_reasons import SENTENCES, RefusalCode, code_of, looser_note, read, sentence
from console.gate_telling import gate_told
from console.words import LANGUAGES, load_words

WORDS = load_words()
DATA = {
    "scope": "person", "day": "2026-11-24", "why": "they said so: leave me", "begins": "08:00",
    "ends": "21:00", "time": "23:15", "zone": "Europe/Warsaw", "at": "2026-11-24 10:00", "calls": 3,
    "days": 7,
    "conversations": 2, "messages": 5, "most": 1, "purpose": "collections", "channel": "call",
    "mode": "predictive", "hours": 72, "fault": "KeyError",
}  # fmt: skip


def kept(code: RefusalCode, **other: object) -> str:
    gaps = [name for _, name, _, _ in string.Formatter().parse(SENTENCES[code]) if name]
    return sentence(code, **{gap: other.get(gap, DATA[gap]) for gap in gaps})


@pytest.mark.parametrize("code", RefusalCode)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_is_told_in_every_language(code: RefusalCode, language: str) -> None:
    written = kept(code)
    told = gate_told(written, WORDS[language])
    assert code_of(written) is code
    if language == "en":
        assert told == written
    else:
        assert told != written
        assert "{" not in told
        numbers = re.findall(r"\d\d:\d\d|\d+", written)
        assert sorted(re.findall(r"\d\d:\d\d|\d+", told)) == sorted(numbers)
    if language == "ru":
        assert re.search("[а-я]{3}", told)


@pytest.mark.parametrize("code", RefusalCode)
def test_what_was_kept_is_read_again_with_its_data(code: RefusalCode) -> None:
    told = read(kept(code))
    assert told is not None
    assert told.reason is not None
    assert told.reason.data == {gap: str(DATA[gap]) for gap in told.reason.data}
    one = kept(code, calls=1, conversations=1, messages=1)
    assert gate_told(one, WORDS["en"]) == one


def test_a_looser_pack_is_told_behind_the_reason_and_alone() -> None:
    note = looser_note("pl-debt", "hours.ends 20:00 -> 21:00 by Anna on 2026-11-01: [agreed]")
    both = f"{kept(RefusalCode.MACHINE_TODAY)} {note}"
    assert gate_told(both, WORDS["en"]) == both
    assert gate_told(both, WORDS["pl"]).startswith("dzisiaj odebrał już automat [pl-debt jest łagodniejszy")
    assert gate_told(note, WORDS["en"]) == note
    assert gate_told(note, WORDS["ru"]).startswith("[pl-debt мягче")
    assert code_of(note) is None


@pytest.mark.parametrize("text", ["", "the creditor said so", "9 calls, too many", "no consent is in force"])
def test_what_the_gate_did_not_write_stays_as_it_is(text: str) -> None:
    assert gate_told(text, WORDS["pl"]) == text
    assert code_of(text) is None


def test_no_rule_refuses_with_a_sentence_of_its_own_and_no_code_is_left_over() -> None:
    used: set[str] = set()
    room = Path(compliance.__file__).parent
    edges = [room.parent / "engine" / name for name in ("gatekeeper.py", "eligibility.py")]
    for path in [*room.rglob("*.py"), *edges]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if path.name != "refusal_reasons.py" and isinstance(node, ast.Attribute) and node.attr.isupper():
                used.add(node.attr)
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "refused":
                told = node.args[-1] if path.name == "gatekeeper.py" else node.args[0]
                assert not isinstance(told, ast.Constant | ast.JoinedStr), f"{path.name}:{node.lineno}"
    assert {code.name for code in RefusalCode} <= used


@pytest.mark.parametrize("pack", PACKS.values(), ids=list(PACKS))
def test_what_packs_refuse_by_night_is_known_by_its_code(pack: object) -> None:
    callee = Callee("c", "+48220000010", "Europe/Warsaw", "PL", None, "fixed")
    night = datetime(2026, 11, 24, 2, tzinfo=UTC)
    for purpose in Purpose:
        for mode in Mode:
            request = Request(Channel.CALL, purpose, mode, callee)
            for one in decide(request, Facts(), [pack], night).checked:  # type: ignore[list-item]
                assert not one.reason or code_of(one.reason) is not None, one


def test_objections_are_known_by_their_codes() -> None:
    now = datetime(2026, 11, 24, tzinfo=UTC)
    request = Request(Channel.CALL, Purpose.SERVICE, Mode.MANUAL, Callee("c", "+48220000010"))
    facts = tuple(ObjectionFact("person", None, why, now - timedelta(days=1)) for why in ("", "asked\nso"))
    codes = [code_of(reason) for _, reason in objections(request, facts, now)]
    assert codes == [RefusalCode.OBJECTED, RefusalCode.OBJECTED_BECAUSE]
