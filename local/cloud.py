"""The embedded cloud: moto's server on loopback."""

import logging
import socket
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self
from urllib.request import urlopen

import boto3
from moto.server import ThreadedMotoServer

HOST = "127.0.0.1"
ANY_CREDENTIALS = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
SESSION_SECONDS = 12 * 3600  # the longest that STS gives


class Cloud:
    """A moto server, as a context manager.

    Attributes:
        url: its endpoint.
        region: where its clients work.
    """

    url: str

    def __init__(self, region: str, port: int = 0):
        """With port 0, a free one is taken."""
        self.region, self._port = region, port

    def __enter__(self) -> Self:
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        with socket.create_server((HOST, self._port)):
            pass  # moto would wait for ever on a port that is taken; this raises OSError
        self._server = ThreadedMotoServer(ip_address=HOST, port=self._port, verbose=False)
        self._server.start()
        self.url = "http://{}:{}".format(*self._server.get_host_and_port())
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        urlopen(
            f"{self.url}/moto-api/reset", data=b"", timeout=10
        ).close()  # moto keeps its state for the whole process
        self._server.stop()

    def client(self, service: str, credentials: Mapping[str, str] | None = None) -> Any:
        """A boto3 client of this cloud, with a role's credentials or such as may do anything."""
        given = {name.lower(): value for name, value in credentials.items()} if credentials else ANY_CREDENTIALS
        return boto3.client(service, region_name=self.region, endpoint_url=self.url, **given)

    def role_credentials(self, role_arn: str) -> Mapping[str, str]:
        """Temporary credentials of a role, as the environment variables that AWS's SDKs read."""
        session = self.client("sts").assume_role(
            RoleArn=role_arn, RoleSessionName="local", DurationSeconds=SESSION_SECONDS
        )["Credentials"]
        return {
            "AWS_ACCESS_KEY_ID": session["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": session["SecretAccessKey"],
            "AWS_SESSION_TOKEN": session["SessionToken"],
        }
