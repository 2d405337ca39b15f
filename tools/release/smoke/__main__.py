"""`make smoke STACK=dev`: is the deployed pipeline alive, and right?"""

import argparse
import sys

from botocore.exceptions import BotoCoreError, ClientError

from settings import SettingsError
from tools.release.pulumi_cli import PulumiFailed, outputs
from tools.release.pulumi_cli import session as session_of
from tools.release.smoke.check import TEXTS, check


def main() -> int:
    parser = argparse.ArgumentParser(prog="smoke", description=__doc__)
    parser.add_argument("--stack", default="dev", help="whose outputs name queue and table")
    parser.add_argument("--queue-url", help="instead of the stack's output")
    parser.add_argument("--table-name", help="instead of the stack's output")
    parser.add_argument("--patience", type=float, default=180, help="seconds to wait for the results (default: 180)")
    given = parser.parse_args()
    try:
        found = {} if given.queue_url and given.table_name else outputs(given.stack, "queueUrl", "tableName")
        session = session_of(given.stack)
        report = check(
            session.client("sqs"),
            session.client("dynamodb"),
            given.queue_url or found["queueUrl"],
            given.table_name or found["tableName"],
            given.patience,
        )
    except (PulumiFailed, SettingsError, FileNotFoundError, ClientError, BotoCoreError) as error:
        print(f"smoke: {error}")
        return 2
    for item_id, label in report.wrong.items():
        print(f"wrong    {item_id}: {label}, not {TEXTS[item_id][1]}: {TEXTS[item_id][0]!r}")
    for item_id in report.missing:
        print(f"missing  {item_id}: no result after {report.seconds:.0f} s; look at the queues and the function's log")
    print(f"smoke: {len(report.right)} of {len(TEXTS)} right after {report.seconds:.1f} s")
    return 0 if report.passed else 1


if __name__ == "__main__":
    sys.exit(main())
