"""A mutation of prod's registrations breaks each rule of the pack, and only that rule refuses it."""

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from policy.access import KEY, REPOSITORY_POLICY, ROLE
from policy.alarms import ALARM
from policy.functions import PROVISIONED, SCALED
from policy.pack import POLICIES
from policy.queues import MAPPING, OF_STREAMS
from policy.rule import FUNCTION, LOG_GROUP, QUEUE, TABLE, TOPIC
from policy.statements import QUEUE_POLICY, TOPIC_POLICY
from tests.policy.judge import complaints
from tests.stacks import PROD
from tools.local.program import run
from tools.local.recorder import Recorder, Resource

ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
MANAGED = "aws:iam/policy:Policy"
REPOSITORY = "aws:ecr/repository:Repository"
SENDING_TOPIC = "arn:aws:sns:us-west-2:210987654321:reviews"
AWS_MANAGED = "arn:aws:iam::aws:policy/AdministratorAccess"


@dataclass
class Copy:
    """Registrations that a mutation may change."""

    resources: list[Resource]

    def one(self, type_: str, name: str | None = None) -> Resource:
        (found,) = [r for r in self.resources if r.type == type_ and name in (None, r.name)]
        return found

    def add(self, type_: str, **inputs: Any) -> None:
        self.resources.append(Resource(type_, "added", True, inputs, inputs, set(), urn=f"urn:{type_}::added"))

    def remove(self, type_: str, name: str | None = None) -> None:
        self.resources.remove(self.one(type_, name))


Mutation = Callable[[Copy], None]


def put(type_: str, name: str | None = None, /, **values: Any) -> Mutation:
    """Gives a resource other values."""

    def mutate(stack: Copy) -> None:
        resource = stack.one(type_, name)
        resource.inputs |= values
        resource.outputs |= values

    return mutate


def cut(type_: str, name: str | None, *inputs: str) -> Mutation:
    """Detaches inputs from the outputs of the other resources that they come from."""

    def mutate(stack: Copy) -> None:
        for prop in inputs:
            stack.one(type_, name).made_of.pop(prop)

    return mutate


def say(type_: str, name: str | None, sid: str | None, /, prop: str = "policy", **elements: Any) -> Mutation:
    """Changes elements of the policy statement with this Sid; None removes one."""

    def mutate(stack: Copy) -> None:
        resource = stack.one(type_, name)
        document = json.loads(resource.inputs[prop])
        (statement,) = [s for s in document["Statement"] if s.get("Sid") == sid]
        for element, value in elements.items():
            statement[element] = value
            if value is None:
                del statement[element]
        put(type_, name, **{prop: json.dumps(document)})(stack)

    return mutate


def let_in(**elements: Any) -> Mutation:
    """Adds a statement to the queue's policy that lets a topic send, with these elements changed."""

    def mutate(stack: Copy) -> None:
        statement = {
            "Sid": "Added",
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": stack.one(QUEUE, "queue").outputs["arn"],
            **elements,
        }
        document = json.loads(stack.one(QUEUE_POLICY, "queue-policy").inputs["policy"])
        document["Statement"].append(statement)
        put(QUEUE_POLICY, "queue-policy", policy=json.dumps(document))(stack)

    return mutate


def watch(alarm: str, **values: Any) -> Mutation:
    return put(ALARM, f"alarm-{alarm}", **values)


def dimensions_of(alarm: str, other: str) -> Mutation:
    """Makes an alarm's dimensions come from the resource that another alarm watches."""

    def mutate(stack: Copy) -> None:
        to, watched = stack.one(ALARM, f"alarm-{alarm}"), stack.one(ALARM, f"alarm-{other}")
        to.made_of["dimensions"] = watched.made_of["dimensions"]

    return mutate


def redrive(**values: Any) -> Mutation:
    def mutate(stack: Copy) -> None:
        queue = stack.one(QUEUE, "queue")
        put(QUEUE, "queue", redrivePolicy=json.dumps({**json.loads(queue.inputs["redrivePolicy"]), **values}))(stack)

    return mutate


def remove(type_: str) -> Mutation:
    return lambda stack: stack.remove(type_)


