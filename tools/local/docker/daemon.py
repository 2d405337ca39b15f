"""A private Docker daemon, with its own folders, socket and images, which ends with this process."""

import fcntl
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.local.watchdog import Watchdog

START_SECONDS = 30
STOP_SECONDS = 30
# Containers share the host's network, so they need no bridge and no firewall rules.
NO_NETWORK_OF_ITS_OWN = ["--iptables=false", "--ip6tables=false", "--bridge=none", "--ip-forward=false"]


class DaemonError(Exception):
    """The daemon cannot run here."""


@contextmanager
def daemon(data_root: Path) -> Iterator[str]:
    """Run dockerd on `data_root`, and yield its address.

    Raises:
        DaemonError: dockerd is not installed, the user is not root, it does not start, or another run holds the data.
    """
    program = shutil.which("dockerd", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin")
    if not program:
        raise DaemonError("dockerd is not installed")
    if os.geteuid():
        raise DaemonError("only root can start dockerd")
    data_root.mkdir(parents=True, exist_ok=True)
    # The socket's folder is a short one: a socket's path takes 107 characters at most.
    with _exclusive(data_root), tempfile.TemporaryDirectory(prefix="docker-") as run_folder:
        run = Path(run_folder)
        address = f"unix://{run / 'docker.sock'}"
        log = run / "dockerd.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [
                    program,
                    *NO_NETWORK_OF_ITS_OWN,
                    f"--data-root={data_root.resolve()}",
                    f"--exec-root={run / 'exec'}",
                    f"--pidfile={run / 'pid'}",
                    f"--host={address}",
                ],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # out of the reach of the terminal's Ctrl-C: containers are stopped first
            )
        watchdog = Watchdog()
        watchdog.watch(process.pid)
        try:
            _await_socket(process, run / "docker.sock", log)
            yield address
        finally:
            _stop(process)
            _unmount(run)
            watchdog.forget(process.pid)
            watchdog.close()


@contextmanager
def _exclusive(data_root: Path) -> Iterator[None]:
    """Lock the folder, because two daemons on one folder would silently wait for each other's locks."""
    with (data_root / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DaemonError(f"another run holds {data_root}; wait for it to end") from None
        yield


def _await_socket(process: subprocess.Popen[bytes], socket: Path, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not socket.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            last_lines = "\n".join(log.read_text(errors="replace").splitlines()[-5:])
            raise DaemonError(f"dockerd does not start:\n{last_lines}")
        time.sleep(0.05)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _unmount(folder: Path) -> None:
    """Unmount the host's network namespace, which dockerd leaves mounted after a container has used it."""
    mounts = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
    for mount in reversed([mount for mount in mounts if Path(mount).is_relative_to(folder)]):
        subprocess.run(["umount", mount], check=True)
