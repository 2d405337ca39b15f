"""`make rollout`, `make rollback`, `make promote`: a version live, taken back, or kept for the next stack."""

import argparse
import sys

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from rollout.canary import Clients, NothingToReturnTo, roll_back, roll_out
from rollout.cli import PulumiFailed, outputs, region
from rollout.promotion import keep


def main() -> int:
    parser = argparse.ArgumentParser(prog="rollout", description=__doc__)
    parser.add_argument("command", choices=["up", "back", "keep"], help="keep: print imageUri, safe from expiring")
    parser.add_argument("--stack", required=True)
    parser.add_argument("--image", help="up: the digest to promote, another stack's imageUri")
    parser.add_argument("--version", help="back: which version (default: the one before)")
    given = parser.parse_args()
    try:
        session = boto3.Session(region_name=region(given.stack))
        if given.command == "keep":
            image_uri = outputs(given.stack)["imageUri"]
            keep(session.client("ecr"), image_uri)
            print(image_uri)
            return 0
        clients = Clients(cloudwatch=session.client("cloudwatch"), lambda_=session.client("lambda"))
        if given.command == "back":
            roll_back(given.stack, clients, given.version)
            return 0
        return 0 if roll_out(given.stack, clients, given.image) else 1
    except KeyboardInterrupt:
        print(f"rollout: interrupted; the weights stay as they are. make rollback STACK={given.stack} takes it back")
        return 130
    except (PulumiFailed, NothingToReturnTo, FileNotFoundError, LookupError, ClientError, BotoCoreError) as error:
        print(f"rollout: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
