"""A new version beside the stable one: shifted by `pulumi up`, judged by the stack's alarms.

The alias's version and weights follow from settings that an update carries for itself alone (`stableVersion`,
`canary`), so that every step is an ordinary update. docs/decisions/0007 has the reasons.
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
BUSY_SECONDS = 180.0  # how long Lambda may have no execution free for a question


class OnHold(Exception):
    """The stack's file holds it at a version, as a rollback left it."""


def roll_out(stack: str, clients: Clients, image: str | None = None) -> bool:
    """Bring the newest version live; returns whether it stayed.

    Where the stack has a `canaryPercent`, the newest version gets that share of the batches for `bakeMinutes`. If it
    answers a check otherwise than its model did when it was built, or if an alarm goes off meanwhile, the version that
    was live takes everything again. Alarms that were already on are no judge, or no repair could ever be deployed. A
    rollback by somebody else meanwhile stands. Where nothing is live, there is nothing to stand beside: the newest gets
    everything at once.

    Args:
        image: digest to promote; without it, what the stack's configuration says.

    Raises:
        SettingsError: the stack's configuration, or the image.
        OnHold: a rollback's stableVersion is in the stack's file; a rollout would undo it.
        NotServed: an update succeeded, and the alias is elsewhere.
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
    """Ask Lambda whether the alias serves what the stack's last update was to make live, and say which version it is.

    Raises:
        NotServed: it does not.
    """
    found = outputs(stack, "functionName", "newestVersion")
    version = str(setting(stack, "stableVersion") or found["newestVersion"])
    expect(clients.lambda_, found["functionName"], version)
    clients.say(f"Version {version} is live")


def _by_canary(stack: str, clients: Clients, promoted: dict[str, str], live: str) -> bool:
    """Let the newest version run beside the live one, and take everything where nothing speaks against it."""
    already = _alarming(stack, clients)
    if already:
        clients.say(f"Already on, so no judge of this version: {', '.join(sorted(already))}")
    up(stack, promoted, {"stableVersion": live, "canary": "true"})
    shifted = outputs(stack, "functionName", "newestVersion")
    function, newest = shifted["functionName"], shifted["newestVersion"]
    expect(clients.lambda_, function, live, newer_is_tried=newest != live)
    if newest != live and not _stands_the_test(stack, clients, function, live, newest, already):
        return False
    # This version and no other: whatever changed in the checkout meanwhile, this update publishes beside it.
    up(stack, promoted, {"stableVersion": newest})
    expect(clients.lambda_, function, newest)
    clients.say(f"Version {newest} is live")
    published = outputs(stack, "newestVersion")["newestVersion"]
    if published != newest:
        clients.say(
            f"The checkout changed meanwhile, so version {published} was published. Nothing has tried it, and it gets "
            f"nothing: the next make rollout STACK={stack} begins its canary"
        )
    return True


def _stands_the_test(stack: str, clients: Clients, function: str, live: str, newest: str, already: set[str]) -> bool:
    """Whether the version that has a share keeps the alarms quiet, and nobody moves the alias, for the bake's time."""
    bake_minutes = setting(stack, "bakeMinutes")
    clients.say(f"Version {newest} gets {setting(stack, 'canaryPercent')} % of the batches for {bake_minutes} minutes")
    if faults := _faults(clients, function, newest):
        clients.say(f"Rolling back to version {live}, since version {newest} is wrong: {'; '.join(faults)}")
        roll_back(stack, clients, live)
        return False
    there = (live, True)
    if raised := _bake(stack, clients, already, bake_minutes, lambda: live_version(clients.lambda_, function) == there):
        clients.say(f"Rolling back to version {live}: {', '.join(sorted(raised))} went off")
        roll_back(stack, clients, live)
        return False
    if live_version(clients.lambda_, function) != there:
        clients.say(f"Somebody moved {LIVE} meanwhile, so version {newest} goes no further")
        return False
    if not _invocations(clients, function, newest, bake_minutes):
        clients.say(f"Version {newest} got no batch in that time, so the alarms say nothing of it")
    return True


def _faults(clients: Clients, function: str, version: str) -> list[str]:
    """How a version's answers differ from its build's; empty also where Lambda has no execution free to ask it."""
    try:
        return ask(clients.lambda_, function, version, BUSY_SECONDS, clients.sleep).faults
    except Busy as busy:
        clients.say(f"{busy}, so the alarms alone judge version {version}")
        return []


def _bake(stack: str, clients: Clients, already: set[str], minutes: float, goes_on: Callable[[], bool]) -> set[str]:
    """The alarms that went off in time; empty when none did, or when it does not go on."""
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
    """How often a version ran by the alias in the last `minutes`, as far as CloudWatch knows yet."""
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
    """The stack's alarms that are on: CloudWatch is asked, since outputs may be of another checkout's update."""
    prefix = alarm_prefix(stack)
    pages = clients.cloudwatch.get_paginator("describe_alarms").paginate(AlarmNamePrefix=prefix)
    names = [alarm["AlarmName"] for page in pages for alarm in page["MetricAlarms"] if alarm["StateValue"] == "ALARM"]
    # Those of a stack named prod-alarm begin so too.
    return {name for name in names if name.rpartition("-alarm-")[0] + "-alarm-" == prefix}
