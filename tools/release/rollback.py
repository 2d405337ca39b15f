"""Give everything to a version that was live before: by Lambda at once, then in the stack's file and state."""

from components.function import ALIAS as LIVE
from tools.release.clients import Clients
from tools.release.pulumi_cli import Locked, configure, outputs, refresh, setting, unset
from tools.release.versions import live_version, move, version_to_return_to

ALIAS = f"**::function-{LIVE}"  # the alias's URN
LOCK_PATIENCE_SECONDS, POLL_SECONDS = 120.0, 5.0


class StillLocked(Exception):
    """An update holds the state, and may move the alias yet."""


def roll_back(stack: str, clients: Clients, version: str | None = None) -> str:
    """Move the alias, hold the stack there by its file, and have the state say so; returns the version.

    Nothing is built and the program is not run, so no checkout and no locked state keeps the alias from moving.

    Args:
        version: which; without it, the stable one where a newer is being tried, else the one before the live one.

    Raises:
        NothingToReturnTo: the live version is the first, or there is none of that number.
        StillLocked: the version is live, but an update that may move it again did not end in time.
    """
    function = outputs(stack, "functionName")["functionName"]
    version = version_to_return_to(clients.lambda_, function, version)
    move(clients.lambda_, function, version)
    clients.say(f"Version {version} is live")
    configure(stack, "stableVersion", version)
    clients.say(f"stableVersion: {version} in the stack's file holds it there; make unhold STACK={stack} ends that")
    _bring_the_state_in_line(stack, clients, function, version)
    return version


def end_hold(stack: str, clients: Clients) -> None:
    """Let rollouts go on from the version that is live."""
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
                clients.say(f"{lock}\nThat update died: pulumi cancel --stack {stack} has to come before the next one")
                return
            if not attempt:
                clients.say(f"{lock}\nWaiting {LOCK_PATIENCE_SECONDS:.0f} s for that update to end")
        else:
            if live_version(clients.lambda_, function) == (version, False):
                return
    raise StillLocked(
        f"version {version} is live, but an update still holds the state's lock and may move {LIVE} again. After its "
        f"end: make rollback STACK={stack} VERSION={version}; if it died: pulumi cancel --stack {stack} before that"
    )
