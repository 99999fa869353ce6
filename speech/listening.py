"""One caller being listened to: audio in, speech events and utterances out.

    feed --> 20 ms frames --> voice detector --> Endpointing --SpeechBegan--> on_speech
                  |                                   |
                  +--> kept frames --> Decoder (one per language, in threads)
                                                      |--SpeechEnded--> best Understood --> on_utterance

The caller's words are decoded while they are spoken, so little is left to do when they end.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import webrtcvad

from engine.ports import Utterance
from speech.decoding import BYTES_PER_SAMPLE, Decoder
from speech.endpointing import FRAME_SECONDS, Endpointing, EndpointingTimes, SpeechBegan, SpeechEnded
from speech.loudness import Loudness, NoiseFloor, level_dbfs
from speech.phrases import NOTHING, Understood

log = logging.getLogger(__name__)

# 0 takes most sounds for a voice, 3 the fewest. What begins an utterance must be clearly a voice; what goes
# on with it may be a faint ending.
_STRICT_MODE = 3
_LENIENT_MODE = 2
_ONSET_ABOVE_NOISE_DB = 6.0
_SPEECH_ABOVE_NOISE_DB = 3.0
# A detector takes the first frames of any noise for a voice.
_SETTLING_FRAMES = 8
_CHUNK_FRAMES = 5
# Decoding begins this long after the speech, when its loudness is known; it catches up at once.
_FIRST_CHUNK_FRAMES = 10
# A decoder further behind than this cannot answer in time any more.
BACKLOG_LIMIT_SECONDS = 3.0
# A line on which nothing is said may send nothing at all: so long without audio is so much silence.
_GAP_SECONDS = 0.1
# After the end of the speech; a result later than this finds nobody waiting.
_RESULT_LIMIT_SECONDS = 4.0


@dataclass(slots=True, eq=False)
class _Turn:
    """An utterance being spoken or decoded; `awaited` are the languages that have not answered."""

    awaited: set[str]
    seconds: float = 0.0
    heard: dict[str, Understood] = field(default_factory=dict)
    abandoned: bool = False
    timer: asyncio.TimerHandle | None = None


class CallerListening:
    """Implements the engine's Listening; made by VoskRecognizer.

    `complain` is told why an utterance was lost. `default_language` goes with what was not understood.
    `live`: time passes even when no audio comes; a file is fed as fast as it can be decoded.
    """

    live = True

    def __init__(
        self,
        *,
        sample_rate: int,
        decoders: Mapping[str, Decoder],
        default_language: str,
        times: EndpointingTimes,
        on_speech: Callable[[], None],
        on_utterance: Callable[[Utterance], None],
        complain: Callable[[str], None],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._sample_rate = sample_rate
        self._decoders = decoders
        self._default_language = default_language
        self._on_speech = on_speech
        self._on_utterance = on_utterance
        self._complain = complain
        self._strict = webrtcvad.Vad(_STRICT_MODE)
        self._lenient = webrtcvad.Vad(_LENIENT_MODE)
        self._loudness = Loudness()
        self._floor = NoiseFloor()
        self._endpointing = Endpointing(times)
        self._frame_bytes = round(sample_rate * FRAME_SECONDS) * BYTES_PER_SAMPLE
        self._remainder = b""
        self._frames_heard = 0
        self._kept: deque[bytes] = deque(maxlen=self._endpointing.kept_frames)
        self._chunk: list[bytes] = []
        self._chunk_frames = 0
        self._turn: _Turn | None = None
        self._decoding: set[_Turn] = set()
        self._closed = False
        self._fed_at = 0.0

    @property
    def backlog_seconds(self) -> float:
        return max((decoder.backlog_seconds for decoder in self._decoders.values()), default=0.0)

    @property
    def speaking(self) -> bool:
        """An utterance has begun and the silence that ends it has not passed."""
        return self._turn is not None

    @property
    def idle(self) -> bool:
        """Nobody speaks and no utterance is being decoded."""
        return self._turn is None and not self._decoding

    def feed(self, audio: bytes) -> None:
        if self._closed:
            return
        self._fed_at = self._loop.time()
        audio = self._remainder + audio
        whole = len(audio) - len(audio) % self._frame_bytes
        self._remainder = audio[whole:]
        for at in range(0, whole, self._frame_bytes):
            self._frame(audio[at : at + self._frame_bytes])

    def close(self) -> None:
        self._closed = True
        for decoder in self._decoders.values():
            decoder.close()

    def _frame(self, frame: bytes) -> None:
        if self._closed:  # by one of the calls made back for an earlier frame
            return
        self._kept.append(frame)
        self._frames_heard += 1
        # Both are told every frame, since they adapt to the line's noise.
        surely = self._strict.is_speech(frame, self._sample_rate)
        perhaps = self._lenient.is_speech(frame, self._sample_rate)
        dbfs = level_dbfs(frame)
        self._floor.hear(dbfs)
        surely = (
            surely
            and self._frames_heard > _SETTLING_FRAMES
            and self._floor.stands_out(dbfs, _ONSET_ABOVE_NOISE_DB)
        )
        perhaps = perhaps and self._floor.stands_out(dbfs, _SPEECH_ABOVE_NOISE_DB)
        change = self._endpointing.hear(perhaps if self._endpointing.speaking else surely)
        if surely:
            self._loudness.hear(dbfs)
        if isinstance(change, SpeechBegan):
            self._begin(change)
        elif self._turn is not None:
            self._chunk.append(frame)
            if isinstance(change, SpeechEnded):
                self._end(self._turn, change)
            elif len(self._chunk) >= self._chunk_frames:
                self._decode_chunk(self._turn)

    def _begin(self, began: SpeechBegan) -> None:
        self._turn = _Turn(awaited=set(self._decoders))
        start = max(0, len(self._kept) - (self._frames_heard - began.start_frame))
        self._chunk = list(self._kept)[start:]
        self._chunk_frames = len(self._chunk) + _FIRST_CHUNK_FRAMES
        if self.live:
            self._loop.call_later(_GAP_SECONDS, self._fill_gap, self._turn)
        self._on_speech()

    def _fill_gap(self, turn: _Turn) -> None:
        """While an utterance goes on, what did not arrive was silence."""
        if self._closed or self._turn is not turn:
            return
        missing_seconds = self._loop.time() - self._fed_at
        if missing_seconds >= _GAP_SECONDS:
            self.feed(bytes(round(missing_seconds / FRAME_SECONDS) * self._frame_bytes))
        self._loop.call_later(_GAP_SECONDS, self._fill_gap, turn)

    def _decode_chunk(self, turn: _Turn) -> None:
        audio = b"".join(self._chunk)
        self._chunk = []
        self._chunk_frames = _CHUNK_FRAMES
        if turn.abandoned:
            return
        if self.backlog_seconds > BACKLOG_LIMIT_SECONDS:
            self._complain(
                f"Recognition is more than {BACKLOG_LIMIT_SECONDS:g} s behind; an utterance is given up."
            )
            turn.abandoned = True
            for decoder in self._decoders.values():
                decoder.give_up()
            return
        gain = self._loudness.gain()
        for decoder in self._decoders.values():
            decoder.hear(audio, gain)

    def _end(self, turn: _Turn, ended: SpeechEnded) -> None:
        self._decode_chunk(turn)
        self._turn = None
        turn.seconds = ended.seconds
        if turn.abandoned or not turn.awaited:
            self._report(turn)
            return
        self._decoding.add(turn)
        turn.timer = self._loop.call_later(_RESULT_LIMIT_SECONDS, self._too_late, turn)
        for language, decoder in self._decoders.items():
            decoder.understand(turn.seconds, self._teller(turn, language))

    def _teller(self, turn: _Turn, language: str) -> Callable[[Understood | Exception | None], None]:
        def tell(understood: Understood | Exception | None) -> None:
            with contextlib.suppress(RuntimeError):  # the loop has ended: nobody is listening
                self._loop.call_soon_threadsafe(self._understood, turn, language, understood)

        return tell

    def _understood(self, turn: _Turn, language: str, understood: Understood | Exception | None) -> None:
        if self._closed or turn not in self._decoding:
            return
        if isinstance(understood, Exception):
            self._complain(f"Recognition in {language} failed: {understood!r}")
        elif understood is not None:
            turn.heard[language] = understood
        turn.awaited.discard(language)
        if not turn.awaited:
            self._report(turn)

    def _too_late(self, turn: _Turn) -> None:
        if self._closed or turn not in self._decoding:
            return
        missing = ", ".join(sorted(turn.awaited))
        self._complain(f"Recognition ({missing}) did not answer within {_RESULT_LIMIT_SECONDS:g} s.")
        self._report(turn)

    def _report(self, turn: _Turn) -> None:
        self._decoding.discard(turn)
        if turn.timer is not None:
            turn.timer.cancel()
        language, best = max(
            turn.heard.items(), key=lambda item: item[1].confidence, default=(self._default_language, NOTHING)
        )
        if not best.text:
            language = self._default_language
        self._on_utterance(Utterance(best.text, language, best.confidence, best.margin, turn.seconds))
