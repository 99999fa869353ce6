"""Nobody's number or address stands in a log line; what operators look for stays readable."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from phonenumbers import (
    SUPPORTED_REGIONS,
    PhoneNumberFormat,
    PhoneNumberType,
    example_number_for_type,
    format_number,
)

from infolinia.log_masking import masked, masked_text
from infolinia.logs import set_up_logs

# As the program and its libraries write them.
READABLE = [
    "asterisk 22.5.1 is up, pid 1234567, listening on 127.0.0.1:5060 and 192.168.100.200:5061",
    "SIP refused: not a trunk or phone of ours address=192.168.100.200",
    "rtp 10000-10999, web http://127.0.0.1:8080/",
    "call 01m7zdn4z03masb5eb0kkyf4qw ended, channel PJSIP/carrier-0000001f, uniqueid 1763799327.12",
    "2026-11-22 09:24:06,123 INFO",
    "2026-11-22T09:24:06.123456Z started",
    "recordings/2026/11/22/01m7zdn4z03masb5eb0kkyf4qw.wav",
    "took 0.123456789 s, 12345678 bytes",
    "codes: 123456",
    "sip:100@127.0.0.1",
    '0x7f1b4a222d50 File "engine/call.py", line 1234',
    "550e8400-e29b-41d4-a716-446655440000",
]
NUMBERS = [
    "+48600000071",
    "0048600000071",
    "600000071",
    "600 000 071",
    "600-000-071",
    "+48 22 000 00 71",
    "(22) 000 00 71",
    "+1 (202) 555-0171",
    "202.555.0171",
    "sip:+48600000071@127.0.0.1:5060",
    "PJSIP/600000071@carrier",
    "tel:+48600000071",
    "caller='+48600000071'",
]


@pytest.mark.parametrize("line", READABLE)
def test_what_is_no_number_stays(line: str) -> None:
    assert masked_text(line) == line


@pytest.mark.parametrize("written", NUMBERS)
def test_numbers_are_masked(written: str) -> None:
    shown = masked_text(f"the call of {written} ended")
    assert "…71" in shown
    assert "00071" not in shown
    assert "0171" not in shown


def test_numbers_of_every_country_are_masked() -> None:
    seen = 0
    for region in SUPPORTED_REGIONS:
        number = example_number_for_type(region, PhoneNumberType.MOBILE)
        if number is None:
            continue
        for form in (PhoneNumberFormat.E164, PhoneNumberFormat.INTERNATIONAL):
            written = format_number(number, form)
            assert str(number.national_number)[-4:] not in masked_text(f"call of {written}, ended"), written
            seen += 1
    assert seen > 400


def test_addresses_are_masked_and_their_domain_stays() -> None:
    shown = masked_text("mail from Janina.Probna+x@mail.example.com came")
    assert shown == "mail from …@mail.example.com came"


def test_values_of_every_sort_are_masked(tmp_path: Path) -> None:
    path = tmp_path / "+48600000071.wav"
    shown = repr(
        masked({"a": ["+48600000071", 5], "b": ("600000071",), "c": ValueError("600000071"), "d": path})
    )
    assert "600000071" not in shown
    assert masked(1763799327) == 1763799327
    assert masked(tmp_path) is tmp_path


@pytest.fixture
def set_back() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    before = structlog.get_config()
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**before)


@pytest.mark.usefixtures("set_back")
@pytest.mark.parametrize("as_json", [True, False])
def test_lines_of_the_program_of_libraries_and_of_tracebacks(
    as_json: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up_logs(as_json=as_json)
    log = structlog.get_logger("masking")
    log.info("call of +48600000071", caller="+48600000071", call="01m7zdn4z03masb5eb0kkyf4qw", port=5060)
    logging.getLogger("library").warning("cannot reach %s", "janina.probna@example.com")
    try:
        raise ValueError("no flow for 600000071")
    except ValueError:
        log.exception("it failed")
        logging.getLogger("library").exception("it failed too")
    written = capsys.readouterr().err
    assert "600000071" not in written
    assert "janina" not in written
    assert written.count("ValueError: no flow for …71") == 2
    assert "01m7zdn4z03masb5eb0kkyf4qw" in written
    assert "5060" in written
    if as_json:
        assert all(json.loads(line)["timestamp"] for line in written.splitlines())
