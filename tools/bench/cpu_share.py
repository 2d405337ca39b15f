"""Limits this process and its children to the CPU share that a function's memory buys."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from function.memory import MEMORY_MB_PER_VCPU

GROUPS = Path("/sys/fs/cgroup/cpu")  # control groups, version 1
PERIOD_US = 100_000


class NoShare(Exception):
    """This machine does not let us limit the CPU."""


@contextmanager
def cpu_share(memory_mb: int) -> Iterator[float]:
    """A context in which this process gets no more CPU than a function of that size; yields the share (0-1).

    Raises:
        NoShare: says why.
    """
    group = GROUPS / f"sentiment-analyzer-{os.getpid()}"
    quota = int(PERIOD_US * memory_mb / MEMORY_MB_PER_VCPU)
    try:
        group.mkdir()
    except OSError as error:
        raise NoShare(f"{group}: {error.strerror}; control groups of version 1 and root are needed") from error
    try:
        (group / "cpu.cfs_period_us").write_text(str(PERIOD_US))
        (group / "cpu.cfs_quota_us").write_text(str(quota))
        (group / "cgroup.procs").write_text(str(os.getpid()))
        yield quota / PERIOD_US
    finally:
        (GROUPS / "cgroup.procs").write_text(str(os.getpid()))
        group.rmdir()
