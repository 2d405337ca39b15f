"""The queue's policy admits senders from other accounts and topics."""

import json
from typing import Any

import pytest

from settings.settings import MOST_ACCOUNTS, MOST_TOPIC_CHARS
from tests.stacks import DEV
from tools.local.program import run
from tools.local.recorder import Recorder

TOPIC = "arn:aws:sns:us-west-2:210987654321:reviews"


def policy(recorder: Recorder, queue: str) -> str:
    return recorder.one("aws:sqs/queuePolicy:QueuePolicy", f"{queue}-policy").inputs["policy"]


def allowing(recorder: Recorder, queue: str) -> list[dict[str, Any]]:
    return [s for s in json.loads(policy(recorder, queue))["Statement"] if s["Effect"] == "Allow"]


def test_listed_accounts_and_topics_may_send_only_to_the_queue() -> None:
    recorder: Recorder = run(DEV, sendAccounts="210987654321,310987654321", sendTopicArns=TOPIC)
    accounts, topics = allowing(recorder, "queue")
    assert accounts["Principal"] == {"AWS": ["arn:aws:iam::210987654321:root", "arn:aws:iam::310987654321:root"]}
    assert topics["Principal"] == {"Service": "sns.amazonaws.com"}
    assert topics["Condition"] == {
        "ArnEquals": {"aws:SourceArn": [TOPIC]},
        "StringEqualsIfExists": {"aws:SourceAccount": ["210987654321"]},
    }
    for statement in (accounts, topics):
        assert (statement["Action"], statement["Resource"]) == ("sqs:SendMessage", recorder.outputs["queueArn"])
    assert allowing(recorder, "queue-dlq") == []


def test_no_other_account_may_send_by_default(stack: Recorder) -> None:
    assert allowing(stack, "queue") == allowing(stack, "queue-dlq") == []


def test_account_arns_have_the_stacks_partition(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tools.local.recorder.PARTITION", "aws-cn")
    (accounts,) = allowing(run(DEV, sendAccounts="210987654321"), "queue")
    assert accounts["Principal"] == {"AWS": ["arn:aws-cn:iam::210987654321:root"]}


def test_the_longest_sender_lists_fit_into_an_sqs_policy() -> None:
    accounts = ",".join(f"{number:012}" for number in range(MOST_ACCOUNTS))
    topics = [f"arn:aws:sns:us-west-2:{number:012}:{number}" for number in range(MOST_TOPIC_CHARS)]
    while len(",".join(topics)) > MOST_TOPIC_CHARS:
        topics.pop()
    longest = policy(run(DEV, sendAccounts=accounts, sendTopicArns=",".join(topics)), "queue")
    assert len(longest) < 8_192 - 500, "leave room for longer names and partitions"
