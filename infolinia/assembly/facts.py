"""What the pages tell of the hotline itself."""

from __future__ import annotations

import os
import shutil
import sys

from console.hotline import FlowFact, HotlineFacts
from engine.flows import FlowShelf
from infolinia.configuration import Configuration
from speech.vosk_recognizer import VoskRecognizer


def hotline_facts(configuration: Configuration, shelf: FlowShelf, recognizer: VoskRecognizer) -> HotlineFacts:
    number = next(iter(configuration.numbers), "")
    first = shelf.for_number(number) or shelf.unknown
    host = "127.0.0.1" if configuration.sip.bind == "0.0.0.0" else configuration.sip.bind  # noqa: S104
    served = {number: shelf.for_number(number) for number in configuration.numbers}
    return HotlineFacts(
        name=configuration.name,
        number=number,
        sip_address=f"sip:{number}@{host}:{configuration.sip.port}",
        languages=tuple(first.languages),
        flows=tuple(
            FlowFact(number, flow.name, flow.version, flow.file) for number, flow in served.items() if flow
        ),
        understood=tuple(sorted(recognizer.languages())),
        program="infolinia" if shutil.which("infolinia") else os.path.relpath(sys.argv[0]),
    )
