"""Decoding beside the event loop: many callers' recognisers share a few threads.

Vosk lets go of Python's lock while it works, so threads are enough. Each recogniser has a strand: its jobs
run in order and one at a time, and the strands take turns job by job, so that nobody waits for somebody
else's long sentence.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor

from speech.loudness import amplified
from speech.phrases import Understood
from speech.vosk_model import Ear

BYTES_PER_SAMPLE = 2


class Strand:
    """Runs jobs in order on an executor. Jobs must not raise."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self._jobs: deque[Callable[[], None]] = deque()
        self._lock = threading.Lock()
        self._scheduled = False

    def do(self, job: Callable[[], None]) -> None:
        """Never blocks. Once the executor is shut down, nothing is done any more."""
        with self._lock:
            self._jobs.append(job)
            if self._scheduled:
                return
            self._scheduled = True
        self._schedule()

    def forget(self) -> None:
        """Drop the jobs that have not begun."""
        with self._lock:
            self._jobs.clear()

    def _run_one(self) -> None:
        with self._lock:
            if not self._jobs:
                self._scheduled = False
                return
            job = self._jobs.popleft()
        job()
        with self._lock:
            self._scheduled = bool(self._jobs)
            if not self._scheduled:
                return
        self._schedule()

    def _schedule(self) -> None:
        try:
            self._executor.submit(self._run_one)
        except RuntimeError:  # shut down: nobody waits for the rest
            self.forget()


class Decoder:
    """One caller's ear in one language. All methods return at once; the work is done on the strand.

    `make_ear` is called on the strand too, since an open-vocabulary recogniser takes 70 ms to build. It
    returns None when none of the phrases can be heard: every utterance is then empty.
    """

    def __init__(self, executor: Executor, sample_rate: int, make_ear: Callable[[], Ear | None]) -> None:
        self._strand = Strand(executor)
        self._bytes_per_second = sample_rate * BYTES_PER_SAMPLE
        self._make_ear = make_ear
        self._ear: Ear | None = None
        self._failure: Exception | None = None
        # Each is written by one side only, so no lock is needed to compare them.
        self._given_bytes = 0
        self._heard_bytes = 0
        self._forgotten_bytes = 0
        self._strand.do(self._make)

    @property
    def backlog_seconds(self) -> float:
        """Audio given that has not been decoded yet."""
        return (self._given_bytes - max(self._heard_bytes, self._forgotten_bytes)) / self._bytes_per_second

    def hear(self, audio: bytes, gain: float) -> None:
        self._given_bytes += len(audio)
        self._strand.do(lambda: self._hear(audio, gain))

    def understand(
        self, spoken_seconds: float, tell: Callable[[Understood | Exception | None], None]
    ) -> None:
        """`tell` is called on a decoding thread: what was heard, why it failed, or None: nothing hearable."""
        self._strand.do(lambda: tell(self._understand(spoken_seconds)))

    def give_up(self) -> None:
        """Forget the utterance, as much of it as was not decoded; the next one starts afresh."""
        self._strand.forget()
        given = self._forgotten_bytes = self._given_bytes
        self._strand.do(lambda: self._start_afresh(given))

    def close(self) -> None:
        self._strand.forget()

    def _make(self) -> None:
        try:
            self._ear = self._make_ear()
        except Exception as error:  # whatever the library raises must not end the thread
            self._failure = error

    def _start_afresh(self, heard_bytes: int) -> None:
        self._heard_bytes = heard_bytes
        self._failure = None
        self._make()

    def _hear(self, audio: bytes, gain: float) -> None:
        if self._ear is not None and self._failure is None:
            try:
                self._ear.hear(amplified(audio, gain))
            except Exception as error:
                self._failure = error
        self._heard_bytes += len(audio)

    def _understand(self, spoken_seconds: float) -> Understood | Exception | None:
        if self._failure is None and self._ear is not None:
            try:
                return self._ear.understand(spoken_seconds)
            except Exception as error:
                self._failure = error
        failure = self._failure
        if failure is not None:
            self._failure = None
            self._make()  # a recogniser that raised is not trusted with the next utterance
        return failure
