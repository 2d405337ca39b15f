"""The SNS topic that alarms notify."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.transport import deny_plain_http


@dataclass(frozen=True, kw_only=True)
class TopicArgs:
    """
    Attributes:
        email: address to subscribe (its owner must confirm), or empty.
        kms_key_arn: customer managed key that CloudWatch may use, or empty to create one.
    """

    email: str
    kms_key_arn: str = ""


class Topic(pulumi.ComponentResource):
    """An SNS topic, encrypted with its own key or a given one.

    CloudWatch cannot publish to a topic that is encrypted with the AWS managed key, because nobody can let it
    use that key: https://repost.aws/knowledge-center/cloudwatch-receive-sns-for-alarm-trigger

    Attributes:
        arn: the action of the alarms.
    """

    arn: pulumi.Output[str]

    def __init__(self, name: str, args: TopicArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("sentiment-analyzer:components:Topic", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        invoke = pulumi.InvokeOutputOptions(parent=self)
        account = aws.get_caller_identity_output(opts=invoke).account_id
        topic = aws.sns.Topic(
            name, kms_master_key_id=args.kms_key_arn or self._key(name, account, child).arn, opts=child
        )
        aws.sns.TopicPolicy(
            f"{name}-policy",
            arn=topic.arn,
            policy=pulumi.Output.json_dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Sid": "CloudWatchPublishesAlarms",
                            "Effect": "Allow",
                            "Principal": {"Service": "cloudwatch.amazonaws.com"},
                            "Action": "sns:Publish",
                            "Resource": topic.arn,
                            "Condition": {"StringEquals": {"aws:SourceAccount": account}},
                        },
                        deny_plain_http("sns:Publish", topic.arn),
                    ],
                }
            ),
            opts=child,
        )
        if args.email:
            aws.sns.TopicSubscription(
                f"{name}-email", topic=topic.arn, protocol="email", endpoint=args.email, opts=child
            )
        self.arn = topic.arn
        self.register_outputs({"arn": self.arn})

    def _key(self, name: str, account: pulumi.Output[str], child: pulumi.ResourceOptions) -> aws.kms.Key:
        partition = aws.get_partition_output(opts=pulumi.InvokeOutputOptions(parent=self)).partition
        return aws.kms.Key(
            f"{name}-key",
            description="Encrypts the sentiment service's alarm messages",
            enable_key_rotation=True,
            # KMS would check that the key's creator may change this policy later. A role whose permission depends on
            # the key's tags may not yet: the key has none. The first statement lets the account do so in any case.
            bypass_policy_lockout_safety_check=True,
            policy=pulumi.Output.json_dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Sid": "AccountAdministersKey",
                            "Effect": "Allow",
                            "Principal": {"AWS": pulumi.Output.concat("arn:", partition, ":iam::", account, ":root")},
                            "Action": "kms:*",  # KMS refuses a key that its account could not administer
                            "Resource": "*",  # in a key's own policy, this means the key itself
                        },
                        {
                            "Sid": "CloudWatchEncryptsAlarms",
                            "Effect": "Allow",
                            "Principal": {"Service": "cloudwatch.amazonaws.com"},
                            "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
                            "Resource": "*",
                            "Condition": {"StringEquals": {"aws:SourceAccount": account}},
                        },
                    ],
                }
            ),
            opts=child,
        )
