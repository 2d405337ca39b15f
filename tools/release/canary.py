"""A new version beside the stable one: shifted by `pulumi up`, judged by the stack's alarms.

The alias's versions and weights are configuration (`stableVersion`, `canaryPercent`), so that every step is an
ordinary update and the state always says what is live. docs/decisions/0007 has the reasons.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from components.function import ALIAS as LIVE
from tools.release.promotion import promoted_image
from tools.release.pulumi_cli import outputs, setting, up
from tools.release.versions import live_version, version_to_return_to

ALIAS = f"**::function-{LIVE}"  # the alias's URN; nothing else is touched, built or pushed by a rollback
POLL_SECONDS = 30.0


@dataclass(frozen=True, kw_only=True)
class Clients:
    """boto3 clients, and how to wait."""

    cloudwatch: Any
    lambda_: Any
    sleep: Callable[[float], None] = time.sleep
    say: Callable[[str], None] = print


class OnHold(Exception):
    """The stack's file holds it at a version, as a rollback left it."""


def roll_out(stack: str, clients: Clients, image: str | None = None) -> bool:
    """Bring the newest version live; returns whether it stayed.

    Where the stack has a `canaryPercent`, the newest version gets that share of the batches for `bakeMinutes`. An
    alarm that goes off meanwhile ends it: the version that was live takes everything again. Alarms that were already
    on are no judge, or no repair could ever be deployed. A rollback by somebody else meanwhile stands.

    Args:
        image: digest to promote; without it, what the stack's configuration says.

    Raises:
        OnHold: a rollback's settings are in the stack's file; a rollout would undo it, and without a canary.
    """
    promoted: dict[str, str | int] = {"imageUri": image} if image else {}
    percent, bake_minutes, held = (setting(stack, key) for key in ("canaryPercent", "bakeMinutes", "stableVersion"))
    if held and not percent:
        raise OnHold(
            f"stableVersion: {held} holds {stack} since a rollback; to go on, take it and canaryPercent: 0 out of the "
            "stack's file"
        )
    before = outputs(stack)
    if not percent or "functionName" not in before:
        up(stack, {**promoted, "stableVersion": 0})
        return True
    live, _ = live_version(clients.lambda_, before["functionName"])
    already = _alarming(clients, before["alarmNames"])
    if already:
        clients.say(f"Already on, so no judge of this version: {', '.join(sorted(already))}")
    up(stack, {**promoted, "stableVersion": live})
    shifted = outputs(stack)
    if shifted["newestVersion"] != live:
        clients.say(f"Version {shifted['newestVersion']} gets {percent} % of the batches for {bake_minutes} minutes")
        raised = _bake(clients, shifted["alarmNames"], already, bake_minutes)
        if raised:
            clients.say(f"Rolling back to version {live}: {', '.join(sorted(raised))} went off")
            roll_back(stack, clients, live)
            return False
        if live_version(clients.lambda_, shifted["functionName"]) != (live, True):
            clients.say(f"Somebody moved {LIVE} meanwhile, so version {shifted['newestVersion']} goes no further")
            return False
        if not _invocations(clients, shifted, bake_minutes):
            clients.say(
                f"Version {shifted['newestVersion']} got no batch in that time, so the alarms say nothing of it"
            )
    up(stack, {"stableVersion": 0})
    clients.say(f"Version {shifted['newestVersion']} is live")
    return True


def roll_back(stack: str, clients: Clients, version: str | None = None) -> str:
    """Give everything to a version that was live before, and return it; nothing is built.

    Args:
        version: which; without it, the stable one where a newer is being tried, else the one before the live one.

    Raises:
        NothingToReturnTo: the live version is the first, or there is none of that number.
    """
    found = outputs(stack, "functionName", "imageUri", "repositoryUrl")
    version = version_to_return_to(clients.lambda_, found["functionName"], version)
    config: dict[str, str | int] = {"stableVersion": version, "canaryPercent": 0}
    if image := promoted_image(found):
        # A checkout that does not know what was promoted would plan to build, which the target leaves out, and the CLI
        # refuses to update what depends on it.
        config["imageUri"] = image
    up(stack, config, target=ALIAS)
    clients.say(f"Version {version} is live, and stays so while stableVersion names it")
    return version


def _bake(clients: Clients, alarms: list[str], already: set[str], minutes: float) -> set[str]:
    """The alarms that went off in time; empty when none did."""
    waited = 0.0
    while waited < minutes * 60:
        clients.sleep(POLL_SECONDS)
        waited += POLL_SECONDS
        if raised := _alarming(clients, alarms) - already:
            return raised
    return set()


def _invocations(clients: Clients, found: dict[str, Any], minutes: float) -> float:
    """How often the newest version ran by the alias in the last `minutes`, as far as CloudWatch knows yet."""
    name, until = found["functionName"], datetime.now(UTC)
    dimensions = {"FunctionName": name, "Resource": f"{name}:{LIVE}", "ExecutedVersion": found["newestVersion"]}
    answer = clients.cloudwatch.get_metric_statistics(
        Namespace="AWS/Lambda",
        MetricName="Invocations",
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        StartTime=until - timedelta(minutes=minutes),
        EndTime=until,
        Period=60,
        Statistics=["Sum"],
    )
    return sum(point["Sum"] for point in answer["Datapoints"])


def _alarming(clients: Clients, names: Iterable[str]) -> set[str]:
    pages = clients.cloudwatch.get_paginator("describe_alarms").paginate(AlarmNames=list(names))
    return {alarm["AlarmName"] for page in pages for alarm in page["MetricAlarms"] if alarm["StateValue"] == "ALARM"}
