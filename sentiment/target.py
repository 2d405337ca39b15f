"""Finds a command's target: the queues and the table of a stack."""

import json
import os
import shutil
import subprocess
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ProfileNotFound

from sentiment import loopback
from sentiment.errors import CommandError
from sentiment.producer import region_of
from sentiment.running import running

DEFAULT_STACK = "dev"


@dataclass(frozen=True)
class Place:
    """The names of a queue or table in each source."""

    variable: str
    output: str


PLACES = {
    "queue_url": Place("QUEUE_URL", "queueUrl"),
    "dead_letter_queue_url": Place("DEAD_LETTER_QUEUE_URL", "deadLetterQueueUrl"),
    "table_name": Place("RESULTS_TABLE", "tableName"),
}


@dataclass(frozen=True, kw_only=True)
class Target:
    """
    Attributes:
        queue_url, dead_letter_queue_url, table_name: empty if the command does not need them.
        region, endpoint_url: None leaves them to boto3's own configuration.
        credentials: arguments of boto3.client; empty for the default credentials.
        profile: AWS profile that the stack's file names; empty leaves it to boto3.
        source: where this was found, for display.
    """

    queue_url: str = ""
    dead_letter_queue_url: str = ""
    table_name: str = ""
    region: str | None = None
    endpoint_url: str | None = None
    credentials: Mapping[str, str] = field(default_factory=dict)
    profile: str = ""
    source: str = "options and environment"

    def endpoint_of(self, service: str) -> str | None:
        """The endpoint of its clients; None for AWS, unless boto3's configuration files say otherwise."""
        return self.endpoint_url or _endpoint_variable(service) or _endpoint_variable()

    def client(self, service: str, **config: Any) -> Any:
        """A boto3 client; `config` holds arguments of botocore.config.Config."""
        settings = Config(**{"retries": {"mode": "standard", "max_attempts": 5}, **config})
        endpoint_url = self.endpoint_of(service)
        try:
            if self.credentials and endpoint_url:
                return loopback.client(
                    service,
                    region=self.region,
                    endpoint_url=endpoint_url,
                    credentials=self.credentials,
                    config=settings,
                )
            if loopback.is_loopback(endpoint_url):
                settings = settings.merge(loopback.NO_PROXY)
            session = boto3.Session(profile_name=self.profile) if self.profile else boto3
            return session.client(service, region_name=self.region, endpoint_url=endpoint_url, config=settings)
        except ProfileNotFound as error:
            raise CommandError(f"{self.source}: {error}") from error
        except ValueError as error:
            raise CommandError(f"--endpoint-url: {error}; must be a URL such as http://127.0.0.1:4566") from error


def find(
    needs: Collection[str],
    *,
    stack: str | None = None,
    region: str | None = None,
    endpoint_url: str | None = None,
    **given: str | None,
) -> Target:
    """The target of a command.

    It looks at the given values first, then at the named stack, environment variables, a `make local` running in this
    checkout, and the stack `dev`. It asks each source only for what the earlier ones lack.

    Args:
        needs: fields of Target that must be known.
        stack: stack whose outputs to read, with the Pulumi CLI.
        given: fields of Target by name; None for those to find.

    Raises:
        CommandError: a needed field cannot be found.
    """
    stack = stack or os.environ.get("STACK")
    known = {name: value for name, value in given.items() if value}
    if not stack:
        variables = {name: os.environ.get(place.variable) for name, place in PLACES.items()}
        known = {**{name: value for name, value in variables.items() if value}, **known}
    found: dict[str, Any] = {}
    if not known.keys() >= set(needs):
        found = (None if stack else _local(endpoint_url)) or _stack(stack or DEFAULT_STACK, needs - known.keys())
    elif not stack and _endpoints(endpoint_url) and (local := _local(endpoint_url)):
        found = {name: local[name] for name in ("region", "credentials", "source")}  # the caller means `make local`
    explicit = {**known, "region": region, "endpoint_url": endpoint_url}
    values = {**found, **{name: value for name, value in explicit.items() if value}}
    values.setdefault("region", region_of(values.get("queue_url") or values.get("dead_letter_queue_url", "")))
    return Target(**values)


def _endpoints(option: str | None) -> set[str]:
    """The endpoints that the caller has set."""
    variables = [_endpoint_variable("sqs"), _endpoint_variable("dynamodb"), _endpoint_variable()]
    return {url for url in ([option] if option else variables) if url}


def _endpoint_variable(service: str = "") -> str | None:
    """The variable that AWS's SDKs read: https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html"""
    if os.environ.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "").lower() == "true":
        return None
    return os.environ.get(f"AWS_ENDPOINT_URL_{service.upper()}" if service else "AWS_ENDPOINT_URL") or None


def _local(endpoint_url: str | None) -> dict[str, Any] | None:
    """The running `make local`, unless the caller has set another endpoint."""
    state = running()
    if state is None or _endpoints(endpoint_url) - {state["endpoint_url"]}:
        return None
    return {**state, "source": f"make local at {state['endpoint_url']}"}


def _stack(stack: str, needs: Collection[str]) -> dict[str, Any]:
    wanted = ", ".join(f"--{name.replace('_', '-')}" for name in sorted(needs))
    otherwise = f"(or start `make local`, or pass {wanted})"
    if shutil.which("pulumi") is None:
        raise CommandError(f"stack {stack}: the Pulumi CLI is not on the PATH {otherwise}")
    asked = [["pulumi", *command, "--json", "--stack", stack] for command in (("stack", "output"), ("config",))]
    with ThreadPoolExecutor() as both:
        done, config = both.map(lambda command: subprocess.run(command, capture_output=True, text=True), asked)
    if done.returncode:
        raise CommandError(f"stack {stack}: {_reason(done)} {otherwise}")
    if config.returncode and "no project file" not in config.stderr:
        raise CommandError(f"stack {stack}: {_reason(config)} {otherwise}")
    exported = json.loads(done.stdout)
    # Without a project, as for organization/project/stack in another folder, no file names a profile.
    profile = "" if config.returncode else json.loads(config.stdout).get("aws:profile", {}).get("value", "")
    try:
        values = {name: exported[place.output] for name, place in PLACES.items() if name in needs}
        region = exported["queueArn"].split(":")[3]
    except KeyError as missing:
        raise CommandError(
            f"stack {stack}: exports no {missing.args[0]}; has it been deployed? Or pass {wanted}"
        ) from None
    source = f"stack {stack}" + (f" with its aws:profile {profile}" if profile else "")
    return {**values, "region": region, "profile": profile, "source": source}


def _reason(failed: subprocess.CompletedProcess[str]) -> str:
    return failed.stderr.strip().removeprefix("error: ")
