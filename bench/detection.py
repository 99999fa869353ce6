"""Who is taken for whom when a call is answered: Asterisk's AMD, the recogniser's words, and both.

    python -m bench.detection [--seconds 3.0] [--at-once 6] [--write]

A second Asterisk plays recorded people behind a trunk, over SIP and RTP in G.711; what is asked is what a
campaign asks. The recordings are those of Asterisk's sound packages: two women in a studio, one English, one
Russian. Words and sentences of theirs stand for what a person says who answers, some of their sentences and
a beep for voicemails. Each begins after 0.2 to 0.9 s of a quiet room. There is a model for English alone.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import random
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from asterisk.control import AsteriskControl
from asterisk.settings import Trunk
from bench import report
from calls.control import ChannelEnded, LegAnswered, NetworkEvent
from calls.detection import Sounding
from dialer.attempt import Verdict
from dialer.greeting import by_sound
from dialer.machine import Detect, MachinePolicy, wilson
from engine.clock import SystemClock
from engine.dialling.detecting import MachineDetection
from engine.dialling.verdicts import Judged
from infolinia.setup.inventory import find_parts
from speech.vosk_recognizer import VoskRecognizer
from tests.asterisk.network import control_of
from tests.house import running_asterisk, take_ports
from tests.public.fates import Fate
from tests.public.people import Public, simulated_public
from tests.public.sounds import RATE, spoken

FIRST_PORT, LAST_PORT = 22600, 22800
_SMALLEST_FILE = 4000  # bytes: below there is nothing in it
_PEOPLE = ("a word", "two words", "a short sentence")
_VOICEMAIL = "a voicemail's greeting"
_SENTENCES = "a long sentence"
_GREETINGS: Sequence[Sequence[str | float]] = (
    ("vm-nobodyavail", 0.3, "vm-intro", "beep"),
    ("im-sorry", 0.2, "vm-theperson", 0.1, "digits/1", 0.1, "digits/2", 0.1, "vm-isunavail", 0.3, "vm-intro"),
    ("hello", 0.3, "followme/sorry", 0.3, "vm-intro", "beep"),
    ("vm-theperson", 0.1, "digits/7", 0.1, "vm-isonphone", 0.3, "vm-intro", "beep"),
    ("vm-mailboxfull", 0.3, "vm-goodbye"),
)


@dataclass(frozen=True, slots=True)
class Sample:
    """`parts` of tests.public.sounds; `kind` is what it stands for."""

    kind: str
    language: str
    parts: tuple[str | float, ...]


@dataclass(frozen=True, slots=True)
class Found:
    sample: Sample
    sound: Verdict
    both: Verdict
    seconds: float
    why: str


def samples(draw: random.Random) -> list[Sample]:
    """In an order of its own, so that all kinds meet the machine's ups and downs."""
    found: list[Sample] = []
    for language in ("en", "ru"):
        words, sentences, long = (list(one) for one in _recorded(language))
        draw.shuffle(words)
        draw.shuffle(sentences)
        draw.shuffle(long)
        pairs = [
            (*pair, draw.uniform(0.15, 0.35)) for pair in zip(words[100:160:2], words[101:160:2], strict=True)
        ]
        greetings = [
            [part if isinstance(part, float) or part == "beep" else f"{language}/{part}" for part in greeting]
            for greeting in _GREETINGS
        ]
        kinds: list[tuple[str, Sequence[Sequence[str | float]]]] = [
            (_PEOPLE[0], [(word,) for word in words[:100]]),
            (_PEOPLE[1], [(str(one), pause, str(two)) for one, two, pause in pairs]),
            (_PEOPLE[2], [(sentence,) for sentence in sentences[:60]]),
            (_VOICEMAIL, greetings * 4),
            (_SENTENCES, [(sentence,) for sentence in long[:40]]),
        ]
        for kind, texts in kinds:
            found += [Sample(kind, language, (draw.uniform(0.2, 0.9), *text)) for text in texts]
    draw.shuffle(found)
    return found


