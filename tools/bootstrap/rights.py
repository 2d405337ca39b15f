"""The AWS calls, and their resources, that deploying each resource type needs.

Sources: the calls of the Terraform AWS provider's resources (pulumi-aws bridges it) and the permissions that the
CloudFormation schemas list for the same resources; resources and condition keys from AWS's Service Authorization
Reference. A `*` is used only if that reference lists no resource for the action, or if a service requires it.

Some services check their caller's permissions on other services, which no provider calls:
- Application Auto Scaling calls CloudWatch and Lambda with its caller's permissions, to check that the caller may do
  what it will do itself, CloudWatch without a name:
  https://docs.aws.amazon.com/autoscaling/application/userguide/security_iam_permission_validation.html
  We took these actions from the policy of its own role; AWS does not document that its calls to Lambda name the
  function: https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSApplicationAutoscalingLambdaConcurrencyPolicy.html
  It creates that service-linked role with the caller's permissions:
  https://docs.aws.amazon.com/autoscaling/application/userguide/services-that-can-integrate-lambda.html
- Lambda pulls a function's image with its caller's permissions. It would also write the repository's policy if that
  does not admit Lambda, but the component Image creates the policy first:
  https://docs.aws.amazon.com/lambda/latest/dg/images-create.html#configuration-images-permissions
- Lambda accepts a role only from a caller who may pass it (iam:PassRole):
  https://docs.aws.amazon.com/lambda/latest/dg/security_iam_troubleshoot.html
  It reads an event source with that role, not with the permissions of whoever creates the mapping:
  https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html
- KMS creates a key only for a caller who could change its policy later, unless that check is off (components/topic.py):
  https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html
- The policy of DynamoDB's key admits every caller of DynamoDB in the account, and SQS's own encryption uses no KMS:
  https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
  https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-server-side-encryption.html
- CloudWatch requires iam:CreateServiceLinkedRole if an alarm acts on EC2 or Systems Manager; ours notify a topic:
  https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
- For CloudWatch Logs, SNS and X-Ray we found no page that mentions such a check.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from components.tags import ENVIRONMENT
from components.tags import PROJECT as PROJECT_TAG
from tools.project import PROJECT

# ARNs without "arn:PARTITION:"; {account}, {stack} and {table}, the name of its table, are filled in.
PREFIX = f"{PROJECT}-{{stack}}-"
QUEUE = f"sqs:*:{{account}}:{PREFIX}*"
TABLE = "dynamodb:*:{account}:table/{table}"
ROLE = f"iam::{{account}}:role/{PREFIX}*"
FUNCTION = f"lambda:*:{{account}}:function:{PREFIX}*"
MAPPING = "lambda:*:{account}:event-source-mapping:*"
LOGS = f"logs:*:{{account}}:log-group:{PREFIX}*"
ALARM = f"cloudwatch:*:{{account}}:alarm:{PREFIX}*"
REPOSITORY = f"ecr:*:{{account}}:repository/{PREFIX}*"
PROMOTED = f"ecr:*:*:repository/{PROJECT}-*"  # another stack's, perhaps of another account
TOPIC = f"sns:*:{{account}}:{PREFIX}*"
SCALING = "application-autoscaling:*:{account}:scalable-target/*"
KEY = "kms:*:{account}:key/*"
ANY = "*"


@dataclass(frozen=True)
class Grant:
    """Actions of one service on one kind of resource; a preview gets only `read`.

    Attributes:
        read, write: names of actions without the service, separated by spaces.
        condition: as in IAM's JSON, with {account}, {partition} and {stack}.
    """

    service: str
    resource: str
    read: str = ""
    write: str = ""
    condition: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def tagged(key: str) -> dict[str, dict[str, str]]:
    return {"StringEquals": {f"aws:{key}/{PROJECT_TAG}": PROJECT, f"aws:{key}/{ENVIRONMENT}": "{stack}"}}


OF_FUNCTION = {"ArnLike": {"lambda:FunctionArn": f"arn:{{partition}}:{FUNCTION}"}}
TAG = "TagResource UntagResource"
PULL = "BatchGetImage GetDownloadUrlForLayer"

RIGHTS: dict[str, list[Grant]] = {
    "aws:sqs/queue:Queue": [
        Grant(
            "sqs",
            QUEUE,
            read="GetQueueAttributes GetQueueUrl ListQueueTags",
            write="CreateQueue DeleteQueue SetQueueAttributes TagQueue UntagQueue",
        )
    ],
    "aws:sqs/queuePolicy:QueuePolicy": [Grant("sqs", QUEUE, read="GetQueueAttributes", write="SetQueueAttributes")],
    "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy": [
        Grant("sqs", QUEUE, read="GetQueueAttributes", write="SetQueueAttributes")
    ],
    "aws:dynamodb/table:Table": [
        Grant(
            "dynamodb",
            TABLE,
            read="DescribeTable DescribeContinuousBackups DescribeTimeToLive ListTagsOfResource",
            write=f"CreateTable UpdateTable DeleteTable UpdateContinuousBackups UpdateTimeToLive {TAG}",
        )
    ],
    "aws:iam/role:Role": [
        Grant(
            "iam",
            ROLE,
            read="GetRole ListRolePolicies ListAttachedRolePolicies ListInstanceProfilesForRole",
            write="CreateRole DeleteRole UpdateRole UpdateAssumeRolePolicy PutRolePermissionsBoundary "
            "DeleteRolePermissionsBoundary TagRole UntagRole",
        )
    ],
    "aws:iam/rolePolicy:RolePolicy": [Grant("iam", ROLE, read="GetRolePolicy", write="PutRolePolicy DeleteRolePolicy")],
    "aws:iam/policy:Policy": [
        Grant(
            "iam",
            f"iam::{{account}}:policy/{PREFIX}*",
            read="GetPolicy GetPolicyVersion ListPolicyVersions",
            write="ListEntitiesForPolicy CreatePolicy DeletePolicy CreatePolicyVersion DeletePolicyVersion "
            "TagPolicy UntagPolicy",
        )
    ],
    "aws:lambda/function:Function": [
        Grant(
            "lambda",
            FUNCTION,
            read="GetFunction GetFunctionConfiguration GetFunctionCodeSigningConfig ListVersionsByFunction ListTags",
            write="CreateFunction DeleteFunction UpdateFunctionCode UpdateFunctionConfiguration PublishVersion "
            f"PutFunctionConcurrency DeleteFunctionConcurrency {TAG}",
        ),
        Grant(
            "iam",
            ROLE,
            write="PassRole",
            condition={"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}},
        ),
        Grant("ecr", PROMOTED, write=PULL),  # Lambda pulls on behalf of whoever deploys the image
        # Lambda looks up a function's subnets and security groups with its caller's permissions:
        # https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
        Grant("ec2", ANY, write="DescribeSecurityGroups DescribeSubnets DescribeVpcs"),
    ],
    "aws:lambda/alias:Alias": [Grant("lambda", FUNCTION, read="GetAlias", write="CreateAlias UpdateAlias DeleteAlias")],
    "aws:lambda/eventSourceMapping:EventSourceMapping": [
        Grant(
            "lambda",
            ANY,
            read="GetEventSourceMapping",
            write="CreateEventSourceMapping UpdateEventSourceMapping DeleteEventSourceMapping",
            condition=OF_FUNCTION,
        ),
        Grant("lambda", MAPPING, read="ListTags", write=TAG),
    ],
    "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig": [
        Grant(
            "lambda",
            FUNCTION,
            read="GetProvisionedConcurrencyConfig",
            write="PutProvisionedConcurrencyConfig DeleteProvisionedConcurrencyConfig",
        )
    ],
    "aws:appautoscaling/target:Target": [
        Grant("application-autoscaling", ANY, read="DescribeScalableTargets"),
        Grant(
            "application-autoscaling",
            SCALING,
            read="ListTagsForResource",
            write=f"RegisterScalableTarget DeregisterScalableTarget {TAG}",
        ),
        Grant(
            "iam",
            "iam::{account}:role/aws-service-role/lambda.application-autoscaling.amazonaws.com/*",
            write="CreateServiceLinkedRole",
        ),
    ],
    "aws:appautoscaling/policy:Policy": [
        Grant("application-autoscaling", ANY, read="DescribeScalingPolicies"),
        Grant("application-autoscaling", SCALING, write="PutScalingPolicy DeleteScalingPolicy"),
        # Application Auto Scaling checks these without an alarm's name; what it makes is called TargetTracking-*.
        Grant("cloudwatch", ANY, read="DescribeAlarms", write="PutMetricAlarm DeleteAlarms"),
    ],
    "aws:cloudwatch/logGroup:LogGroup": [
        Grant("logs", ANY, read="DescribeLogGroups"),
        Grant(
            "logs",
            LOGS,
            read="ListTagsForResource",
            write="CreateLogGroup DeleteLogGroup PutRetentionPolicy DeleteRetentionPolicy AssociateKmsKey "
            f"DisassociateKmsKey {TAG}",
        ),
    ],
    "aws:cloudwatch/metricAlarm:MetricAlarm": [
        Grant("cloudwatch", ANY, read="DescribeAlarms"),
        Grant("cloudwatch", ALARM, read="ListTagsForResource", write=f"PutMetricAlarm DeleteAlarms {TAG}"),
    ],
    "aws:cloudwatch/dashboard:Dashboard": [
        Grant(
            "cloudwatch",
            f"cloudwatch::{{account}}:dashboard/{PROJECT}-{{stack}}",
            read="GetDashboard",
            write="PutDashboard DeleteDashboards",
        )
    ],
    "aws:ecr/repository:Repository": [
        Grant(
            "ecr",
            REPOSITORY,
            read="DescribeRepositories ListTagsForResource ListImages",
            write=f"CreateRepository DeleteRepository PutImageTagMutability PutImageScanningConfiguration {TAG}",
        )
    ],
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": [
        Grant("ecr", REPOSITORY, read="GetLifecyclePolicy", write="PutLifecyclePolicy DeleteLifecyclePolicy")
    ],
    "aws:ecr/repositoryPolicy:RepositoryPolicy": [
        Grant("ecr", REPOSITORY, read="GetRepositoryPolicy", write="SetRepositoryPolicy DeleteRepositoryPolicy")
    ],
    "docker:index/image:Image": [
        Grant("ecr", ANY, read="GetAuthorizationToken"),  # a preview requests it too, but can do nothing with it
        Grant(
            "ecr",
            REPOSITORY,
            write="BatchCheckLayerAvailability InitiateLayerUpload UploadLayerPart CompleteLayerUpload PutImage "
            + PULL,
        ),
    ],
    "aws:sns/topic:Topic": [
        Grant(
            "sns",
            TOPIC,
            read="GetTopicAttributes ListTagsForResource",
            write=f"CreateTopic DeleteTopic SetTopicAttributes {TAG}",
        )
    ],
    "aws:sns/topicPolicy:TopicPolicy": [Grant("sns", TOPIC, read="GetTopicAttributes", write="SetTopicAttributes")],
    "aws:sns/topicSubscription:TopicSubscription": [
        Grant("sns", TOPIC, write="Subscribe"),
        Grant("sns", ANY, read="GetSubscriptionAttributes", write="SetSubscriptionAttributes Unsubscribe"),
    ],
    "aws:kms/key:Key": [
        Grant("kms", ANY, write="CreateKey", condition=tagged("RequestTag")),
        Grant("kms", KEY, write="TagResource", condition=tagged("RequestTag")),
        # Without a condition: these follow CreateKey at once, and it may take five minutes until a key's tags count:
        # https://docs.aws.amazon.com/kms/latest/developerguide/tag-authorization.html
        Grant(
            "kms",
            KEY,
            read="DescribeKey GetKeyPolicy GetKeyRotationStatus ListResourceTags",
            write="EnableKeyRotation",
        ),
        Grant(
            "kms",
            KEY,
            write="PutKeyPolicy DisableKeyRotation UpdateKeyDescription EnableKey DisableKey ScheduleKeyDeletion "
            "UntagResource",
            condition=tagged("ResourceTag"),
        ),
    ],
}

# With dataKmsKeyArn, services create grants on the key with their caller's permissions, which the key's policy may
# narrow further: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html,
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars-encryption.html,
# https://docs.aws.amazon.com/AmazonECR/latest/userguide/encryption-at-rest.html
DATA_KEY = Grant(
    "kms",
    KEY,
    write="CreateGrant RetireGrant DescribeKey Encrypt Decrypt GenerateDataKey",
    condition={
        "StringLike": {
            "kms:ViaService": [f"{service}.*.amazonaws.com*" for service in ("dynamodb", "ecr", "lambda", "sns")]
        }
    },
)

# The workflow's other steps: `make smoke` and `make rollout`.
STEPS = [
    Grant("sqs", f"sqs:*:{{account}}:{PREFIX}queue-*", write="SendMessage"),
    Grant(  # if the queue uses a customer managed key (kmsKeyArn)
        "kms",
        KEY,
        write="GenerateDataKey Decrypt",
        condition={"StringLike": {"kms:ViaService": "sqs.*.amazonaws.com*"}},
    ),
    Grant("dynamodb", TABLE, write="GetItem"),
    Grant("lambda", FUNCTION, write="InvokeFunction"),
    Grant("ecr", PROMOTED, write="DescribeImageScanFindings"),
    Grant("lambda", ANY, write="ListEventSourceMappings"),
    Grant("cloudwatch", ANY, write="GetMetricStatistics"),
]
