"""Runs a new version beside the stable one: `pulumi up` shifts the traffic, the stack's alarms judge it.

The alias's version and weights follow from settings that an update sets only for itself (`stableVersion`, `canary`),
so every step is an ordinary update. docs/decisions/0007 explains why.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from components.function import ALIAS as LIVE
from tools.release.clients import Clients
from tools.release.pulumi_cli import alarm_prefix, check, outputs, setting, up
from tools.release.rollback import roll_back
from tools.release.smoke.version import Busy, ask
from tools.release.versions import expect, live_version

POLL_SECONDS = 30.0
BUSY_SECONDS = 180.0  # how long to wait for a free execution


class OnHold(Exception):
    """The stack's file holds it at a version since a rollback."""


def roll_out(stack: str, clients: Clients, image: str | None = None) -> bool:
    """Take the newest version live; returns whether it stayed.

    If the stack has a `canaryPercent`, the newest version gets that share of the batches for `bakeMinutes`. If its
    answers to a check differ from those at build time, or if an alarm goes off, the version that was live takes
    everything again. Alarms that were already on do not count, or nobody could ever deploy a fix. It does not undo
    somebody else's rollback in the meantime. If nothing is live yet, the newest version gets everything at once.

    Args:
        image: digest to promote; by default, the image in the stack's configuration.

    Raises:
        SettingsError: the stack's configuration or the image is invalid.
        OnHold: the stack's file has a rollback's stableVersion; a rollout would undo it.
        NotServed: an update succeeded, but the alias serves another version.
    """
    promoted = {"imageUri": image} if image else {}
    check(stack, promoted)
    if held := setting(stack, "stableVersion"):
        raise OnHold(f"stableVersion: {held} holds {stack} since a rollback; make unhold STACK={stack} ends that")
    before = outputs(stack)
    now = live_version(clients.lambda_, before["functionName"]) if "functionName" in before else None
    if now and setting(stack, "canaryPercent"):
        return _by_canary(stack, clients, promoted, live=now[0])
    up(stack, promoted)
    verify(stack, clients)
    return True


def verify(stack: str, clients: Clients) -> None:
    """Ask Lambda whether the alias serves the version that the last update took live, and print that version.

    Raises:
        NotServed: it serves another.
    """
    found = outputs(stack, "functionName", "newestVersion")
    version = str(setting(stack, "stableVersion") or found["newestVersion"])
    expect(clients.lambda_, found["functionName"], version)
    clients.say(f"Version {version} is live")


def _by_canary(stack: str, clients: Clients, promoted: dict[str, str], live: str) -> bool:
    """Run the newest version beside the live one, and give it everything if nothing goes wrong."""
    already = _alarming(stack, clients)
    if already:
        clients.say(f"Already on, so they do not judge this version: {', '.join(sorted(already))}")
    up(stack, promoted, {"stableVersion": live, "canary": "true"})
    shifted = outputs(stack, "functionName", "newestVersion")
    function, newest = shifted["functionName"], shifted["newestVersion"]
    expect(clients.lambda_, function, live, newer_is_tried=newest != live)
    if newest != live and not _stands_the_test(stack, clients, function, live, newest, already):
        return False
    # Only this version: if the checkout has changed, this update publishes another version, without traffic.
    up(stack, promoted, {"stableVersion": newest})
    expect(clients.lambda_, function, newest)
    clients.say(f"Version {newest} is live")
    published = outputs(stack, "newestVersion")["newestVersion"]
    if published != newest:
        clients.say(
            f"The checkout changed in the meantime, so version {published} was published. It is untested and gets no "
            f"traffic: the next make rollout STACK={stack} begins its canary"
        )
    return True


def _stands_the_test(stack: str, clients: Clients, function: str, live: str, newest: str, already: set[str]) -> bool:
    """Whether the canary passes: correct answers, no alarm, and nobody moves the alias during the bake."""
    bake_minutes = setting(stack, "bakeMinutes")
    clients.say(f"Version {newest} gets {setting(stack, 'canaryPercent')} % of the batches for {bake_minutes} minutes")
    if faults := _faults(clients, function, newest):
        clients.say(f"Rolling back to version {live}, because version {newest} is wrong: {'; '.join(faults)}")
        roll_back(stack, clients, live)
        return False
    there = (live, True)
    if raised := _bake(stack, clients, already, bake_minutes, lambda: live_version(clients.lambda_, function) == there):
        clients.say(f"Rolling back to version {live}: {', '.join(sorted(raised))} went off")
        roll_back(stack, clients, live)
        return False
    if live_version(clients.lambda_, function) != there:
        clients.say(f"Somebody moved {LIVE} in the meantime, so the rollout of version {newest} stops")
        return False
    if not _invocations(clients, function, newest, bake_minutes):
        clients.say(f"Version {newest} got no batch in that time, so the alarms have not tested it")
    return True


def _faults(clients: Clients, function: str, version: str) -> list[str]:
    """The differences between a version's answers and its build's; empty too if Lambda has no free execution."""
    try:
        return ask(clients.lambda_, function, version, BUSY_SECONDS, clients.sleep).faults
    except Busy as busy:
        clients.say(f"{busy}, so only the alarms judge version {version}")
        return []


def _bake(stack: str, clients: Clients, already: set[str], minutes: float, goes_on: Callable[[], bool]) -> set[str]:
    """The alarms that went off during the bake; empty if none did, or if `goes_on` ended it."""
    waited = 0.0
    while waited < minutes * 60:
        clients.sleep(POLL_SECONDS)
        waited += POLL_SECONDS
        if raised := _alarming(stack, clients) - already:
            return raised
        if not goes_on():
            break
    return set()


def _invocations(clients: Clients, function: str, version: str, minutes: float) -> float:
    """How often a version ran through the alias in the last `minutes`, as far as CloudWatch knows so far."""
    until = datetime.now(UTC)
    dimensions = {"FunctionName": function, "Resource": f"{function}:{LIVE}", "ExecutedVersion": version}
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


def _alarming(stack: str, clients: Clients) -> set[str]:
    """The stack's alarms that are on, from CloudWatch, because outputs may come from another checkout's update."""
    prefix = alarm_prefix(stack)
    pages = clients.cloudwatch.get_paginator("describe_alarms").paginate(AlarmNamePrefix=prefix)
    names = [alarm["AlarmName"] for page in pages for alarm in page["MetricAlarms"] if alarm["StateValue"] == "ALARM"]
    # The alarms of a stack named prod-alarm have this prefix too.
    return {name for name in names if name.rpartition("-alarm-")[0] + "-alarm-" == prefix}
