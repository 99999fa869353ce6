"""What Asterisk's log says of a failed start, as sentences a person can act on."""

from __future__ import annotations

import re

from asterisk.folders import RuntimeFolders

_LOG_LINE = re.compile(r"^(?:\[[^\]]*\] )?(?:ERROR|WARNING)\[[^\]]*\](?:\[[^\]]*\])? [\w./]+: (.*)$")

# Asterisk's words and ours. {1}, {2}: what the words held.
_KNOWN = (
    (r"Error loading module '([^']+)': (.*)", "Asterisk cannot load its module {1} ({2}): run `make setup`."),
    (r"Unable to bind http server to (\S+): (.*)", "TCP {1} cannot be had ({2}): set another `http_port`."),
    (r"Unable to bind AMI server to (\S+): (.*)", "TCP {1} cannot be had ({2}): set another `ami_port`."),
    (
        r"Transport 'udp' could not be started: (.*)",
        "The SIP port cannot be had ({1}): set another `sip_bind` or `sip_port`.",
    ),
    (
        r"Transport 'loopback-udp' could not be started: (.*)",
        "The loopback SIP port cannot be had ({1}): set another `loopback_port`.",
    ),
    (
        r"Unable to open Asterisk database '([^']+)': (.*)",
        "Asterisk cannot write {1} ({2}): free space or set another `runtime_dir`.",
    ),
    (
        r".*cel\.db: (.*)",
        "Asterisk cannot use the call log cel.db ({1}): move that file away, a new one is made.",
    ),
    (r"(\S+) declined to load\.", "Asterisk's module {1} refused its configuration; see its log."),
)
_PATTERNS = tuple((re.compile(words), sentence) for words, sentence in _KNOWN)


def start_errors(folders: RuntimeFolders) -> list[str]:
    """Errors of the last start that leave Asterisk unable to serve, the likeliest cause first."""
    lines: list[str] = []
    for path in (folders.message_log, folders.output_log):
        if path.exists():
            lines += path.read_text(encoding="utf-8", errors="replace").splitlines()
    texts = [
        match[1] if (match := _LOG_LINE.match(line)) else line for line in lines if "NOTICE[" not in line
    ]
    return [
        re.sub(r"\{(\d)\}", lambda place, found=found: found[int(place[1])], sentence)  # type: ignore[misc]
        for pattern, sentence in _PATTERNS
        for text in texts
        if (found := pattern.search(text.removeprefix("\x1b[0m")))
    ]
