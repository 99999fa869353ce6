"""Files as people send them: any encoding, separator and line end, broken quotes, workbooks good and bad."""

from __future__ import annotations

import zipfile
from datetime import date
from pathlib import Path

import pytest
import xlsxwriter

from engine.registers.imports import Parsed
from history.importing.columns import ColumnsRefused
from history.importing.encodings import EncodingRefused
from history.importing.options import ImportOptions
from history.importing.records import records_of, separator_of
from infolinia.contact_lists import workbooks
from infolinia.contact_lists.files import open_contact_file
from infolinia.contact_lists.parsing import BatchParser
from infolinia.contact_lists.workbooks import FileRefused

PL = ImportOptions(country="PL")
POLISH = "Telefon;Imię\n600000012;Łukasz Żółw\n600000013;Świętosława Gęś\n"
RUSSIAN = "Телефон;Имя\n600000012;Юрий Щукин\n600000013;Пётр Чайкин\n"


def read(path: Path, options: ImportOptions = PL, done: int = 0) -> list[Parsed]:
    file = open_contact_file(path, options)
    parser = BatchParser(file.columns, options, file.separator)
    try:
        return [parser.parse(batch) for batch in file.batches(done)]
    finally:
        file.remove_copy()


def names(path: Path, options: ImportOptions = PL) -> list[str | None]:
    return [draft.name for parsed in read(path, options) for draft in parsed.drafts]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [(POLISH, "utf-8"), (POLISH, "utf-8-sig"), (POLISH, "utf-16"), (POLISH, "utf-16-le"),
     (POLISH, "utf-16-be"), (POLISH, "cp1250"), (POLISH, "iso8859_2"), (RUSSIAN, "utf-8"),
     (RUSSIAN, "cp1251"), (RUSSIAN, "koi8_r")],
)  # fmt: skip
def test_the_encoding_is_found_out(tmp_path: Path, text: str, encoding: str) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(text.encode(encoding))
    assert names(path) == [line.split(";")[1] for line in text.splitlines()[1:]]
    told = ImportOptions(country="PL", encoding=encoding)
    assert names(path, told) == names(path)


@pytest.mark.parametrize("name", ["Żółw", "Łódź", "Śledź", "Zażółć", "Анна", "Юрий Щукин"])
@pytest.mark.parametrize("encoding", ["cp1250", "iso8859_2", "cp1251", "koi8_r"])
def test_one_name_is_enough_to_tell_the_encoding(tmp_path: Path, name: str, encoding: str) -> None:
    try:
        raw = f"phone;name\n600000012;{name}\n".encode(encoding)
    except UnicodeEncodeError:
        pytest.skip("these letters are not in it")
    path = tmp_path / "list.csv"
    path.write_bytes(raw)
    assert names(path) == [name]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_separators_and_line_ends(tmp_path: Path, separator: str, end: str) -> None:
    rows = [["phone", "name", "attr.x"], ["600000012", "Anna", "1"], [], ["600000013", '"Nowak, Jan"', "2"]]
    path = tmp_path / "list.csv"
    path.write_bytes(end.join(separator.join(row) for row in rows).encode())
    assert names(path) == ["Anna", "Nowak, Jan"]


