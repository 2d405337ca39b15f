"""Runs all scenarios, several at a time, because they spend much of their time waiting."""

import logging
import multiprocessing
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed

from tools import ending
from tools.chaos import (
    all_faults,
    poller_faults,
    queue_faults,
    redrive_faults,
    release_faults,
    runtime_faults,
    table_faults,
)
from tools.chaos.scenario import Outcome, Scenario, run

SCENARIOS: dict[str, Scenario] = {
    scenario.name: scenario
    for group in (
        runtime_faults,
        all_faults,
        redrive_faults,
        poller_faults,
        release_faults,
        table_faults,
        queue_faults,
    )
    for scenario in group.SCENARIOS
}


def outcomes(names: Sequence[str], count: int, jobs: int) -> Iterator[Outcome]:
    """Run scenarios with about `count` messages each, `jobs` at a time; yields each outcome as soon as it is there."""
    # Processes, because a process has only one Pulumi runtime; spawned, because threads run in this one.
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        heeded = signal.signal(signal.SIGINT, signal.SIG_IGN)  # which they inherit: this process ends them
        playing = [pool.submit(_play, name, count) for name in names]
        signal.signal(signal.SIGINT, heeded)
        ending.at_once.append(_kill_children)
        try:
            for done in as_completed(playing):
                yield done.result()
        finally:
            ending.at_once.remove(_kill_children)


def _kill_children() -> None:
    """Pipes and watchdogs end what they have started."""
    for child in multiprocessing.active_children():
        child.kill()


def _play(name: str, count: int) -> Outcome:
    logging.getLogger("local").setLevel(logging.ERROR)  # its warnings are of what is done to it here
    return run(SCENARIOS[name], count)
