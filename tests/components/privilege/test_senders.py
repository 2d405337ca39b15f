"""Senders from elsewhere, with IAM enforced: only the listed account's roles and the listed topic may send."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from sentiment import Producer, SendFailed
from tests.components.privilege.guarded import EVERYTHING, Guarded
from tests.components.privilege.iam import allowed
from tests.components.privilege.queue_policy import OVER_TLS, verdict
from tests.stacks import STRICT
from tests.waiting import eventually
from tools.local.program import stack_config
from tools.project import PROJECT

pytestmark = pytest.mark.slow(reason="runs a pipeline under enforced IAM")

SENDER, TOPIC = (stack_config(STRICT, {})[f"{PROJECT}:{key}"] for key in ("sendAccounts", "sendTopicArns"))
STRANGER = "333333333333"
NAME = TOPIC.rpartition(":")[2]
QUEUES = ("queue", "queue-dlq")


def may_send(company: Guarded, queue_arn: str = "") -> dict[str, Any]:
    """The policy that docs/messages.md gives a sender's role, by default for the stack's queue."""
    arn = queue_arn or company.local.recording.outputs["queueArn"]
    statement = {"Sid": "SendText", "Effect": "Allow", "Action": "sqs:SendMessage", "Resource": arn}
    return {"Version": "2012-10-17", "Statement": [statement]}


def send(company: Guarded, client: Callable[[str], Any], text_id: str) -> None:
    with Producer(company.local.queue_url, client=client("sqs")) as producer:
        producer.send(text_id, "I love it.")


def publish(company: Guarded, name: str, body: str, **attributes: str) -> None:
    """Publishes to a topic of the listed account while the queue is subscribed to it."""
    sns = company.elsewhere(SENDER, EVERYTHING)("sns")
    topic, queue_arn = sns.create_topic(Name=name)["TopicArn"], company.local.recording.outputs["queueArn"]
    subscription = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue_arn, Attributes=attributes)
    sns.publish(TopicArn=topic, Message=body)
    sns.unsubscribe(SubscriptionArn=subscription["SubscriptionArn"])


def policy(company: Guarded, queue: str) -> dict[str, Any]:
    given = company.local.recording.one("aws:sqs/queuePolicy:QueuePolicy", f"{queue}-policy")
    return json.loads(given.inputs["policy"])


def test_a_text_from_a_role_of_a_listed_account_is_stored(company: Guarded) -> None:
    send(company, company.elsewhere(SENDER, may_send(company)), "of-another-account")
    eventually(lambda: "of-another-account" in company.local.results())


def test_a_role_of_an_unlisted_account_is_refused(company: Guarded) -> None:
    with pytest.raises(SendFailed):
        send(company, company.elsewhere(STRANGER, EVERYTHING), "of-a-stranger")


def test_a_role_without_permission_from_its_own_account_is_refused(company: Guarded) -> None:
    with pytest.raises(SendFailed):
        send(
            company,
            company.elsewhere(SENDER, may_send(company, f"arn:aws:sqs:eu-central-1:{SENDER}:a")),
            "of-another-role",
        )


def test_another_account_may_do_nothing_but_send(company: Guarded) -> None:
    sqs = company.elsewhere(SENDER, EVERYTHING)("sqs")
    queue, dead = {"QueueUrl": company.local.queue_url}, {"QueueUrl": company.local.dead_letter_queue_url}
    attempts: list[tuple[str, dict[str, Any]]] = [
        ("receive_message", {**queue, "WaitTimeSeconds": 0}),
        ("delete_message", {**queue, "ReceiptHandle": "a"}),
        ("purge_queue", queue),
        ("get_queue_attributes", queue),
        ("set_queue_attributes", {**queue, "Attributes": {"VisibilityTimeout": "0"}}),
        ("send_message", {**dead, "MessageBody": "a"}),
        ("receive_message", {**dead, "WaitTimeSeconds": 0}),
    ]
    assert [operation for operation, given in attempts if allowed(sqs, operation, **given)] == []


def test_only_texts_from_the_listed_topic_are_stored(company: Guarded) -> None:
    publish(company, "other", '{"id": "of-another-topic", "text": "I love it."}', RawMessageDelivery="true")
    publish(company, NAME, '{"id": "of-the-topic", "text": "I love it."}', RawMessageDelivery="true")
    eventually(lambda: "of-the-topic" in company.local.results())
    assert "of-another-topic" not in company.local.results()


def test_a_message_wrapped_by_sns_is_dead_lettered_with_the_fix(company: Guarded) -> None:
    publish(company, NAME, '{"id": "wrapped", "text": "I love it."}')
    eventually(lambda: company.local.depth(company.local.dead_letter_queue_url))
    (letter,) = company.local.dead_letters()
    assert json.loads(json.loads(letter["Body"])["Message"])["id"] == "wrapped"
    reason = letter["MessageAttributes"]["ErrorMessage"]["StringValue"]
    assert TOPIC in reason
    assert "set RawMessageDelivery of the topic's subscription to true" in reason


@pytest.mark.parametrize("queue", QUEUES)
def test_nobody_may_send_without_tls(company: Guarded, queue: str) -> None:
    arn = company.local.recording.one("aws:sqs/queue:Queue", queue).outputs["arn"]
    plain = {"aws:SecureTransport": "false", "aws:SourceArn": TOPIC}
    for caller in ({"AWS": f"arn:aws:iam::{SENDER}:root"}, {"Service": "sns.amazonaws.com"}):
        assert verdict(policy(company, queue), caller, "sqs:SendMessage", arn, plain) is False


def test_a_topic_may_send_unless_sns_names_another_account(company: Guarded) -> None:
    def let_in(**context: str) -> bool | None:
        arn = company.local.recording.outputs["queueArn"]
        given = {**OVER_TLS, "aws:SourceArn": TOPIC, **{f"aws:{key}": value for key, value in context.items()}}
        return verdict(policy(company, "queue"), {"Service": "sns.amazonaws.com"}, "sqs:SendMessage", arn, given)

    assert (let_in(), let_in(SourceAccount=SENDER), let_in(SourceAccount=STRANGER)) == (True, True, None)
