"""What flows say against what was recorded: names for a script, what is missing, what is never played."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ivr.flow import Flow
from ivr.spoken_texts import OWN, SpokenText, own_texts, spoken_texts
from ivr.steps.play import Play
from speech.recorded_prompts import RecordedPrompts, ScriptRow, read_recording, recording_name, sayable
from speech.sound_files import SoundUnreadable

_TEXTS_OWN_NAME = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class ListedText:
    """`name`: under which it is recorded, or is to be. `recorded`: it is heard from a recording."""

    spoken: SpokenText
    name: str
    recorded: bool

    @property
    def text(self) -> str:
        return sayable(self.spoken.text)


def listed_texts(flows: Iterable[Flow], recorded: RecordedPrompts) -> list[ListedText]:
    """Every text of the flows in its order, named by the script where that has it."""
    found: list[ListedText] = []
    given: set[tuple[str, str]] = set()
    for spoken in spoken_texts(flows):
        name = _given_name(spoken, recorded) if spoken.fixed else None
        if name is None:
            name, again = spoken.name, 1
            while (spoken.language, name) in given or _is_anothers(name, spoken.language, recorded):
                again += 1
                name = f"{spoken.name}-{again}"
        given.add((spoken.language, name))
        heard = spoken.fixed and any(map(_usable, recorded.files(spoken.text, spoken.language)))
        found.append(ListedText(spoken, name, heard))
    return found


def _given_name(spoken: SpokenText, recorded: RecordedPrompts) -> str | None:
    """The script's name for it; of several, one whose recording is there."""
    names = recorded.names(spoken.text, spoken.language)[:-1]
    there = (name for name in names if recorded.file(name, spoken.language) is not None)
    return next(there, names[0] if names else None)


def _is_anothers(name: str, language: str, recorded: RecordedPrompts) -> bool:
    """Whether a recording of this name would be, or may be, one of another text."""
    in_script = any(row.name == name for row in recorded.script(language).rows)
    return in_script or recorded.file(name, language) is not None


def script_rows(listed: Iterable[ListedText], kept: Iterable[ScriptRow], *, missing: bool) -> dict[str, str]:
    """name -> text of all that can be recorded whole, and the rows that are kept; or of what is missing."""
    rows = {one.name: one.text for one in listed if one.spoken.fixed and not (missing and one.recorded)}
    if not missing:
        rows |= {row.name: row.text for row in kept if row.name not in rows}
    return rows


class Judged:
    """The rows of all scripts against what the flows say. `whole`: there are no other flows.

    Without it only those rows are judged whose name is that of a text in these flows.
    """

    def __init__(self, flows: Iterable[Flow], recorded: RecordedPrompts, *, whole: bool) -> None:
        self._flows = tuple(flows)
        self._recorded = recorded
        self._whole = whole
        # Without flows that are called: alone they may say more than those that call them.
        self._stems = {OWN, *(flow.name for flow in self._flows)}
        spoken = spoken_texts(self._flows)
        self._languages = sorted({*recorded.languages(), *(one.language for one in spoken)})
        self._said = {
            language: {
                **{own.name: own for own in own_texts(language)},
                **{one.name: one for one in spoken if one.language == language},
            }
            for language in self._languages
        }
        self._fixed = {
            language: {sayable(one.text) for one in said.values() if one.fixed}
            for language, said in self._said.items()
        }

    def known_values(self, language: str) -> list[ScriptRow]:
        """Rows that stand for a text with certain values in it."""
        rows = self._recorded.script(language).rows
        return [
            row for row in rows if row.text not in self._fixed[language] and not self._is_old(row, language)
        ]

    def script_warnings(self) -> list[str]:
        """Scripts that cannot be read, and recordings of texts that no flow says any more."""
        told = self._recorded.problems
        for language in self._recorded.languages():
            script = self._recorded.script(language)
            for row in script.rows:
                there = self._recorded.file(row.name, language) is not None
                if there and self._is_old(row, language):
                    told.append(
                        f"{row.name}.wav in {language} is recorded for an older text, {_short(row.text)} "
                        f"({script.file}:{row.line}), and is not played: record the new text, or take "
                        "the file and its row out."
                    )
        return told

    def sound_warnings(self) -> list[str]:
        """Recordings that cannot be played, one sentence each."""
        told = []
        for language in self._languages:
            for file in self._played(language):
                try:
                    read_recording(file)
                except SoundUnreadable as unreadable:
                    told.append(f"{unreadable} The voice speaks instead.")
        return told

    def stray_warnings(self) -> list[str]:
        """Files in the folders of languages that nothing leads to. For all flows together."""
        bodies = [step.body for flow in self._flows for step in flow.steps.values()]
        plays = {body.file for body in bodies if isinstance(body, Play)}
        told = []
        for language in self._languages:
            names = {row.name for row in self._recorded.script(language).rows} | plays
            known = {self._recorded.file(name, language) for name in names} | set(self._played(language))
            folder = self._recorded.folder / language
            for file in sorted(folder.iterdir()) if folder.is_dir() else ():
                if _TEXTS_OWN_NAME.fullmatch(file.stem):
                    continue  # it may be of a text with certain values in it
                if file.suffix == ".wav" and file not in known:
                    told.append(
                        f"{file} is never played, since no row of script.csv and no flow names it: put the "
                        "script that it was recorded from beside it, or take it out."
                    )
                elif file.stem in names and file.suffix != ".wav" and file.is_file():
                    told.append(f'{file} is not played: make it a WAV file, "{file.stem}.wav".')
        return told

    def _played(self, language: str) -> Iterator[Path]:
        """Recordings that go before a text: those of the script, and those named by the text itself."""
        said = map(recording_name, sorted(self._fixed[language]))
        rows = self._recorded.script(language).rows
        names = [row.name for row in rows if not self._is_old(row, language)]
        for name in dict.fromkeys([*names, *(recording_name(row.text) for row in rows), *said]):
            if (file := self._recorded.file(name, language)) is not None:
                yield file

    def _is_old(self, row: ScriptRow, language: str) -> bool:
        """Whether no flow says the row's text any more."""
        if row.text in self._fixed[language]:
            return False
        stem, dot, _ = row.name.partition(".")
        of_these = bool(dot) and stem in self._stems
        if not (of_these or self._whole):
            return False
        if (named := self._said[language].get(row.name)) is not None:
            return named.fixed or not named.can_read(row.text)
        # A text that is values alone could be anything: it counts where the name does not say where it stood.
        return not any(
            spoken.can_read(row.text)
            for spoken in self._said[language].values()
            if not spoken.fixed and (_has_words(spoken) or not of_these)
        )


def _has_words(spoken: SpokenText) -> bool:
    return any(isinstance(part, str) and any(map(str.isalpha, part)) for part in spoken.template.parts)


def _usable(file: Path) -> bool:
    try:
        read_recording(file)
    except SoundUnreadable:
        return False
    return True


def _short(text: str) -> str:
    return f'"{text[:60]}…"' if len(text) > 60 else f'"{text}"'
