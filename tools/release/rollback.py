"""Routes everything to an earlier version: first in Lambda, then in the stack's file and state."""

from components.function import ALIAS as LIVE
from tools.release.clients import Clients
from tools.release.pulumi_cli import Locked, configure, outputs, refresh, setting, unset
from tools.release.versions import live_version, move, version_to_return_to

ALIAS = f"**::function-{LIVE}"  # the alias's URN
LOCK_PATIENCE_SECONDS, POLL_SECONDS = 120.0, 5.0


class StillLocked(Exception):
    """An update holds the state's lock, and may still move the alias."""


def roll_back(stack: str, clients: Clients, version: str | None = None) -> str:
    """Move the alias, record the hold in the stack's file and refresh the state; returns the version.

    It builds nothing and does not run the program, so neither the checkout nor a locked state can stop it.

    Args:
        version: by default, the stable one while a canary runs, or else the one before the live one.

    Raises:
        NothingToReturnTo: the live version is the first, or there is no version with that number.
        StillLocked: the version is live, but an update that may move the alias again did not end in time.
    """
    function = outputs(stack, "functionName")["functionName"]
    version = version_to_return_to(clients.lambda_, function, version)
    move(clients.lambda_, function, version)
    clients.say(f"Version {version} is live")
    configure(stack, "stableVersion", version)
    clients.say(f"stableVersion: {version} in the stack's file holds it there; make unhold STACK={stack} ends the hold")
    _bring_the_state_in_line(stack, clients, function, version)
    return version


def end_hold(stack: str, clients: Clients) -> None:
    """Allow rollouts again, from the live version."""
    held, percent = setting(stack, "stableVersion"), setting(stack, "canaryPercent")
    if not held:
        clients.say(f"Nothing holds {stack}: its file has no stableVersion")
        return
    unset(stack, "stableVersion")
    share = f"{percent} % of the batches first" if percent else "all batches at once (canaryPercent is 0)"
    clients.say(f"Version {held} no longer holds {stack}: the next make rollout gives the newest version {share}")


def _bring_the_state_in_line(stack: str, clients: Clients, function: str, version: str) -> None:
    for attempt in range(int(LOCK_PATIENCE_SECONDS / POLL_SECONDS)):
        if attempt:
            clients.sleep(POLL_SECONDS)
        if live_version(clients.lambda_, function) != (version, False):
            move(clients.lambda_, function, version)
            clients.say(f"An update had moved {LIVE}; version {version} is live again")
        try:
            refresh(stack, ALIAS)
        except Locked as lock:
            if lock.died:
                clients.say(f"{lock}\nThat update died: run pulumi cancel --stack {stack} before the next one")
                return
            if not attempt:
                clients.say(f"{lock}\nWaiting {LOCK_PATIENCE_SECONDS:.0f} s for that update to end")
        else:
            if live_version(clients.lambda_, function) == (version, False):
                return
    raise StillLocked(
        f"version {version} is live, but an update still holds the state's lock and may move {LIVE} again. When it "
        f"ends: make rollback STACK={stack} VERSION={version}; if it died, first: pulumi cancel --stack {stack}"
    )