def test_excel_says_its_separator_first(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("sep=|\nphone|name\n600000012|Anna\n")
    assert [draft.line for draft in read(path)[0].drafts] == [3]


def test_mixed_line_ends_zero_bytes_and_long_rows(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    long = "x" * 10_000
    path.write_bytes(f"phone;name\r\n600000012;An\0na\n600000013;{long}\r600000014;Jan".encode())
    parsed = read(path)[0]
    assert [draft.name for draft in parsed.drafts] == ["Anna", None, "Jan"]
    assert [refusal.line for refusal in parsed.refusals] == [3]


def test_a_quotation_mark_that_is_never_closed_costs_its_own_line(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    rows = ["phone;name", '600000012;"Anna', "600000013;Jan"]
    rows += [f"6000001{number:02d};n{number}" for number in range(50)] + ['"600000014;Ola']
    path.write_text("\n".join(rows))
    parsed = read(path)[0]
    assert len(parsed.drafts) == 51
    assert [refusal.line for refusal in parsed.refusals] == [2, 54]
    assert "quotation mark" in parsed.refusals[0].reason


def test_a_cell_may_go_on_over_lines() -> None:
    lines = ["a,b\n", '"x\n', "\n", 'y",2\n', '"q""q",3\n', '5" pipe,4\n', '"a"b,5\n']
    found = list(records_of(lines, ","))
    assert [(record.line, record.broken) for record in found] == [
        (1, False), (2, False), (5, False), (6, False), (7, False),
    ]  # fmt: skip
    assert found[1].text == '"x\n\ny",2\n'


def test_many_open_quotation_marks_take_no_long_time() -> None:
    lines = ['"600000012;Anna\n'] * 3_000
    assert sum(record.broken for record in records_of(lines, ";")) == 3_000


def test_the_separator_of_decimal_commas() -> None:
    assert separator_of(["a;b;c\n", "1,5;2,5;3\n", "1,0;2;3\n"]) == ";"
    assert separator_of(["600000012\n"]) == ","


@pytest.mark.parametrize(
    ("raw", "says"),
    [(b"", "empty"), (b"phone;name\n\xff\xfe\xfa", ""), (b"colour\nred\n", "No column is known"),
     (b"x" * (2 << 20), "more than 1 MB"), (b"\n\n\n", "no rows")],
)  # fmt: skip
def test_what_is_no_list(tmp_path: Path, raw: bytes, says: str) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(raw)
    if says:
        with pytest.raises((FileRefused, ColumnsRefused), match=says):
            read(path)
    else:
        assert read(path)[0].drafts == []


def test_a_header_alone_is_an_empty_list(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("phone;name\n")
    assert read(path) == []


def test_an_encoding_that_does_not_fit_is_told(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(POLISH.encode("cp1250"))
    with pytest.raises(FileRefused, match="cannot be read as utf-8"):
        read(path, ImportOptions(country="PL", encoding="utf-8"))
    with pytest.raises(EncodingRefused, match="ebcdic"):
        read(path, ImportOptions(country="PL", encoding="ebcdic-9"))


def test_reading_goes_on_where_it_stopped(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    rows = "".join(f"{600000000 + number};n{number}\n" for number in range(9_000))
    path.write_text("phone;name\n" + rows)
    whole = [draft for parsed in read(path) for draft in parsed.drafts]
    rest = [draft for parsed in read(path, done=4_000) for draft in parsed.drafts]
    assert rest == whole[4_000:]
    assert rest[0].line == 4_002


# --- workbooks --------------------------------------------------------------------------------------------


def workbook(path: Path) -> Path:
    with xlsxwriter.Workbook(str(path)) as book:
        hidden = book.add_worksheet("old")
        hidden.write_row(0, 0, ["phone"])
        sheet = book.add_worksheet("people")
        sheet.activate()
        sheet.set_first_sheet()
        hidden.hide()
        sheet.write_row(0, 0, ["Telefon", "Imię", "attr.since", "attr.sum"])
        sheet.write_row(1, 0, [48600000012, "Łukasz\nŻółw"])
        sheet.write_datetime(1, 2, date(2026, 11, 22), book.add_format({"num_format": "yyyy-mm-dd"}))
        sheet.write_formula(1, 3, "=1+1", None, 2)
        sheet.write_row(3, 0, ["600000013", "Jan", "", 1.5])
    return path


def test_a_workbook(tmp_path: Path) -> None:
    drafts = read(workbook(tmp_path / "list.xlsx"))[0].drafts
    assert [(draft.line, draft.name) for draft in drafts] == [(2, "Łukasz Żółw"), (4, "Jan")]
    assert drafts[0].points == (("phone", "+48600000012"),)
    assert dict(drafts[0].attributes) == {"since": '"2026-11-22"', "sum": '"2"'}
    assert dict(drafts[1].attributes) == {"sum": '"1.5"'}


def test_a_sheet_by_name(tmp_path: Path) -> None:
    path = workbook(tmp_path / "list.xlsx")
    assert read(path, ImportOptions(country="PL", sheet="old")) == []
    with pytest.raises(FileRefused, match="no sheet “new”"):
        read(path, ImportOptions(country="PL", sheet="new"))


def test_workbooks_that_cannot_be_opened(tmp_path: Path) -> None:
    broken = tmp_path / "broken.xlsx"
    broken.write_bytes(workbook(tmp_path / "list.xlsx").read_bytes()[:2000])
    locked = tmp_path / "locked.xlsx"
    locked.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 2000)
    for path in (broken, locked):
        with pytest.raises(FileRefused, match="save it"):
            read(path)


def test_a_workbook_that_unpacks_to_all_memory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbooks, "_MOST_UNPACKED_BYTES", 1 << 20)
    bomb = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", b"\0" * (2 << 20))
    assert bomb.stat().st_size < 10_000
    with pytest.raises(FileRefused, match="unpacks to more"):
        next(workbooks._workbook(bomb, None))


def test_a_sheet_with_one_cell_far_away_does_not_take_the_machine(tmp_path: Path) -> None:
    path = tmp_path / "far.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        sheet.write(0, 0, "phone")
        sheet.write(1_048_575, 16_383, "x")
    with pytest.raises(FileRefused, match="memory"):
        read(path)


def test_json_lines(tmp_path: Path) -> None:
    path = tmp_path / "list.jsonl"
    path.write_text(
        '{"phone": ["600000012", "600000013"], "name": "Anna", "attributes": {"city": "Gdynia"}}\n\n'
        '{"email": "jan@example.com", "tags": ["a", "b"]}\n'
    )
    drafts = read(path)[0].drafts
    assert [draft.line for draft in drafts] == [2, 4]
    assert len(drafts[0].points) == 2
    assert dict(drafts[0].attributes) == {"city": '"Gdynia"'}
    assert drafts[1].tags == ("a", "b")
