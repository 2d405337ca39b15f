"""The queue that producers send to, and the dead-letter queue behind it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from components.permission import Permission, policy_document
from components.senders import accounts_send, topics_send
from components.transport import deny_plain_http
from sentiment_contract.messages import MAX_MESSAGE_BYTES

SECONDS_PER_DAY = 86_400
KEY_REUSE_SECONDS = 300  # how long SQS reuses a data key of a customer managed key; its default


@dataclass(frozen=True, kw_only=True)
class QueueArgs:
    """
    Attributes:
        visibility_timeout_seconds: how long a received message stays hidden; AWS recommends at least
            six times the consumer's timeout plus its batch window.
        max_receive_count: deliveries before a message goes to the dead-letter queue.
        retention_days: how long a message waits.
        dlq_retention_days: the same in the dead-letter queue, counted from when the message was first enqueued.
        kms_key_arn: customer managed key, or empty for SQS-managed encryption.
        deletion_protection: whether Pulumi refuses to delete the queues, and with them the stack.
        former_key_arns: keys that may still encrypt waiting messages.
        send_accounts, send_topic_arns: other accounts and SNS topics that may send.
    """

    visibility_timeout_seconds: int
    max_receive_count: int
    retention_days: int
    dlq_retention_days: int
    kms_key_arn: str
    deletion_protection: bool
    former_key_arns: Sequence[str] = ()
    send_accounts: Sequence[str] = ()
    send_topic_arns: Sequence[str] = ()


class Queue(pulumi.ComponentResource):
    """A standard queue with its dead-letter queue, both encrypted and closed to plain HTTP.

    Attributes:
        source: the queue that producers send to.
        dead_letters: the queue for messages that could not be processed.
        producer_policy: managed policy that allows sending, and nothing else.
        process: permissions to take messages from the queue and to dead-letter them.
    """

    source: aws.sqs.Queue
    dead_letters: aws.sqs.Queue
    producer_policy: aws.iam.Policy

    def __init__(self, name: str, args: QueueArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("sentiment-analyzer:components:Queue", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        # An imported queue keeps its name; otherwise Pulumi would rename, and so replace, it.
        kept = pulumi.ResourceOptions(parent=self, protect=args.deletion_protection, ignore_changes=["name"])
        encryption = (
            {"kms_master_key_id": args.kms_key_arn, "kms_data_key_reuse_period_seconds": KEY_REUSE_SECONDS}
            if args.kms_key_arn
            else {"sqs_managed_sse_enabled": True}
        )

        self.dead_letters = aws.sqs.Queue(
            f"{name}-dlq",
            max_message_size=MAX_MESSAGE_BYTES,  # the provider's default is a quarter of it
            message_retention_seconds=args.dlq_retention_days * SECONDS_PER_DAY,
            opts=kept,
            **encryption,
        )
        self.source = aws.sqs.Queue(
            name,
            max_message_size=MAX_MESSAGE_BYTES,
            visibility_timeout_seconds=args.visibility_timeout_seconds,
            message_retention_seconds=args.retention_days * SECONDS_PER_DAY,
            receive_wait_time_seconds=20,  # long polling, for consumers that are not Lambda
            redrive_policy=pulumi.Output.json_dumps(
                {"deadLetterTargetArn": self.dead_letters.arn, "maxReceiveCount": args.max_receive_count}
            ),
            opts=kept,
            **encryption,
        )
        aws.sqs.RedriveAllowPolicy(
            f"{name}-dlq-redrive-allow",
            queue_url=self.dead_letters.url,
            redrive_allow_policy=pulumi.Output.json_dumps(
                {"redrivePermission": "byQueue", "sourceQueueArns": [self.source.arn]}
            ),
            opts=child,
        )
        for queue_name, queue, senders in (
            (name, self.source, self._senders(args)),
            (f"{name}-dlq", self.dead_letters, []),
        ):
            policy = {"Version": "2012-10-17", "Statement": [deny_plain_http("sqs:*", queue.arn), *senders]}
            aws.sqs.QueuePolicy(
                f"{queue_name}-policy", queue_url=queue.url, policy=pulumi.Output.json_dumps(policy), opts=child
            )

        # To encrypt a message, SQS creates a data key on behalf of the sender, who needs both actions.
        use_key = (
            [
                Permission(
                    sid="UseQueueKey",
                    actions=["kms:GenerateDataKey", "kms:Decrypt"],
                    resources=[args.kms_key_arn],
                )
            ]
            if args.kms_key_arn
            else []
        )
        self.process = [
            Permission(
                sid="TakeMessages",
                actions=["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
                resources=[self.source.arn],
            ),
            Permission(sid="DeadLetter", actions=["sqs:SendMessage"], resources=[self.dead_letters.arn]),
            *use_key,
            *(
                [Permission(sid="ReadWithFormerKeys", actions=["kms:Decrypt"], resources=args.former_key_arns)]
                if args.former_key_arns
                else []
            ),
        ]
        self.producer_policy = aws.iam.Policy(
            f"{name}-producer",
            description="Send texts to the sentiment queue, and nothing else",
            policy=policy_document(
                [
                    Permission(sid="SendText", actions=["sqs:SendMessage"], resources=[self.source.arn]),
                    *use_key,
                ]
            ),
            opts=child,
        )
        self.register_outputs({"url": self.source.url, "arn": self.source.arn, "dlq_url": self.dead_letters.url})

    def _senders(self, args: QueueArgs) -> list[dict[str, Any]]:
        statements = []
        if args.send_accounts:
            partition = aws.get_partition_output(opts=pulumi.InvokeOutputOptions(parent=self)).partition
            statements.append(accounts_send(args.send_accounts, partition, self.source.arn))
        if args.send_topic_arns:
            statements.append(topics_send(args.send_topic_arns, self.source.arn))
        return statements
