"""Samples queues and processes every second while the load runs."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from threading import Event, Thread
from types import TracebackType
from typing import Self

import psutil
from botocore.exceptions import BotoCoreError, ClientError

from sentiment.dlq.queue import counts, depth
from tools.load.pipeline import Pipeline

INTERVAL_S = 1.0
MB = 2**20
BUSY = ("user", "nice", "system", "irq", "softirq", "steal")  # kinds of CPU time; all but waiting
OTHERS = "other processes"


@dataclass(frozen=True, kw_only=True)
class Sample:
    """
    Attributes:
        at: seconds since the epoch.
        waiting, in_flight, dead: messages, as SQS counts them.
        cpu_s: CPU time that the processes have used so far, by role.
        machine_s: CPU time that all processes on this machine have used so far.
        memory_mb: resident memory, by role.
    """

    at: float
    waiting: int
    in_flight: int
    dead: int
    cpu_s: Mapping[str, float]
    machine_s: float
    memory_mb: Mapping[str, float]


class Sampler:
    """A context manager that samples every second.

    Attributes:
        samples: the samples so far.
    """

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self._sqs = pipeline.target.client("sqs")
        self._processes: dict[int, psutil.Process] = {}
        self._stopping = Event()
        self._thread = Thread(target=self._run, name="sampler", daemon=True)
        self.samples: list[Sample] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stopping.set()
        self._thread.join()

    @property
    def last(self) -> Sample | None:
        return self.samples[-1] if self.samples else None

    def look(self) -> Sample:
        """
        Raises:
            ClientError, BotoCoreError: the queues cannot be read.
        """
        target = self._pipeline.target
        waiting, _, in_flight = counts(self._sqs, target.queue_url)
        usage = {name: [self._usage(pid) for pid in pids] for name, pids in self._pipeline.processes().items()}
        return Sample(
            at=time.time(),
            waiting=waiting,
            in_flight=in_flight,
            dead=depth(self._sqs, target.dead_letter_queue_url),
            cpu_s={name: sum(cpu for cpu, _ in each) for name, each in usage.items()},
            machine_s=_machine_s(),
            memory_mb={name: sum(memory for _, memory in each) for name, each in usage.items()},
        )

    def _run(self) -> None:
        while not self._stopping.wait(INTERVAL_S):
            try:
                self.samples.append(self.look())
            except (ClientError, BotoCoreError):
                continue  # only a gap in the picture

    def _usage(self, pid: int) -> tuple[float, float]:
        """CPU seconds so far and MB of memory; nothing for a process that has ended."""
        try:
            process = self._processes.setdefault(pid, psutil.Process(pid))
            times = process.cpu_times()
            return times.user + times.system, process.memory_info().rss / MB
        except psutil.NoSuchProcess:
            return 0.0, 0.0


def _machine_s() -> float:
    times = psutil.cpu_times()
    return float(sum(getattr(times, kind, 0.0) for kind in BUSY))


def cores_used(samples: Sequence[Sample]) -> dict[str, float]:
    """Average CPU seconds a second, by role; nothing for processes that run elsewhere."""
    if len(samples) < 2:
        return {}
    first, last = samples[0], samples[-1]
    passed_s = last.at - first.at
    # A process that ended took its time with it.
    used = {name: max(0.0, last.cpu_s[name] - first.cpu_s[name]) / passed_s for name in last.cpu_s}
    others = (last.machine_s - first.machine_s) / passed_s - sum(used.values())
    return {**used, OTHERS: max(0.0, others)} if used else {}


def usage(samples: Sequence[Sample], since: float) -> list[tuple[float, dict[str, float], dict[str, float]]]:
    """Cores and MB by role, from sample to sample; first the seconds after `since`."""
    return [
        (after.at - since, cores_used([before, after]), dict(after.memory_mb)) for before, after in pairwise(samples)
    ]