def _recorded(language: str) -> tuple[list[str], list[str], list[str]]:
    """Names of recorded words, short sentences and long ones, by their seconds of speech."""
    place = find_parts().sounds_dir / language
    words, sentences, long = [], [], []
    said_by_machines = {
        f"{language}/{part}" for greeting in _GREETINGS for part in greeting if part != "hello"
    }
    for path in sorted(place.rglob("*.wav")):
        name = f"{language}/{path.relative_to(place).with_suffix('')}"
        unfit = any(part in name for part in ("silence/", "beep", "monkeys", "phonetic", "tt-"))
        if unfit or name in said_by_machines or path.stat().st_size < _SMALLEST_FILE:
            continue
        seconds = len(spoken(name)) / RATE
        if 0.2 < seconds < 1.2:
            words.append(name)
        elif 1.2 <= seconds < 2.0:
            sentences.append(name)
        elif seconds > 2.8:
            long.append(name)
    return words, sentences, long


class NotedControl:
    """The control as the detection uses it, and what Asterisk alone said of each leg."""

    def __init__(self, control: AsteriskControl) -> None:
        self._control = control
        self.soundings: dict[str, Sounding] = {}
        self.snoop = control.snoop
        self.open_voice = control.open_voice
        self.hang_up = control.hang_up
        self.until_quiet = control.until_quiet

    async def detect(self, channel_id: str, *, seconds: float) -> Sounding:
        self.soundings[channel_id] = found = await self._control.detect(channel_id, seconds=seconds)
        return found


class Office:
    """The hotline's Asterisk, from which everybody is called."""

    def __init__(self) -> None:
        self.answered: dict[str, asyncio.Event] = {}
        self.ended: dict[str, asyncio.Event] = {}

    def hear(self, event: NetworkEvent) -> None:
        match event:
            case LegAnswered(leg) if leg in self.answered:
                self.answered[leg].set()
            case ChannelEnded(leg) if leg in self.ended:
                self.ended[leg].set()
                self.answered[leg].set()
            case _:
                pass


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[tuple[Public, Office, AsteriskControl, VoskRecognizer]]:
    office = Office()
    recognizer = VoskRecognizer(find_parts().model_dirs)
    with take_ports(FIRST_PORT, LAST_PORT) as theirs, take_ports(FIRST_PORT, LAST_PORT) as ours:
        async with simulated_public(folder / "public", theirs) as public:
            trunk = Trunk(name="carrier", hosts=(public.host,), codecs=("alaw",))
            async with (
                running_asterisk(folder / "ours", ours, trunks=(trunk,)) as asterisk,
                control_of(asterisk, office.hear) as control,
            ):
                await recognizer.start()
                try:
                    yield public, office, control, recognizer
                finally:
                    await recognizer.close()


async def measured(at_once: int, seconds: float, most: int | None) -> list[Found]:
    todo = samples(random.Random(6))[:most]
    policy = MachinePolicy(detect=Detect.SPEECH, seconds=seconds)
    found: list[Found] = []
    with tempfile.TemporaryDirectory() as place:
        async with running(Path(place)) as (public, office, control, recognizer):
            public.fate_of = lambda number: Fate(ring_seconds=0.0, says=f"sample-{int(number[-4:])}")
            noted = NotedControl(control)
            detection = MachineDetection(noted, recognizer, SystemClock())
            for number, sample in enumerate(todo):
                await asyncio.to_thread(public.sounds.keep, f"sample-{number}", sample.parts)
            turns = asyncio.Semaphore(at_once)

            async def ask(number: int, sample: Sample) -> None:
                async with turns:
                    judged = await _call(office, control, detection, policy, number, sample)
                sounding = noted.soundings[f"leg-{number}"]
                both = judged.verdict
                found.append(Found(sample, by_sound(sounding)[0], both, judged.seconds, judged.why))

            await asyncio.gather(*(ask(number, sample) for number, sample in enumerate(todo)))
            await detection.close()
    return found


