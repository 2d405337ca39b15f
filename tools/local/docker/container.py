"""Runs an image as Lambda would: read-only, unprivileged, within the memory and the CPU share of the function."""

import os
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass

from function.memory import MEMORY_MB_PER_VCPU
from tools.local.docker.engine import DockerError, Engine
from tools.local.function_config import FunctionConfig, process_variables
from tools.local.runtime_process import peak_bytes

MB = 2**20
# Lambda's user, by number: an image need not know it. Descriptors and processes: developer guide, "Lambda quotas".
SANDBOX = [
    "--user=993:990",
    "--tmpfs=/tmp",
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
    "--ulimit=nofile=1024",
    "--pids-limit=1024",
    "--log-driver=none",
]
IMAGE_SETS = {"PATH", "LAMBDA_TASK_ROOT", "MODEL_DIR"}  # what a plain process needs to be told
SIGNALLED = 128  # Docker adds it to the number of the signal that ended a container


class Container:
    """A container with the runtime in it; its `pid` is that of the docker client that watches it.

    If this process dies without ending it, the container loses its Runtime API, and the runtime ends at its next call.
    """

    def __init__(self, engine: Engine, container_id: str) -> None:
        self.id = container_id
        self._engine = engine
        self._client = subprocess.Popen(
            engine.command("start", "--attach", container_id),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        assert self._client.stdout is not None
        self.pid, self.stdout = self._client.pid, self._client.stdout

    def poll(self) -> int | None:
        code = self._client.poll()
        return None if code is None else _signal_or_code(code)

    def wait(self) -> int:
        return _signal_or_code(self._client.wait())

    def end(self) -> None:
        with suppress(DockerError):  # it is gone already
            self._engine.run("rm", "--force", self.id)
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)

    def peak_memory(self) -> int:
        """The peak memory of the runtime's process, in bytes.

        The control group's own peak may include cached files, depending on who has read them before.
        """
        return peak_bytes(self._engine.run("exec", self.id, "cat", "/proc/1/status"))


@dataclass(frozen=True)
class ContainerStart:
    """Starts a function's runtime from an image.

    Attributes:
        image: by digest or tag.
        network: the host's by default, because Runtime API and cloud listen on its loopback; or `container:ID`.
        read_only: as on Lambda; False to find out what would be written.
        cpus: CPU share; None for the share that the function's memory buys.
    """

    engine: Engine
    image: str
    network: str = "host"
    read_only: bool = True
    cpus: float | None = None

    def __call__(self, config: FunctionConfig, runtime_api: str) -> Container:
        variables = process_variables(config, runtime_api)
        share = self.cpus or min(config.memory_mb / MEMORY_MB_PER_VCPU, os.cpu_count() or 1)
        container_id = self.engine.run(
            "create",
            *SANDBOX,
            f"--network={self.network}",
            f"--read-only={str(self.read_only).lower()}",
            f"--memory={config.memory_mb}m",
            f"--memory-swap={config.memory_mb}m",  # no swap
            f"--cpus={share:.2f}",
            *(f"--env={name}={value}" for name, value in variables.items() if name not in IMAGE_SETS),
            self.image,
            config.handler,
        )
        return Container(self.engine, container_id)


def _signal_or_code(code: int) -> int:
    return SIGNALLED - code if code > SIGNALLED else code
