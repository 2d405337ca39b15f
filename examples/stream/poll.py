"""Calls the handler with a stream's records, as Lambda does: for `make local`, which does not run your own functions.

    RESULTS_STREAM_ARN=... TASKS_TABLE=tasks python examples/stream/poll.py

Stopped by Ctrl-C or SIGTERM, it finishes its batch, and resumes after it when restarted. Killed in the middle of a
batch, it repeats that batch, as Lambda does after a failure: the handler is idempotent.
"""

import argparse
import logging
import os
import signal
import sys
from pathlib import Path
from threading import Event

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from checkpoint import Checkpoint, Stopped
from handler import handler
from poller import Caller, Poller

PAUSE_S = 1.0  # after a poll that found nothing; each costs one read request per shard


def main() -> str | None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, default=Path("stream-checkpoint.json"), help="default: %(default)s")
    options = parser.parse_args()
    if missing := [name for name in ("RESULTS_STREAM_ARN", "TASKS_TABLE") if not os.environ.get(name)]:
        return f"{' and '.join(missing)}: must be set, as docs/stream.md says"
    stream = os.environ["RESULTS_STREAM_ARN"]
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    logging.getLogger("botocore").setLevel(logging.WARNING)
    stop = Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda *_: stop.set())
    try:
        checkpoint = Checkpoint(options.checkpoint, stream)
        checkpoint.read()
        streams = boto3.client("dynamodbstreams", region_name=stream.split(":")[3])
        poller = Poller(streams, checkpoint, Caller(handler, stream))
        while not stop.is_set():
            if not poller.look():
                stop.wait(PAUSE_S)
    except (Stopped, ClientError, BotoCoreError) as error:
        return str(error)
    return None


if __name__ == "__main__":
    sys.exit(main())
