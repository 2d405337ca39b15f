"""Faults of calls between function, poller and cloud, and the injector, which counts them."""

import os
import signal
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from threading import Event, Lock
from typing import Any, Protocol

from tools.chaos.proxy import Answer, Call, Dropped


class Scene(Protocol):
    """The part of a stage (tools/chaos/stage.py) that its faults read or change."""

    injector: "Injector"
    over: Event
    poller_pid: int

    def deploy(self, **changes: Any) -> None: ...

    def received(self) -> list[list[dict[str, Any]]]: ...

    def signal_runtimes(self, number: signal.Signals) -> None: ...


Do = Callable[[Call, Scene], Answer]


@dataclass(frozen=True, kw_only=True)
class Fault:
    """
    Attributes:
        what: its description, under which its hits are counted.
        operation: the calls that it affects, such as PutItem.
        do: answers such a call; raises Dropped to end the connection without an answer.
        when: selects among these calls.
        share: share of those calls, 0 to 1, evenly spread.
        times: maximum number.
    """

    what: str
    operation: str
    do: Do
    when: Callable[[Call, Scene], bool] = lambda call, scene: True
    share: float = 1.0
    times: int = 1_000_000


class Injector:
    """Applies the faults of one scenario; safe to use from many threads.

    Attributes:
        hits: number of injected faults by description.
        active: False lets every call through: the faults are repaired.
    """

    def __init__(self, faults: Sequence[Fault], scene: Scene) -> None:
        self.hits: Counter[str] = Counter()
        self.active = True
        self._faults, self._scene = faults, scene
        self._calls, self._strikes = Counter[str](), Counter[str]()
        self._lock = Lock()

    def count(self, what: str, times: int = 1) -> None:
        """Count faults that do not go through a call."""
        with self._lock:
            self.hits[what] += times

    def answer(self, call: Call) -> Answer:
        fault = next((fault for fault in self._faults if self.active and self._strikes_at(fault, call)), None)
        if fault is None:
            return call.forward()
        try:
            return fault.do(call, self._scene)
        finally:
            self.count(fault.what, call.weight)

    def _strikes_at(self, fault: Fault, call: Call) -> bool:
        if fault.operation != call.operation or not fault.when(call, self._scene):
            return False
        with self._lock:
            before = self._calls[fault.what]
            self._calls[fault.what] += 1
            due = int((before + 1) * fault.share) > int(before * fault.share)
            if not due or self._strikes[fault.what] >= fault.times:
                return False
            self._strikes[fault.what] += 1
        return True


def refuse(code: str, status: int = 400) -> Do:
    """The service's own error, in its JSON protocol."""
    body = {"__type": f"com.amazonaws#{code}", "message": "injected"}
    return lambda call, scene: Answer(status=status, body=body, headers={"Content-Type": "application/x-amz-json-1.0"})


throttle = refuse("ProvisionedThroughputExceededException")
find_invalid = refuse("ValidationException")
be_unavailable = refuse("ServiceUnavailable", status=503)


def hang(call: Call, scene: Scene) -> Answer:
    """Neither answer nor close the connection until the scenario is over."""
    scene.over.wait()
    raise Dropped


def lose_the_answer(call: Call, scene: Scene) -> Answer:
    """Execute the call, but lose the answer."""
    call.forward()
    raise Dropped


def kill(call: Call, scene: Scene) -> Answer:
    """Kill all live runtimes at a call that one of them made; the call itself arrives."""
    scene.signal_runtimes(signal.SIGKILL)
    return call.forward()


def kill_before(call: Call, scene: Scene) -> Answer:
    """Kill all live runtimes before the call arrives."""
    scene.signal_runtimes(signal.SIGKILL)
    raise Dropped


def freeze(call: Call, scene: Scene) -> Answer:
    """Stop all live runtimes, so that they neither answer nor end."""
    scene.signal_runtimes(signal.SIGSTOP)
    return call.forward()


def send_signal(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)
