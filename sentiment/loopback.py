"""Clients for a cloud on this machine, which ignore the developer's AWS profiles, configuration files and proxies."""

import functools
import os
from collections.abc import Mapping
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

import boto3
import botocore.session
from botocore.config import Config

UNREAD = {  # settings of botocore's session, without the variables and files that they are read from
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}
NO_PROXY = Config(proxies={})


def environment() -> dict[str, str]:
    """This process's environment for a cloud's process, without AWS's variables."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return {**others, "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}


def is_loopback(url: str | None) -> bool:
    host = urlsplit(url or "").hostname or ""
    return host == "localhost" or host.startswith("127.") or host == "::1"


def client(
    service: str, *, region: str | None, endpoint_url: str, credentials: Mapping[str, str], config: Config | None = None
) -> Any:
    """A boto3 client; `credentials` are arguments of boto3.client."""
    with _one_at_a_time:
        return _session().client(
            service,
            region_name=region,
            endpoint_url=endpoint_url,
            config=(config or Config()).merge(NO_PROXY),
            **credentials,
        )


@functools.cache
def _session() -> boto3.Session:
    """One session for all clients, because each session rereads the services' models, which takes most of the time."""
    return boto3.Session(botocore_session=botocore.session.Session(session_vars=UNREAD))


_one_at_a_time = Lock()  # a session cannot create clients in two threads at once
