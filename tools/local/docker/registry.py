"""A container registry on loopback: Debian's docker-registry, the reference implementation."""

import http.client
import json
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.local.docker.engine import NoDocker
from tools.local.watchdog import Watchdog

HOST = "127.0.0.1"  # the engine uses plain HTTP for it by default
START_SECONDS = 20


@contextmanager
def registry() -> Iterator[str]:
    """Run an empty registry, and yield its `host:port`.

    Raises:
        NoDocker: docker-registry is not installed.
    """
    program = shutil.which("docker-registry")
    if not program:
        raise NoDocker("A registry is needed: `apt-get install --no-install-recommends docker-registry`")
    with tempfile.TemporaryDirectory(prefix="registry-") as folder:
        address = f"{HOST}:{_free_port()}"
        configuration = Path(folder, "config.json")  # JSON is YAML too
        configuration.write_text(
            json.dumps(
                {
                    "version": 0.1,
                    "log": {"level": "error", "accesslog": {"disabled": True}},
                    "storage": {"filesystem": {"rootdirectory": folder}},
                    "http": {"addr": address},
                }
            )
        )
        process = subprocess.Popen(
            [program, "serve", str(configuration)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        watchdog = Watchdog()
        watchdog.watch(process.pid)
        try:
            _await_answer(process, address)
            yield address
        finally:
            process.kill()
            process.wait()
            watchdog.forget(process.pid)
            watchdog.close()


def _free_port() -> int:
    with socket.create_server((HOST, 0)) as server:
        return server.getsockname()[1]


def _await_answer(process: subprocess.Popen[bytes], address: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        connection = http.client.HTTPConnection(address, timeout=1)
        try:
            connection.request("GET", "/v2/")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.05)
        finally:
            connection.close()
    raise RuntimeError(f"docker-registry does not answer on {address}")
