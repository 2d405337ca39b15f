"""A producer in a few lines of boto3, without this repository: QUEUE_URL=... python plain_boto3.py."""

import json
import os
from datetime import UTC, datetime

import boto3

REVIEWS = {"plain-1": "This is amazing! I love it.", "plain-2": "Terrible, worst experience ever."}

now = datetime.now(UTC).isoformat()
bodies = [{"id": review_id, "text": text, "timestamp": now} for review_id, text in REVIEWS.items()]
answer = boto3.client("sqs").send_message_batch(  # at most 10 messages, and 1 MiB
    QueueUrl=os.environ["QUEUE_URL"],
    Entries=[{"Id": str(n), "MessageBody": json.dumps(body)} for n, body in enumerate(bodies)],
)
if failed := answer.get("Failed"):  # a call may succeed in part: resend these, and only these
    raise SystemExit(f"not sent: {failed}")
