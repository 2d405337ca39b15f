"""Long commands stop on a signal: they print `stopped`, print no traceback, and leave no process running."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tools.local.program import ROOT

PATIENCE_S = 120
pytestmark = pytest.mark.slow(reason="starts each long command several times")
SIGNALS = [signal.SIGINT, signal.SIGTERM]
COMMANDS = {
    "demo": ["tools.local", "demo"],
    "local": ["tools.local", "serve", "--port", "0"],
    "load": ["tools.load", "--rate", "1", "--duration", "600", "--ceiling-seconds", "0", "--output", "out"],
    "chaos": ["tools.chaos", "--quick", "--only", "killed", "--output", "out.json"],
}


def descendants(pid: int) -> set[int]:
    """All processes below this one."""
    try:
        lists = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/children")]
    except OSError:  # it has just ended
        return set()
    children = {int(child) for each in lists for child in each.split()}
    return children.union(*map(descendants, children))


def started(pid: int) -> str | None:
    """When a process began, which distinguishes it from a later one with its id; None if it has ended."""
    try:
        state, *fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if state == "Z" else fields[18]


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize(("command", "processes"), [("demo", 1), ("demo", 3), ("local", 2), ("load", 3), ("chaos", 4)])
def test_a_signal_stops_a_command_and_all_its_processes(
    tmp_path: Path, command: str, processes: int, number: signal.Signals
) -> None:
    """The signal comes as soon as the command has `processes`: the cloud, the watchdog, the function and others."""
    output = tmp_path / "output"
    with output.open("w") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", *COMMANDS[command]],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        deadline = time.monotonic() + PATIENCE_S
        while len(below := descendants(process.pid)) < processes:
            assert process.poll() is None, output.read_text()
            assert time.monotonic() < deadline, output.read_text()
            time.sleep(0.01)
        known = {pid: began for pid in below if (began := started(pid))}
        # Ctrl-C reaches the whole group, as in a terminal.
        (os.killpg if number == signal.SIGINT else os.kill)(process.pid, number)
        assert process.wait(PATIENCE_S) == 128 + number
    said = output.read_text()
    assert said.endswith("stopped\n")
    assert not re.search("Traceback|Error|Exception", said), said
    while left := [pid for pid, began in known.items() if started(pid) == began]:
        assert time.monotonic() < deadline, f"{left} still run"
        time.sleep(0.01)


def test_a_signal_after_the_last_line_ends_the_command_cleanly() -> None:
    pipe = subprocess.PIPE
    command = [sys.executable, "-m", *COMMANDS["demo"]]
    with subprocess.Popen(command, cwd=ROOT, stdout=pipe, stderr=pipe, text=True, start_new_session=True) as demo:
        assert demo.stdout
        assert any(line.startswith("Took") for line in demo.stdout)
        os.killpg(demo.pid, signal.SIGINT)
        _, err = demo.communicate(timeout=PATIENCE_S)
    assert (demo.returncode, err) in ((0, ""), (130, "stopped\n"))
