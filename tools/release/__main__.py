"""Implements make rollout, rollback, unhold, live, promotable, image and deployed-image."""

import argparse
import sys
import time
from pathlib import Path

import pulumi
from botocore.exceptions import BotoCoreError, ClientError

from settings import listed
from tools.local.docker.engine import DockerError, NoDocker, open_engine
from tools.release.attachments import Attached, refuse_attached
from tools.release.canary import OnHold, roll_out, verify
from tools.release.clients import Clients
from tools.release.image import SECRETS, NothingToBuild, build_image
from tools.release.process import Stopped, stop_on_signals
from tools.release.promotion import promoted_image
from tools.release.pulumi_cli import PulumiFailed, check, configure, outputs, setting
from tools.release.pulumi_cli import session as session_of
from tools.release.rollback import StillLocked, end_hold, roll_back
from tools.release.scan import NotPromotable, refuse_findings
from tools.release.versions import NothingToReturnTo, NotServed, live_image, live_version

COMMANDS = {
    "image": "build the stack's image with build secrets, and push it for the next update to deploy",
    "rollout": "take the newest version live",
    "rollback": "route everything to an older version",
    "unhold": "allow rollouts again after a rollback",
    "verify": "ask Lambda whether it serves the version that the last update took live",
    "live": "print the live version; nothing before the first update",
    "promotable": "print the live version's image, which other stacks may run, once ECR has scanned it",
    "destroyable": "refuse if deleting the stack would fail half-way",
    "deployed-image": "set imageUri to the promoted image the stack runs, so that preview plans no build",
}
REFUSED = (
    *(
        Attached,
        PulumiFailed,
        DockerError,
        NoDocker,
        NothingToBuild,
        NothingToReturnTo,
        NotPromotable,
        NotServed,
        OnHold,
        StillLocked,
        FileNotFoundError,
        LookupError,
    ),
    *(ValueError, pulumi.RunError),  # faults of the configuration
)


def to_stderr(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.release", description=__doc__)
    parser.add_argument(
        "command", choices=COMMANDS, help="; ".join(f"{name}: {does}" for name, does in COMMANDS.items())
    )
    parser.add_argument("--stack", required=True)
    parser.add_argument("--image", help="rollout: the image digest to promote, another stack's imageUri")
    parser.add_argument("--version", help="rollback: the version to return to (default: the previous one)")
    for name, described in SECRETS.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=Path, metavar="FILE", help=f"image: {described}")
    given = parser.parse_args()
    stop_on_signals()
    try:
        if given.command == "image":
            with open_engine() as engine:
                secrets = {name: file for name in SECRETS if (file := getattr(given, name))}
                print(f"Pushed {build_image(given.stack, engine, secrets)}; make up STACK={given.stack} deploys it")
            return 0
        session = session_of(given.stack)
        if given.command == "promotable":
            image = live_image(session.client("lambda"), outputs(given.stack, "functionName")["functionName"])
            check(given.stack, {})
            if severity := setting(given.stack, "scanSeverity"):
                waived = listed(setting(given.stack, "waivedFindings"))
                refuse_findings(session.client("ecr"), image, severity, waived, sleep=time.sleep, say=to_stderr)
            print(image)
            return 0
        if given.command == "destroyable":
            refuse_attached(session.client("iam"), outputs(given.stack))
            return 0
        if given.command == "deployed-image":
            if promoted := promoted_image(outputs(given.stack)):
                configure(given.stack, "imageUri", promoted)
            print(f"{given.stack} runs " + (promoted or "no image from another stack"))
            return 0
        clients = Clients(cloudwatch=session.client("cloudwatch"), lambda_=session.client("lambda"))
        if given.command == "live":
            found = outputs(given.stack)
            live = live_version(clients.lambda_, found["functionName"]) if "functionName" in found else None
            print(live[0] if live else "")
            return 0
        if given.command == "verify":
            verify(given.stack, clients)
            return 0
        if given.command == "unhold":
            end_hold(given.stack, clients)
            return 0
        if given.command == "rollback":
            roll_back(given.stack, clients, given.version)
            return 0
        return 0 if roll_out(given.stack, clients, given.image) else 1
    except Stopped as signal:
        print(f"{given.command}: {signal}; the alias is unchanged. To roll back: make rollback STACK={given.stack}")
        if signal.died:
            print(f"Pulumi could not unlock the state; if it is locked: pulumi cancel --stack {given.stack}")
        return signal.status
    except (*REFUSED, ClientError, BotoCoreError) as error:
        print(f"{given.command}: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