def together(*mutations: Mutation) -> Mutation:
    def mutate(stack: Copy) -> None:
        for each in mutations:
            each(stack)

    return mutate


MUTATIONS: list[tuple[str, str, Mutation]] = [
    # Encryption
    ("queue-is-encrypted", "queue in the clear", put(QUEUE, "queue", sqsManagedSseEnabled=False)),
    ("queue-is-encrypted", "dead letters in the clear", put(QUEUE, "queue-dlq", sqsManagedSseEnabled=None)),
    ("table-is-encrypted", "table with DynamoDB's own key", put(TABLE, serverSideEncryption=None)),
    ("table-is-encrypted", "encryption off", put(TABLE, serverSideEncryption={"enabled": False})),
    ("topic-is-encrypted", "topic in the clear", put(TOPIC, kmsMasterKeyId=None)),
    ("topic-is-encrypted", "topic with SNS's own key", put(TOPIC, kmsMasterKeyId="alias/aws/sns")),
    ("repository-is-encrypted", "repository says nothing", put(REPOSITORY, encryptionConfigurations=[])),
    ("key-rotates", "key for ever", put(KEY, enableKeyRotation=False)),
    # Access
    ("queue-policy-denies-plain-http", "queue denies under TLS", say(QUEUE_POLICY, "queue-policy", "DenyPlainHttp",
        Condition={"Bool": {"aws:SecureTransport": "true"}})),
    ("queue-policy-denies-plain-http", "queue denies receiving only", say(QUEUE_POLICY, "queue-dlq-policy",
        "DenyPlainHttp", Action="sqs:ReceiveMessage")),
    ("topic-policy-denies-plain-http", "topic denies one account", say(TOPIC_POLICY, None, "DenyPlainHttp",
        Principal={"AWS": "123456789012"})),
    ("queue-policy-denies-plain-http", "queue denies by address", say(QUEUE_POLICY, "queue-policy", "DenyPlainHttp",
        Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}})),
    ("queue-policy-denies-plain-http", "queue denies in one network", say(QUEUE_POLICY, "queue-policy", "DenyPlainHttp",
        Condition={"Bool": {"aws:SecureTransport": "false"}, "IpAddress": {"aws:SourceIp": "10.0.0.0/8"}})),
    ("queue-policy-denies-plain-http", "queue denies in one VPC", say(QUEUE_POLICY, "queue-policy", "DenyPlainHttp",
        Condition={"Bool": {"aws:SecureTransport": "false", "aws:ViaAWSService": "true"}})),
    ("queue-policy-denies-plain-http", "queue allows", say(QUEUE_POLICY, "queue-policy", "DenyPlainHttp",
        Effect="Allow", Principal={"AWS": "123456789012"}, Action="sqs:SendMessage")),
    ("topic-policy-denies-plain-http", "topic denies what queues do", say(TOPIC_POLICY, None, "DenyPlainHttp",
        Action="sqs:*")),
    ("policy-denies-on-its-own-resource", "another queue", say(QUEUE_POLICY, "queue-policy", "DenyPlainHttp",
        Resource="arn:aws:sqs:us-west-2:123456789012:another")),
    ("policy-denies-on-its-own-resource", "nothing", say(TOPIC_POLICY, None, "DenyPlainHttp", Resource=[])),
    ("services-act-for-named-accounts", "alarms of anybody", say(TOPIC_POLICY, None, "CloudWatchPublishesAlarms",
        Condition=None)),
    ("services-act-for-named-accounts", "any account's alarms", say(KEY, None, "CloudWatchEncryptsAlarms",
        Condition={"StringLike": {"aws:SourceAccount": "*"}})),
    ("services-act-for-named-accounts", "all accounts but one", say(KEY, None, "CloudWatchEncryptsAlarms",
        Condition={"StringNotEquals": {"aws:SourceAccount": "123456789012"}})),
    ("services-act-for-named-accounts", "functions of anybody", say(REPOSITORY_POLICY, None, "LambdaPulls",
        Condition={"StringLike": {"aws:SourceArn": ["arn:aws:lambda:*:*:function:*"]}})),
    ("queue-and-topic-have-a-policy", "no policy of the queue", lambda s: s.remove(QUEUE_POLICY, "queue-policy")),
    ("queue-and-topic-have-a-policy", "no policy of the topic", remove(TOPIC_POLICY)),
    ("nobody-is-let-in-without-a-name", "anyone sends by way of a topic", let_in(
        Principal="*", Condition={"ArnEquals": {"aws:SourceArn": SENDING_TOPIC}})),
    ("others-only-send-to-a-queue", "an account receives", let_in(
        Principal={"AWS": "arn:aws:iam::210987654321:root"}, Action=["sqs:SendMessage", "sqs:ReceiveMessage"])),
    ("others-only-send-to-a-queue", "any topic of an account", let_in(
        Condition={"StringEquals": {"aws:SourceAccount": "210987654321"}})),
    ("others-only-send-to-a-queue", "topics of like names", let_in(
        Condition={"ArnEquals": {"aws:SourceArn": f"{SENDING_TOPIC}-*"}})),
    ("others-only-send-to-a-queue", "a bucket", let_in(
        Condition={"ArnLike": {"aws:SourceArn": "arn:aws:s3:us-west-2:210987654321:bucket"}})),
    ("nobody-is-let-in-without-a-name", "anyone publishes", say(TOPIC_POLICY, None, "CloudWatchPublishesAlarms",
        Principal="*")),
    ("nobody-is-let-in-without-a-name", "any AWS account publishes", say(TOPIC_POLICY, None,
        "CloudWatchPublishesAlarms", Principal={"AWS": ["123456789012", "*"]})),
    ("nobody-is-let-in-without-a-name", "all but one assume the role", say(ROLE, None, None,
        prop="assumeRolePolicy", Principal=None, NotPrincipal={"AWS": "123456789012"})),
    ("nobody-is-let-in-without-a-name", "anyone uses the key", say(KEY, None, "CloudWatchEncryptsAlarms",
        Principal={"AWS": "*"})),
    ("nobody-is-let-in-without-a-name", "anyone invokes", lambda s: s.add(
        "aws:lambda/permission:Permission", principal="*", action="lambda:InvokeFunction")),
    ("nobody-is-let-in-without-a-name", "an open URL", lambda s: s.add(
        "aws:lambda/functionUrl:FunctionUrl", authorizationType="NONE")),
    ("grants-name-their-actions", "every action on the table", say(ROLE_POLICY, None, "StoreResult",
        Action=["dynamodb:*"])),
    ("grants-name-their-actions", "everything", say(ROLE_POLICY, None, "StoreResult", Action="*")),
    ("grants-name-their-actions", "a misspelt action", say(ROLE_POLICY, None, "TakeMessages",
        Action=["sqs:RecieveMessage"])),
    ("grants-name-their-actions", "everything but one", say(ROLE_POLICY, None, "StoreResult",
        Action=None, NotAction="dynamodb:DeleteTable")),
    ("grants-name-their-actions", "a wildcard for producers", say(MANAGED, "queue-producer", "SendText",
        Action=["sqs:Send*"])),
    ("grants-name-their-actions", "an inline policy of the role", put(ROLE, inlinePolicies=[
        {"policy": json.dumps({"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::a"}})}])),
    ("grants-name-their-actions", "a policy of the queue itself", put(QUEUE, "queue", policy=json.dumps(
        {"Statement": {"Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Action": "sqs:*",
         "Resource": "arn:aws:sqs:us-west-2:123456789012:queue"}}))),
    ("grants-name-their-resources", "every table", say(ROLE_POLICY, None, "StoreResult", Resource="*")),
    ("grants-name-their-resources", "every table by ARN", say(ROLE_POLICY, None, "StoreResult",
        Resource="arn:aws:dynamodb:us-west-2:123456789012:table/*")),
    ("grants-name-their-resources", "every queue of the account", say(ROLE_POLICY, None, "DeadLetter",
        Resource=["arn:aws:sqs:us-west-2:123456789012:*"])),
    ("grants-name-their-resources", "a queue of any account", say(ROLE_POLICY, None, "DeadLetter",
        Resource=["arn:aws:sqs:us-west-2:*:queue-dlq"])),
    ("grants-name-their-resources", "tables of like names", say(ROLE_POLICY, None, "StoreResult",
        Resource="arn:aws:dynamodb:us-west-2:123456789012:table/any-results-?rod")),
    ("grants-name-their-resources", "every queue but one", say(MANAGED, "queue-producer", "SendText",
        Resource=None, NotResource="arn:aws:sqs:us-west-2:123456789012:other")),
    ("grants-name-their-resources", "logs beside traces", say(ROLE_POLICY, None, "SendTraces",
        Action=["xray:PutTraceSegments", "logs:PutLogEvents"])),
    ("key-is-administered-by-its-account-alone", "a user administers", say(KEY, None, "AccountAdministersKey",
        Principal={"AWS": "arn:aws:iam::123456789012:user/somebody"})),
    ("key-is-administered-by-its-account-alone", "nobody administers", say(KEY, None, "AccountAdministersKey",
        Action=["kms:DescribeKey"])),
    ("key-is-administered-by-its-account-alone", "CloudWatch administers", say(KEY, None, "CloudWatchEncryptsAlarms",
        Action="kms:*")),
    ("role-has-no-policy-of-aws", "an attached policy", lambda s: s.add(
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment", role="function-role", policyArn=AWS_MANAGED)),
    ("role-has-no-policy-of-aws", "a managed policy", put(ROLE, managedPolicyArns=[AWS_MANAGED])),
    # Queues
    ("queue-delivers-before-it-gives-up", "no delivery", redrive(maxReceiveCount=0)),
    ("queue-delivers-before-it-gives-up", "no count", redrive(maxReceiveCount=None)),
    ("dead-letters-outlive-their-queue", "as long", put(QUEUE, "queue-dlq", messageRetentionSeconds=345_600)),
    ("dead-letters-outlive-their-queue", "queue keeps 14 days", put(QUEUE, "queue", messageRetentionSeconds=1_209_600)),
    ("consumed-queue-has-dead-letters", "no dead-letter queue", cut(QUEUE, "queue", "redrivePolicy")),
    ("messages-stay-hidden-while-processed", "one second less", put(QUEUE, "queue", visibilityTimeoutSeconds=184)),
    ("messages-stay-hidden-while-processed", "a longer timeout", put(FUNCTION, timeout=31)),
    ("messages-stay-hidden-while-processed", "a longer window", put(MAPPING, maximumBatchingWindowInSeconds=6)),
    ("mapping-feeds-an-alias", "the function itself", cut(MAPPING, None, "functionName")),
    *(("mapping-settings-are-of-queues", name, put(MAPPING, **{name: 2})) for name in OF_STREAMS),
    ("mapping-takes-partial-failures", "batches fail as one", put(MAPPING, functionResponseTypes=[])),
    ("large-batches-have-a-window", "11 at once", put(MAPPING, batchSize=11, maximumBatchingWindowInSeconds=0)),
    ("queue-stays-within-reserved-concurrency", "51 of 50", put(MAPPING, scalingConfig={"maximumConcurrency": 51})),
    ("queue-stays-within-reserved-concurrency", "6 pollers of 10 batches", put(MAPPING, scalingConfig=None,
        provisionedPollerConfig={"minimumPollers": 2, "maximumPollers": 6})),
    ("mapping-scales-in-one-way", "both at once", put(MAPPING,
        provisionedPollerConfig={"minimumPollers": 2, "maximumPollers": 5})),
    ("queue-stays-within-reserved-concurrency", "no limit", put(MAPPING, scalingConfig=None)),
    ("queue-stays-within-reserved-concurrency", "less reserved", put(FUNCTION, reservedConcurrentExecutions=39)),
    ("queue-stays-within-reserved-concurrency", "nothing may run", together(
        put(FUNCTION, reservedConcurrentExecutions=0), remove(PROVISIONED), remove(SCALED))),
    # Functions
    ("image-is-named-by-digest", "a tag", put(FUNCTION, imageUri="123456789012.dkr.ecr.us-west-2.amazonaws.com/a:b")),
    ("image-is-named-by-digest", "half a digest", put(FUNCTION, imageUri="repository@sha256:abc")),
    ("logs-expire", "for ever", put(LOG_GROUP, retentionInDays=0)),
    ("logs-expire", "nothing said", put(LOG_GROUP, retentionInDays=None)),
    ("function-logs-to-a-group-of-the-stack", "Lambda's own group", cut(FUNCTION, None, "loggingConfig")),
    ("nothing-is-provisioned-for-latest", "$LATEST", put(PROVISIONED, qualifier="$LATEST")),
    ("nothing-is-provisioned-for-latest", "nothing said", put(PROVISIONED, qualifier=None)),
    ("provisioned-stays-within-reserved-concurrency", "51 of 50", put(PROVISIONED, provisionedConcurrentExecutions=51)),
    ("provisioned-stays-within-reserved-concurrency", "scaled to 51", put(SCALED, maxCapacity=51)),
    # Alarms
    ("alarm-tells-a-topic", "tells nobody", watch("errors", alarmActions=[])),
    ("alarm-tells-a-topic", "never ends", watch("dlq-depth", okActions=[])),
    ("alarm-tells-a-topic", "switched off", watch("throttles", actionsEnabled=False)),
    ("alarm-watches-a-metric-that-exists", "a misspelt metric", watch("errors", metricName="Error")),
    ("alarm-watches-a-metric-that-exists", "of another service", watch("errors", metricName="NumberOfMessagesSent")),
    ("alarm-watches-a-metric-that-exists", "our own, misspelt", watch("item-failures", metricName="ItemFailure")),
    ("alarm-watches-a-metric-that-exists", "an unknown namespace", watch("errors", namespace="Lambda")),
    ("alarm-watches-a-metric-that-exists", "without its operation", watch("table-errors",
        dimensions={"TableName": "any-results-prod"})),
    ("alarm-watches-a-metric-that-exists", "of no resource", watch("queue-age", dimensions={})),
    ("alarm-watches-a-metric-that-exists", "a dimension in lower case", watch("queue-age",
        dimensions={"queueName": "queue"})),
    ("alarm-names-alias-and-operation-as-cloudwatch-does", "an alias by itself", watch("spillover",
        dimensions={"FunctionName": "function", "Resource": "live"})),
    ("alarm-names-alias-and-operation-as-cloudwatch-does", "another function's alias", watch("spillover",
        dimensions={"FunctionName": "function", "Resource": "other:live"})),
    ("alarm-names-alias-and-operation-as-cloudwatch-does", "a misspelt operation", watch("table-errors",
        dimensions={"TableName": "table", "Operation": "PutItems"})),
    ("alarm-says-what-to-do", "no description", watch("errors", alarmDescription=None)),
    ("alarm-says-what-to-do", "no section", watch("errors", alarmDescription="It fails. docs/runbook.md")),
    ("alarm-says-what-to-do", "too long", watch("errors", alarmDescription="x" * 1_024 + "#errors")),
    ("alarm-watches-a-resource-of-the-stack", "a queue elsewhere", cut(ALARM, "alarm-queue-age", "dimensions")),
    ("alarm-watches-a-resource-of-the-stack", "the table's name", dimensions_of("errors", "table-throttles")),
]  # fmt: skip


@pytest.fixture(scope="module")
def recorded() -> Recorder:
    return run(PROD)


@pytest.mark.parametrize(
    ("rule", "mutate"), [(rule, m) for rule, _, m in MUTATIONS], ids=[f"{rule}: {what}" for rule, what, _ in MUTATIONS]
)
def test_only_the_broken_rule_refuses_a_mutated_stack(recorded: Recorder, rule: str, mutate: Mutation) -> None:
    mutated = Copy(copy.deepcopy(recorded.resources))
    mutate(mutated)
    assert list(complaints(mutated.resources)) == [rule]


def test_every_rule_has_a_mutation_that_breaks_it() -> None:
    assert {policy.name for policy in POLICIES} == {rule for rule, _, _ in MUTATIONS}
