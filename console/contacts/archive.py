"""All that is kept of a person, as files: person.json, a page to be read, recordings, and their digests."""

from __future__ import annotations

import hashlib
import html
import json
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import structlog

from engine.registers.privacy import PersonRecord
from engine.registers.recordings import RecordingDamaged, RecordingFiles, Sound

log = structlog.get_logger(__name__)

_CHUNK_BYTES = 1 << 18
_SOUNDS = (".wav", ".flac", ".ogg", ".mp3")
_HEADINGS = {
    "contacts": "Profiles",
    "contact_points": "Numbers and addresses",
    "contact_attributes": "What is known, and from where",
    "contact_tags": "Tags",
    "contact_groups": "Households and companies",
    "interactions": "Contacts with us",
    "calls": "Calls",
    "call_events": "What happened in the calls",
    "consents": "Consents",
    "do_not_contact": "Objections",
    "decisions": "Decisions on contacting you",
    "callback_requests": "Callback requests",
    "outbox": "Messages and news that wait or were sent",
    "publications": "What other systems were told",
    "audit_log": "Who saw and changed it",
}


def file_name(record: PersonRecord) -> str:
    return f"person-{record.contact_id}.zip"


def files_of(
    record: PersonRecord, recordings: RecordingFiles | None
) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Names and contents, each to be read to its end before the next one."""
    digests: list[tuple[str, str]] = []

    def counted(name: str, chunks: Iterator[bytes]) -> tuple[str, Iterator[bytes]]:
        return name, _digested(name, chunks, digests)

    talks = [row for row in record.tables.get("recordings", ()) if row.get("sha256")]
    known = {str(row["path"]): str(row["sha256"]) for row in talks}
    names = _recording_names(record, recordings, known)
    yield counted("person.json", iter([_json(record, names)]))
    yield counted("index.html", iter([_page(record, names).encode()]))
    for name, there in names.items():
        if there is None or recordings is None:
            continue
        if (sound := recordings.open(there, known.get(there))) is not None:
            yield counted(name, _read(sound))
    yield "SHA256SUMS", iter(["".join(f"{digest}  {name}\n" for digest, name in digests).encode()])


def zipped(record: PersonRecord, recordings: RecordingFiles | None) -> Iterator[bytes]:
    """The files as one ZIP, a piece at a time."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:  # type: ignore[call-overload]
        for name, chunks in files_of(record, recordings):
            entry = zipfile.ZipInfo(name, record.at.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_STORED if name.endswith(_SOUNDS) else zipfile.ZIP_DEFLATED
            entry.external_attr = 0o600 << 16
            with archive.open(entry, "w") as file:
                for chunk in chunks:
                    file.write(chunk)
                    yield sink.taken()
    yield sink.taken()


class _Sink:
    """What a ZIP is written to: it cannot be gone back in, so every piece can be sent on."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        pass

    def taken(self) -> bytes:
        piece, self._pieces = b"".join(self._pieces), []
        return piece


def _recording_names(
    record: PersonRecord, recordings: RecordingFiles | None, known: Mapping[str, str]
) -> Mapping[str, str | None]:
    """Names in the archive, and those among the recordings. None: it is no longer there, or damaged.

    `known`: the SHA-256 of each recorded talk.
    """
    found: dict[str, str | None] = {}
    for name in record.recordings:
        shown = Path(name).name if Path(name).suffix else f"{Path(name).name}.wav"
        plays = recordings is not None and _plays(recordings, name, known.get(name))
        found[f"recordings/{shown}"] = name if plays else None
    return found


def _plays(recordings: RecordingFiles, name: str, sha256: str | None) -> bool:
    try:
        sound = recordings.open(name, sha256)
    except RecordingDamaged as damaged:
        log.warning("a recording is left out of an export", why=str(damaged))
        return False
    if sound is not None:
        sound.close()
    return sound is not None


def _digested(name: str, chunks: Iterator[bytes], digests: list[tuple[str, str]]) -> Iterator[bytes]:
    digest = hashlib.sha256()
    for chunk in chunks:
        digest.update(chunk)
        yield chunk
    digests.append((digest.hexdigest(), name))


def _read(sound: Sound) -> Iterator[bytes]:
    with closing(sound):
        for start in range(0, sound.size, _CHUNK_BYTES):
            yield sound.read(start, start + _CHUNK_BYTES)


def _json(record: PersonRecord, names: Mapping[str, str | None]) -> bytes:
    told = {
        "contact_id": record.contact_id,
        "at": record.at.isoformat(),
        "recordings": [{"file": name, "there": there is not None} for name, there in names.items()],
        **record.tables,
    }
    return (json.dumps(told, ensure_ascii=False, indent=1) + "\n").encode()


def _page(record: PersonRecord, names: Mapping[str, str | None]) -> str:
    parts = [
        "<!doctype html><html lang='en'><meta charset='utf-8'>",
        "<meta name='viewport' content='width=device-width'><title>What is kept of you</title>",
        "<style>body{font:15px/1.5 sans-serif;margin:2rem}table{border-collapse:collapse;margin-bottom:2rem}"
        "td,th{border:1px solid #bbb;padding:.3rem .6rem;text-align:left;vertical-align:top}</style>",
        f"<h1>What is kept of you</h1><p>As of {html.escape(f'{record.at:%Y-%m-%d %H:%M} UTC')}. "
        "The same for machines: <a href='person.json'>person.json</a>.</p>",
    ]
    if names:
        links = (
            f"<li><a href='{html.escape(name)}'>{html.escape(name)}</a></li>"
            if path
            else f"<li>{html.escape(name)}: no longer kept</li>"
            for name, path in names.items()
        )
        parts.append(f"<h2>Recordings</h2><ul>{''.join(links)}</ul>")
    for table, rows in record.tables.items():
        if not rows:
            continue
        columns = [name for name in rows[0] if any(row[name] not in (None, "", [], {}) for row in rows)]
        parts.append(f"<h2>{html.escape(_HEADINGS.get(table, table.replace('_', ' ').capitalize()))}</h2>")
        parts.append("<table><tr>" + "".join(f"<th>{html.escape(name)}</th>" for name in columns) + "</tr>")
        parts += [
            "<tr>" + "".join(f"<td>{_cell(row[name])}</td>" for name in columns) + "</tr>" for row in rows
        ]
        parts.append("</table>")
    return "\n".join(parts) + "</html>\n"


def _cell(value: object) -> str:
    if value is None:
        return ""
    return html.escape(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
