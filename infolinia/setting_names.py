"""Asterisk's settings by the names they have in the configuration file."""

from __future__ import annotations

import re

_NAMES = {
    "runtime_dir": "state",
    "sip_bind": "sip.bind",
    "sip_port": "sip.port",
    "rtp_start": "sip.rtp",
    "rtp_end": "sip.rtp",
    "external_address": "sip.external_address",
    "local_networks": "sip.local_networks",
    "trunks": "sip.trunks",
    "phones": "agents",
    "http_port": "asterisk.http_port",
    "ami_port": "asterisk.ami_port",
    "loopback_port": "asterisk.loopback_port",
    "media_port": "asterisk.media_port",
    "caller_media_port": "asterisk.caller_media_port",
}
_NAME = re.compile(rf"(?<![\w./-])({'|'.join(sorted(_NAMES, key=len, reverse=True))})(?![\w/-])")
_PATH = re.compile(r"(?<![\w./-])[a-z][a-z0-9_-]*(?:(?:\.[a-z][a-z0-9_-]*)|(?:\[\d+\]))*")


def in_configuration_words(sentence: str) -> str:
    """The sentence with each setting as a person wrote it: `sip_port` is `sip.port` there."""
    return _NAME.sub(lambda match: _NAMES[match[1]], sentence)


def setting_paths(sentence: str) -> list[list[str | int]]:
    """The words of a sentence that may be settings, as paths: sip.trunks[0].name is sip, trunks, 0, name."""
    return [
        [int(part) if part.isdigit() else part for part in re.split(r"[.\[\]]+", match[0].rstrip("]"))]
        for match in _PATH.finditer(sentence)
    ]
