"""`infolinia rules check` and `packs`: their JSON, their exit codes, and a sentence for every mistake."""

from __future__ import annotations

import json
import subprocess
import sys
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from infolinia.commands.rule_cases import BadCase, answer, packs_named

ROOT = Path(__file__).parents[2]
CASE: dict[str, Any] = {
    "now": "2026-11-21T16:05:00Z",
    "channel": "call",
    "purpose": "collections",
    "mode": "predictive",
    "contact": {
        "id": "c1",
        "number": "+12125550123",
        "timezone": "America/New_York",
        "country": "US",
        "region": "NY",
        "type": "mobile",
    },
    "debt": "d1",
    "requested": {
        "at": "2026-11-01T09:00:00Z",
        "from": "2026-11-21T15:00:00Z",
        "to": "2026-11-21T17:00:00Z",
    },
    "consents": [
        {"channel": "call", "purpose": "marketing", "given_at": "2026-01-02T10:00:00Z", "withdrawn_at": None}
    ],
    "do_not_contact": [
        {"scope": "number", "value": "+12125550199", "reason": "asked", "at": "2026-03-01T00:00:00Z"}
    ],
    "history": [
        {
            "at": f"2026-11-{day}T15:00:00Z",
            "direction": "outbound",
            "channel": "call",
            "kind": "attempt",
            "debt": "d1",
            "abandoned": False,
        }
        for day in (15, 16, 17, 18, 19, 20, 21)
    ],
}


