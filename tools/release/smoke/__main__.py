"""`make smoke STACK=dev`: does the live version answer as its build did, and do texts get through the queue?

Exits with 0 if both checks pass, 1 if the build or the pipeline is wrong, 2 if they could not be queried, and 3
if the version is right but the queue is inconclusive: it is paused, or other messages are ahead.
"""

import argparse
import sys
from enum import IntEnum
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from components.function import ALIAS
from settings import SettingsError
from tools.release.pulumi_cli import PulumiFailed, outputs, session
from tools.release.smoke.path import is_paused, send_through
from tools.release.smoke.version import Busy, ask


class Verdict(IntEnum):
    """The result, as an exit status."""

    RIGHT = 0
    WRONG = 1
    NOT_ASKED = 2
    QUEUE_WAITS = 3


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="smoke", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--stack", default="dev", help="stack whose outputs name the function, queue and table")
    parser.add_argument(
        "--patience", type=float, default=180, help="seconds to wait for results, and for an execution (default: 180)"
    )
    parser.add_argument(
        "--queue-may-wait",
        action="store_true",
        help="exit with 0 instead of 3, so that a paused queue or a backlog causes no rollback",
    )
    given = parser.parse_args()
    try:
        found = outputs(given.stack, "functionName", "aliasArn", "queueUrl", "tableName")
        verdict = judge(session(given.stack), found, given.patience)
    except (PulumiFailed, SettingsError, FileNotFoundError, ClientError, BotoCoreError) as error:
        _say(str(error))
        return Verdict.NOT_ASKED
    return Verdict.RIGHT if given.queue_may_wait and verdict is Verdict.QUEUE_WAITS else verdict


def judge(aws: boto3.Session, stack: dict[str, Any], patience_s: float) -> Verdict:
    """Check the live version, then the path through the queue, and print the findings.

    Args:
        aws: boto3 session like the stack's provider.
        stack: the stack's outputs.

    Raises:
        ClientError, BotoCoreError: the function, queue or table cannot be used.
    """
    lambda_ = aws.client("lambda")
    try:
        asked = ask(lambda_, stack["functionName"], ALIAS, patience_s)
    except Busy as busy:
        _say(f"{busy}. The queue's own messages take them all, so the build was not checked")
        return Verdict.QUEUE_WAITS
    for fault in asked.faults:
        _say(f"version {asked.version}: {fault}")
    if asked.faults:
        _say(f"the build is wrong: version {asked.version} ({asked.model or 'unknown model'})")
        return Verdict.WRONG
    if asked.recorded:
        _say(f"version {asked.version} answers {len(asked.labels)} texts as its model did when built: {asked.model}")
    else:
        _say(f"version {asked.version} answers, but its build recorded no answers to compare with")
    try:
        if is_paused(lambda_, stack["aliasArn"]):
            _say("the queue is paused (consume: false), so nothing was sent through it")
            return Verdict.QUEUE_WAITS
    except LookupError as error:
        _say(f"{error}, so no message reaches it")
        return Verdict.WRONG
    clients = aws.client("sqs"), aws.client("dynamodb")
    report = send_through(*clients, stack["queueUrl"], stack["tableName"], asked.labels, patience_s)
    for text, label in report.wrong.items():
        _say(f"wrong through the queue: {label}, not {asked.labels[text]}: {text!r}")
    if report.wrong:
        return Verdict.WRONG
    if report.ahead:
        _say(f"the queue has a backlog: after {report.seconds:.0f} s, {report.ahead} other messages still wait")
    for text in report.missing:
        _say(f"no result after {report.seconds:.0f} s: {text!r}")
    _say(f"{len(report.right)} of {len(asked.labels)} right through the queue after {report.seconds:.1f} s")
    if not report.missing:
        return Verdict.RIGHT
    if report.ahead:
        _say("the build answers correctly; the path through the queue is untested until the backlog is gone")
        return Verdict.QUEUE_WAITS
    _say("nothing else waits in the queue, so the pipeline is wrong: look at the function's log and the dead letters")
    return Verdict.WRONG


def _say(line: str) -> None:
    print(f"smoke: {line}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
