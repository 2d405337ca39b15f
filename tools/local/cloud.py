"""The embedded cloud: moto's server on loopback."""

import socket
import subprocess
import sys
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from sentiment import loopback
from tools import ending
from tools.project import ROOT

HOST = "127.0.0.1"
ANY_CREDENTIALS = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
SESSION_SECONDS = 12 * 3600  # the longest that STS gives


class Cloud:
    """A moto server, as a context manager.

    It runs in its own process, so that it neither competes for this interpreter nor leaves state behind.

    Attributes:
        url: its endpoint.
        region: the region of its clients.
        pid: its process id.
    """

    url: str

    def __init__(self, region: str, port: int = 0):
        """Port 0 takes a free one."""
        self.region, self._port = region, port

    def __enter__(self) -> Self:
        with socket.create_server((HOST, self._port)):
            pass  # moto would wait forever for a port that is taken; this raises OSError
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tools.local.cloud_server", HOST, str(self._port)],
            cwd=ROOT,
            env=loopback.environment(),
            stdin=subprocess.PIPE,  # it ends with this pipe, and so with this process, however that ends
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # out of the reach of the terminal's Ctrl-C
        )
        ending.at_once.append(self.kill)
        assert self._process.stdout is not None
        self.pid = self._process.pid
        self.url = self._process.stdout.readline().strip()
        if not self.url:
            raise OSError(f"moto's server did not start: exit status {self._process.wait()}")
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._process.communicate()  # closes the pipes
        ending.at_once.remove(self.kill)

    def kill(self) -> None:
        """Kill it, and return when its port is free."""
        self._process.kill()
        self._process.wait()

    def client(self, service: str, credentials: Mapping[str, str] | None = None) -> Any:
        """A boto3 client for this cloud, with a role's credentials or with full access."""
        given = {name.lower(): value for name, value in credentials.items()} if credentials else ANY_CREDENTIALS
        return loopback.client(service, region=self.region, endpoint_url=self.url, credentials=given)

    def role_credentials(self, role_arn: str) -> Mapping[str, str]:
        """Temporary credentials of a role, as environment variables for AWS's SDKs."""
        session = self.client("sts").assume_role(
            RoleArn=role_arn, RoleSessionName="local", DurationSeconds=SESSION_SECONDS
        )["Credentials"]
        return {
            "AWS_ACCESS_KEY_ID": session["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": session["SecretAccessKey"],
            "AWS_SESSION_TOKEN": session["SessionToken"],
        }
