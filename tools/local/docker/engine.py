"""The Docker engine: the running one, or one started for as long as it is needed."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tools.local.docker.daemon import DaemonError, daemon
from tools.local.program import ROOT

DATA_ROOT = ROOT / ".local" / "docker"  # for an engine that must be started
HOW_TO_GET = (
    "Docker is needed: install Docker Engine with BuildKit and start it; or, as root on Debian, "
    "`apt-get install --no-install-recommends docker.io`, which is then started when it is needed"
)
CLIENT_ENVIRONMENT = {
    "DOCKER_BUILDKIT": "1",
    "BUILDX_NO_DEFAULT_ATTESTATIONS": "1",  # they would make the image an index, which Lambda refuses
}


class NoDocker(Exception):
    """No engine is running and none can be started; the message says how to get one."""


class DockerError(Exception):
    """The engine failed; the message contains its output."""


@dataclass(frozen=True)
class Engine:
    """
    Attributes:
        client: path of the docker command.
        host: the engine's address; empty for the client's own default.
    """

    client: str
    host: str = ""

    def command(self, *arguments: str) -> list[str]:
        return [self.client, *(["--host", self.host] if self.host else []), *arguments]

    def run(self, *arguments: str, stdin: bytes = b"", cwd: Path | None = None) -> str:
        """The command's standard output, without the last line feed.

        Raises:
            DockerError: it failed.
        """
        done = subprocess.run(
            self.command(*arguments),
            input=stdin,
            cwd=cwd,
            capture_output=True,
            env={**os.environ, **CLIENT_ENVIRONMENT},
        )
        if done.returncode:
            raise DockerError(f"docker {arguments[0]}: {done.stderr.decode(errors='replace').strip()}")
        return done.stdout.decode().rstrip("\n")


@contextmanager
def open_engine(data_root: Path = DATA_ROOT) -> Iterator[Engine]:
    """The running engine, or else a private one on `data_root`, which keeps images and layers between runs.

    Raises:
        NoDocker: there is none, and none can be started.
    """
    client = _client()
    if _answers(Engine(client)):
        yield Engine(client)
        return
    try:
        with daemon(data_root) as host:
            yield Engine(client, host)
    except DaemonError as error:
        raise NoDocker(f"{HOW_TO_GET} ({error})") from error


def _client() -> str:
    """The first docker command on the PATH that can build with BuildKit; not every one can."""
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    for client in filter(None, (shutil.which("docker", path=folder) for folder in folders)):
        options = subprocess.run(
            [client, "build", "--help"], capture_output=True, text=True, env={**os.environ, **CLIENT_ENVIRONMENT}
        ).stdout
        if "--secret" in options:  # an option of BuildKit's alone
            return client
    raise NoDocker(HOW_TO_GET)


def _answers(engine: Engine) -> bool:
    try:
        engine.run("version", "--format", "{{.Server.Version}}")
    except DockerError:
        return False
    return True