async def _call(
    office: Office,
    control: AsteriskControl,
    detection: MachineDetection,
    policy: MachinePolicy,
    number: int,
    sample: Sample,
) -> Judged:
    leg = f"leg-{number}"
    office.answered[leg], office.ended[leg] = asyncio.Event(), asyncio.Event()
    await control.originate(
        leg, f"+4822{number:07d}", caller_id="+48220000010", ring_seconds=10, call_id=leg, trunk="carrier"
    )
    await asyncio.wait_for(office.answered[leg].wait(), 10)
    judged = await detection.of(leg, policy, sample.language)
    await control.hang_up(leg)
    await asyncio.wait_for(office.ended[leg].wait(), 10)
    return judged


def lines(found: Sequence[Found]) -> list[list[str]]:
    rows = []
    for kind, language in itertools.product((*_PEOPLE, _VOICEMAIL, _SENTENCES), ("en", "ru")):
        of_kind = [one for one in found if (one.sample.kind, one.sample.language) == (kind, language)]
        if not of_kind:
            continue
        rows.append(
            [
                f"{kind}, {language}",
                str(len(of_kind)),
                _counts([one.sound for one in of_kind]),
                _counts([one.both for one in of_kind]),
                f"{report.percentile([one.seconds for one in of_kind], 0.5):.2f}",
                f"{report.percentile([one.seconds for one in of_kind], 0.95):.2f}",
            ]
        )
    return rows


def _counts(verdicts: Sequence[Verdict]) -> str:
    return " / ".join(str(verdicts.count(one)) for one in (Verdict.HUMAN, Verdict.UNSURE, Verdict.MACHINE))


def sentences_of(found: Sequence[Found]) -> list[str]:
    """What was found, with Wilson's 95 % intervals."""
    people = [one for one in found if one.sample.kind in _PEOPLE]
    voicemails = [one for one in found if one.sample.kind == _VOICEMAIL]
    english = [one for one in voicemails if one.sample.language == "en"]
    return [
        f"- People taken for machines by AMD alone: {_share([one.sound for one in people])}; "
        f"by both: {_share([one.both for one in people])}.",
        f"- Voicemails found by AMD alone: {_share([one.sound for one in voicemails])}; by both, in English: "
        f"{_share([one.both for one in english])}. In a language without a model none is found by both.",
    ]


def _share(verdicts: Sequence[Verdict]) -> str:
    hits, of = verdicts.count(Verdict.MACHINE), len(verdicts)
    low, high = wilson(hits, of)
    return f"{hits} of {of} (95 %: {100 * low:.1f} to {100 * high:.1f} %)"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.detection")
    parser.add_argument("--seconds", type=float, default=3.0, help="the longest that detection may take")
    parser.add_argument("--at-once", type=int, default=6, metavar="N", help="calls at the same time")
    parser.add_argument("--samples", type=int, metavar="N", help="only so many")
    parser.add_argument("--write", action="store_true", help="into docs/figures.md")
    options = parser.parse_args()
    found = asyncio.run(measured(options.at_once, options.seconds, options.samples))
    facts = report.machine()
    head = ["what answers", "calls", "AMD: human / unsure / machine", "both", "p50 s", "p95 s"]
    text = "\n".join(
        [
            f"{report.machine_line(facts).replace(', SIPp on the same machine', '')} At most "
            f"{options.seconds:g} s each, {options.at_once} at once. Seconds are from the answer to the "
            "verdict of both; speech begins 0.2 to 0.9 s after the answer.",
            "",
            report.table(head, lines(found)),
            "",
            *sentences_of(found),
        ]
    )
    print(text)
    if options.write:
        data = {
            "machine": facts,
            "seconds": options.seconds,
            "calls": [
                [*map(str, (f.sample.kind, f.sample.language, f.sound, f.both)), round(f.seconds, 3), f.why]
                for f in found
            ],
        }
        report.write("detection", data, text)


if __name__ == "__main__":
    main()
