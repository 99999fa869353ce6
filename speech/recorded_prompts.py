"""What people have recorded: files that are played instead of texts, and the scripts that say which.

The folder of recordings holds `<language>/<name>.wav`. A file is heard instead of a text when a row of the
language's `script.csv` (columns name, text) gives the text that name, or when its name is the text's own
`recording_name`. A recording is never played for another text than the one it was made from.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from speech.sound_files import Samples, SoundUnreadable, read_wav

SCRIPT = "script.csv"
COLUMNS = ("name", "text")

_SAFE_NAME = re.compile(r"\w[\w.-]{0,149}")
# A file's name may have 255 bytes, in which a letter may take two, and its accents two more.
_NAME_BYTES = 200
_NAME_DIGITS = 16
_DELIMITERS = ",;\t"
_MOST_BYTES = 10_000_000


@dataclass(frozen=True, slots=True)
class ScriptRow:
    """`text` as `sayable` gives it; `line` in the file."""

    name: str
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Script:
    """The rows that count, and one sentence for each that does not. `problems` name the file."""

    file: Path
    rows: tuple[ScriptRow, ...] = ()
    problems: tuple[str, ...] = ()


class RecordedPrompts:
    """Nothing is recorded until `read`; the folder may be absent."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self._scripts: Mapping[str, Script] = MappingProxyType({})
        self._names: Mapping[tuple[str, str], tuple[str, ...]] = MappingProxyType({})

    def read(self) -> bool:
        """Read all scripts anew; whether any changed. A script that cannot be read has no rows."""
        scripts = {file.parent.name: read_script(file) for file in sorted(self.folder.glob(f"*/{SCRIPT}"))}
        changed = scripts != self._scripts
        names: dict[tuple[str, str], tuple[str, ...]] = {}
        for language, script in scripts.items():
            for row in script.rows:
                names[language, row.text] = (*names.get((language, row.text), ()), row.name)
        self._scripts, self._names = scripts, names
        return changed

    @property
    def problems(self) -> list[str]:
        """What is wrong with the scripts, one sentence each."""
        found = [problem for script in self._scripts.values() for problem in script.problems]
        if (self.folder / SCRIPT).is_file():
            found.append(
                f"{self.folder / SCRIPT} is not read: put it into the folder of its language, "
                f"such as {self.folder / 'en' / SCRIPT}."
            )
        return found

    def languages(self) -> list[str]:
        """Those that have a script."""
        return list(self._scripts)

    def script(self, language: str) -> Script:
        return self._scripts.get(language) or Script(self.folder / language / SCRIPT)

    def names(self, text: str, language: str) -> tuple[str, ...]:
        """The names that the script gives this text, in its order; then the text's own."""
        return (*self._names.get((language, sayable(text)), ()), recording_name(text))

    def files(self, text: str, language: str) -> Iterator[Path]:
        """The recordings of this text that there are; the first goes before the others."""
        for name in self.names(text, language):
            if (found := self.file(name, language)) is not None:
                yield found

    def file(self, name: str, language: str) -> Path | None:
        """The recording of this name, if there is one."""
        path = self.place(name, language)
        if path.is_file():
            return path
        # Files that come from a Mac may have their accents as signs of their own.
        apart = path.with_name(unicodedata.normalize("NFD", path.name))
        return apart if apart != path and apart.is_file() else None

    def place(self, name: str, language: str) -> Path:
        return self.folder / language / f"{name}.wav"


def read_recording(file: Path) -> tuple[Samples, int]:
    """Samples and their rate in Hz. Raises SoundUnreadable."""
    samples, rate = read_wav(file)
    if not len(samples):
        raise SoundUnreadable(f'"{file}" holds no sound: record it anew.')
    return samples, rate


def is_safe_name(name: str) -> bool:
    """Whether it can name a recording, and leads nowhere else."""
    return _SAFE_NAME.fullmatch(name) is not None and len(name.encode()) <= _NAME_BYTES


def recording_name(text: str) -> str:
    """The file name, without `.wav`, under which a recording of this text is looked for without a script."""
    return hashlib.sha256(sayable(text).encode()).hexdigest()[:_NAME_DIGITS]


def sayable(text: str) -> str:
    """Blanks folded and control characters left out: espeak-ng stops at some of them."""
    visible = "".join(" " if c.isspace() else c for c in unicodedata.normalize("NFC", text))
    return " ".join("".join(c for c in visible if unicodedata.category(c) not in ("Cc", "Cs")).split())


def read_script(file: Path) -> Script:
    """Never fails: what cannot be read is told in the script's problems."""
    try:
        if file.stat().st_size > _MOST_BYTES:
            return _refused(file, "is longer than 10 MB: it is to hold names and texts only")
        text = file.read_bytes().decode("utf-8-sig")
    except OSError as error:
        return _refused(file, f"cannot be read: {error.strerror}")
    except UnicodeDecodeError:
        return _refused(file, 'is not UTF-8 text: save it again as "CSV UTF-8"')
    delimiter = next((sign for sign in _DELIMITERS if _columns(text, sign)), "")
    if not delimiter:
        return _refused(file, "has no columns name and text: its first line must be `name,text`")
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[ScriptRow] = []
    problems: list[str] = []
    try:
        head = [cell.strip().lower() for cell in next(lines)]
        begins = lines.line_num + 1
        for cells in lines:
            line, begins = begins, lines.line_num + 1
            if not any(cell.strip() for cell in cells):
                continue
            row = _row(cells, head, line)
            if isinstance(row, str):
                problems.append(f"{file}:{line}: {row}")
            else:
                rows.append(row)
    except csv.Error as error:
        return _refused(file, f"is no CSV from line {lines.line_num} on ({error}): save it again as CSV")
    twice = {}
    first: dict[str, ScriptRow] = {}
    for row in rows:
        before = first.setdefault(row.name, row)
        if before.text != row.text:
            twice[row.name] = (
                f"{file}:{row.line}: {row.name} stands in line {before.line} with another text: give each "
                "text a name of its own. Neither is played."
            )
    kept = tuple(row for row in rows if row.name not in twice)
    return Script(file, kept, (*problems, *twice.values()))


def script_text(rows: Mapping[str, str]) -> str:
    """A script of these texts by name."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(rows.items())
    return out.getvalue()


def _columns(text: str, delimiter: str) -> bool:
    """Whether the first line has the columns, when they are parted by this sign."""
    first = text.split("\n", 1)[0].strip("\r")
    cells = [cell.strip().strip('"').lower() for cell in first.split(delimiter)]
    return all(cells.count(column) == 1 for column in COLUMNS)


def _row(cells: list[str], head: list[str], line: int) -> ScriptRow | str:
    """The row, or what is wrong with it."""
    if len(cells) > len(head) and any(cell.strip() for cell in cells[len(head) :]):
        return "there are more cells than columns: put a text with commas in quotation marks"
    filled = dict(zip(head, cells, strict=False))
    name = unicodedata.normalize("NFC", filled.get("name", "").strip())
    name = name[:-4] if name.lower().endswith(".wav") else name
    text = sayable(filled.get("text", ""))
    if not name or not text:
        return f"the {'text' if name else 'name'} is missing"
    if not is_safe_name(name):
        return f'"{name}" cannot name a recording: use letters, digits, "-", "_" and "."'
    return ScriptRow(name, text, line)


def _refused(file: Path, why: str) -> Script:
    return Script(file, problems=(f"{file} {why}. The voice speaks instead.",))