def run(text: str | bytes, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    given = text.encode() if isinstance(text, str) else text
    return subprocess.run(
        [sys.executable, "-c", "from infolinia.entry import main; main()", "rules", *arguments],
        input=given,
        capture_output=True,
        timeout=50,
        cwd=ROOT,
    )


def told(case: object, *packs: str) -> dict[str, Any]:
    return answer(json.dumps(case).encode(), packs_named(packs))


def changed(**members: object) -> dict[str, Any]:
    return {**deepcopy(CASE), **members}


def test_a_refusal() -> None:
    done = run(json.dumps(CASE), "check", "--pack", "us-reg-f")
    assert done.returncode == 3, done.stderr
    assert json.loads(done.stdout) == {
        "allowed": False,
        "rule": "us-reg-f/7-in-7",
        "reason": "7 calls placed in 7 days about this debt",
        "next_allowed_at": "2026-11-22T13:00:00Z",
        "checked": [
            {"rule": "do-not-contact", "verdict": "pass"},
            {"rule": "us-reg-f/hours", "verdict": "pass"},
            {
                "rule": "us-reg-f/7-in-7",
                "verdict": "refuse",
                "reason": "7 calls placed in 7 days about this debt",
            },
            {"rule": "us-reg-f/after-conversation", "verdict": "pass"},
        ],
    }
    assert done.stderr == b""


def test_a_leave() -> None:
    done = run(json.dumps(changed(history=CASE["history"][1:])), "check", "--pack", "us-reg-f")
    assert done.returncode == 0, done.stderr
    decision = json.loads(done.stdout)
    assert decision["allowed"] is True
    assert decision["rule"] is decision["reason"] is decision["next_allowed_at"] is None


def test_several_packs_in_their_order() -> None:
    decision = told(CASE, "us-tsr", "us-reg-f", "us-tsr")
    assert [each["rule"] for each in decision["checked"]] == [
        "do-not-contact",
        "us-tsr/hours",
        "us-tsr/written-consent",
        "us-reg-f/hours",
        "us-reg-f/7-in-7",
        "us-reg-f/after-conversation",
    ]
    assert decision["checked"][2]["verdict"] == "not_applicable"


def test_without_a_pack_those_of_the_callee_are_asked_and_told() -> None:
    assert told(CASE)["packs"] == ["us-reg-f"]
    contact = {"id": "c1", "number": "+48220000001"}
    assert told(changed(contact=contact))["packs"] == ["pl-debt"]


def test_what_may_be_left_out() -> None:
    case = changed()
    for member in ("debt", "requested", "consents", "do_not_contact"):
        del case[member]
    for member in ("timezone", "country", "region", "type"):
        del case["contact"][member]
    for row in case["history"]:
        del row["direction"], row["debt"], row["abandoned"]
    decision = told(case, "us-reg-f")
    assert decision["rule"] == "us-reg-f/7-in-7"
    assert decision["next_allowed_at"] == "2026-11-22T13:00:00Z"
    own = {"scope": "person", "reason": "asked", "at": "2026-03-01T00:00:00Z"}
    assert told(changed(do_not_contact=[own]), "us-reg-f")["rule"] == "do-not-contact/person"


def test_null_is_left_out() -> None:
    case = changed(debt=None, requested=None)
    case["contact"].update(timezone=None, country=None, region=None, type=None)
    assert told(case, "us-reg-f")["reason"] == "7 calls placed in 7 days about any debt"


def test_numbers_may_be_written_as_people_write_them() -> None:
    case = changed()
    case["contact"].update(number="+1 (212) 555-0199")
    assert told(case, "us-reg-f")["rule"] == "do-not-contact/number"
    case["contact"].update(number="212 555 0199")
    assert told(case, "us-reg-f")["rule"] == "do-not-contact/number"


def test_offsets_are_times_too() -> None:
    assert told(changed(now="2026-11-21T11:05:00-05:00"), "us-reg-f") == told(CASE, "us-reg-f")


def test_a_moment_within_a_second_is_not_rounded_down() -> None:
    row = {"at": "2026-11-20T15:00:00.250Z", "channel": "call", "kind": "connection", "abandoned": True}
    decision = told(changed(history=[row]), "uk-ofcom")
    assert decision["next_allowed_at"] == "2026-11-23T15:00:00.250000Z"


BAD_TEXTS = [
    (b"", "The case is not JSON"),
    (b"{", "The case is not JSON"),
    (b"\xff\xfe", "The case is not JSON"),
    (b"[" * 5000, "The case is not JSON"),
    (b"[]", "The case must be a JSON object"),
    (b"null", "The case must be a JSON object"),
    (b"7", "The case must be a JSON object"),
]


@pytest.mark.parametrize(("text", "sentence"), BAD_TEXTS)
def test_what_is_no_case(text: bytes, sentence: str) -> None:
    with pytest.raises(BadCase) as refused:
        answer(text, packs_named(["us-reg-f"]))
    assert sentence in str(refused.value)


BAD_MEMBERS = [
    ("now", "2026-11-21T16:05:00", "now has no time zone"),
    ("now", "2026-11-21", "now must be a time"),
    ("now", "yesterday", "now must be a time"),
    ("now", "1763741100", "now must be a time"),
    ("now", 1763741100, "now must be a time"),
    ("now", None, "now must be a time"),
    ("now", "2026-02-30T16:05:00Z", "now: "),
    ("now", "0001-01-01T00:00:00Z", "now must be in the years"),
    ("now", "9999-12-31T23:59:59-14:00", "now must be in the years"),
    ("channel", "fax", "channel must be 'call', 'sms', 'email', 'push' or 'messenger', not 'fax'"),
    ("purpose", "fun", "purpose must be"),
    ("mode", "power", "mode must be"),
    ("mode", 3, "mode must be"),
    ("debt", 7, "debt: "),
    ("debt", "a\0b", "debt has a NUL"),
    ("debt", "d" * 301, "debt: "),
    ("debts", "d1", "debts is no member"),
    ("contact", "c1", "contact must be a JSON object"),
    ("contact.number", "abc", "contact.number 'abc' is no phone number"),
    ("contact.number", "", "contact.number: "),
    ("contact.number", 12125550123, "contact.number: "),
    ("contact.id", "", "contact.id: "),
    ("contact.country", "usa", "contact.country must be two capitals"),
    ("contact.type", "satellite", "contact.type must be 'mobile' or 'fixed'"),
    ("contact.timezone", 5, "contact.timezone: "),
    ("contact.nmae", "x", "contact.nmae is no member"),
    ("requested.at", None, "requested.at must be a time"),
    ("requested.to", "2026-11-21T14:59:59Z", "requested.to is before requested.from"),
    ("requested.begins", "2026-11-21T14:59:59Z", "requested.begins is no member"),
    ("consents", {}, "consents: "),
    ("consents", [{"channel": "call", "purpose": "marketing"}], "consents[0].given_at is missing"),
    ("consents.0.purpose", "fun", "consents[0].purpose must be"),
    ("do_not_contact.0.scope", "planet", "do_not_contact[0].scope must be"),
    ("do_not_contact.0.at", "2026-03-01T00:00:00", "do_not_contact[0].at has no time zone"),
    ("history", None, "history: "),
    ("history", [5], "history[0] must be a JSON object"),
    ("history.3.kind", "ringing", "history[3].kind must be"),
    ("history.3.abandoned", "no", "history[3].abandoned: "),
    ("history.3.abandoned", 0, "history[3].abandoned: "),
    ("history.3.direction", "out", "history[3].direction must be"),
    ("history.3.knid", "attempt", "history[3].knid is no member"),
]


@pytest.mark.parametrize(("place", "value", "sentence"), BAD_MEMBERS)
def test_a_wrong_member_is_named_in_one_sentence(place: str, value: object, sentence: str) -> None:
    case: Any = changed()
    *path, last = [int(part) if part.isdigit() else part for part in place.split(".")]
    inner = case
    for part in path:
        inner = inner[part]
    inner[last] = value
    with pytest.raises(BadCase) as refused:
        told(case, "us-reg-f")
    assert sentence in str(refused.value)
    assert str(refused.value).endswith(".")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("member", ["now", "channel", "purpose", "mode", "contact"])
def test_a_missing_member_is_named(member: str) -> None:
    case = changed()
    del case[member]
    with pytest.raises(BadCase, match=f"^{member} is missing"):
        told(case, "us-reg-f")


@pytest.mark.parametrize("member", ["id", "number"])
def test_a_missing_member_of_the_contact_is_named(member: str) -> None:
    case = changed()
    del case["contact"][member]
    with pytest.raises(BadCase, match=rf"^contact\.{member} is missing"):
        told(case, "us-reg-f")


def test_bad_input_ends_in_2_with_a_sentence_and_no_answer() -> None:
    for text, arguments, sentence in [
        (json.dumps(changed(now="2026-11-21T16:05:00")), ["--pack", "us-reg-f"], b"now has no time zone"),
        ("{", ["--pack", "us-reg-f"], b"not JSON"),
        (json.dumps(CASE), ["--pack", "us-regf"], b"us-tsr, us-reg-f, uk-ofcom"),
    ]:
        done = run(text, "check", *arguments)
        assert done.returncode == 2
        assert done.stdout == b""
        assert sentence in done.stderr
        assert done.stderr.count(b"\n") == 1


@pytest.mark.parametrize(("kept", "code"), [((0, 1, 2), 2), ((0, 1), 3), ((0,), 0)])
def test_many_cases_one_a_line(kept: tuple[int, ...], code: int) -> None:
    lines = [
        json.dumps(changed(history=[])),
        json.dumps(CASE),
        json.dumps(changed(mode="power")),
    ]
    done = run("\n\n".join(lines[n] for n in kept) + "\n", "check", "--pack", "us-reg-f", "--lines")
    assert done.returncode == code
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [each.get("allowed") for each in answers] == [[True, False, None][n] for n in kept]
    if 2 in kept:
        assert answers[2]["line"] == 5
        assert answers[2]["error"].startswith("mode must be")
        assert done.stderr.startswith(b"Line 5: mode must be")


def test_packs_are_listed_with_source_certainty_and_numbers() -> None:
    text = run("", "packs").stdout.decode()
    assert "us-reg-f, version 1, in force from 2021-11-30, certainty: high" in text
    assert "7-in-7: calls 7, days 7, widened_days 7" in text
    packs = {pack["name"]: pack for pack in json.loads(run("", "packs", "--json").stdout)}
    assert len(packs) == 10
    assert packs["pl-debt"]["certainty"] == "low"
    assert packs["us-tsr"]["limits"]["abandon_cap"] == 0.03
    assert {"rule": "pl-debt/conversations-a-week", "numbers": {"most": 3}} in packs["pl-debt"]["rules"]


def test_they_load_nothing_that_they_do_not_need() -> None:
    program = (
        "import sys, infolinia.entry, infolinia.commands.rules;"
        "print(sorted({'aiohttp', 'sqlalchemy', 'vosk', 'numpy', 'aiortc', 'holidays'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=50, cwd=ROOT)
    assert done.stdout == b"[]\n", done.stderr


def test_a_closed_standard_input_is_told() -> None:
    done = subprocess.run(
        ["sh", "-c", f"{sys.executable} -c 'from infolinia.entry import main; main()' rules check <&-"],
        capture_output=True,
        timeout=50,
        cwd=ROOT,
    )
    assert done.returncode == 2
    assert done.stderr == b"Standard input is closed: give the case there.\n"
