"""Least privilege, enforced: the function's role, the producers' and the readers' policy allow only what they need."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sentiment.follow import wait_for
from sentiment.table import Results
from sentiment_contract.results import TABLE_KEY
from tests.components.privilege.guarded import KEY_ARN, OTHER, Guarded
from tests.components.privilege.iam import allowed
from tests.function.aws import record
from tests.waiting import eventually

pytestmark = pytest.mark.slow(reason="runs a pipeline's function once for every permission")

ITEM = {TABLE_KEY: {"S": "1"}}
KEY = ITEM
PUT = {"PutRequest": {"Item": ITEM}}
OTHER_KEY_ARN = KEY_ARN.replace("0a1b2c3d", "ffffffff")


def done_by_function(body: str) -> Callable[[Guarded], bool]:
    """Whether the function handles a message in its real runtime with its role's credentials."""

    def done(stack: Guarded) -> bool:
        invocation = stack.local.function.invoke({"Records": [record(body)]})
        assert invocation.error is None
        return json.loads(invocation.payload) == {"batchItemFailures": []}

    return done


def call(service: str, operation: str, arguments: Callable[[Guarded], dict[str, Any]]) -> Callable[[Guarded], bool]:
    return lambda stack: allowed(stack.function(service), operation, **arguments(stack))


def queue(stack: Guarded) -> dict[str, Any]:
    return {"QueueUrl": stack.local.queue_url}


def stream(stack: Guarded) -> dict[str, Any]:
    return {"logGroupName": stack.local.function_config.log_group, "logStreamName": "a"}


# The calls that the function makes, and that Lambda makes on its behalf, by the IAM action that they need.
USES: dict[str, Callable[[Guarded], bool]] = {
    "dynamodb:PutItem": done_by_function('{"id": "1", "text": "good"}'),
    "sqs:SendMessage": done_by_function("poison"),
    "sqs:ReceiveMessage": call("sqs", "receive_message", lambda s: {**queue(s), "WaitTimeSeconds": 0}),
    "sqs:DeleteMessage": call(
        "sqs", "delete_message_batch", lambda s: {**queue(s), "Entries": [{"Id": "1", "ReceiptHandle": "a"}]}
    ),
    "sqs:GetQueueAttributes": call("sqs", "get_queue_attributes", queue),
    "kms:GenerateDataKey": call("kms", "generate_data_key", lambda s: {"KeyId": KEY_ARN, "KeySpec": "AES_256"}),
    "kms:Decrypt": call("kms", "decrypt", lambda s: {"KeyId": KEY_ARN, "CiphertextBlob": b"a"}),
    "logs:CreateLogStream": call("logs", "create_log_stream", stream),
    "logs:PutLogEvents": call(
        "logs", "put_log_events", lambda s: {**stream(s), "logEvents": [{"timestamp": 1, "message": "a"}]}
    ),
    "xray:PutTraceSegments": call("xray", "put_trace_segments", lambda s: {"TraceSegmentDocuments": ["{}"]}),
    "xray:PutTelemetryRecords": call("xray", "put_telemetry_records", lambda s: {"TelemetryRecords": []}),
}
STATEMENTS = {
    "TakeMessages": {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"},
    "DeadLetter": {"sqs:SendMessage"},
    "UseQueueKey": {"kms:GenerateDataKey", "kms:Decrypt"},
    "StoreResult": {"dynamodb:PutItem"},
    "WriteLogs": {"logs:CreateLogStream", "logs:PutLogEvents"},
    "SendTraces": {"xray:PutTraceSegments", "xray:PutTelemetryRecords"},
}


def refused(stack: Guarded) -> set[str]:
    return {action for action, use in USES.items() if not use(stack)}


def test_the_whole_pipeline_works_with_only_its_own_credentials(stack: Guarded) -> None:
    local = stack.local
    bodies = [json.dumps({"id": f"text-{n}", "text": "I love it."}) for n in range(12)]
    stack.producer("sqs").send_message(QueueUrl=local.queue_url, MessageBody="poison")
    for start in range(0, len(bodies), 10):
        entries = [{"Id": str(n), "MessageBody": body} for n, body in enumerate(bodies[start : start + 10])]
        sent = stack.producer("sqs").send_message_batch(QueueUrl=local.queue_url, Entries=entries)
        assert not sent.get("Failed")
    eventually(lambda: local.depth(local.queue_url) == 0)
    assert {f"text-{n}" for n in range(12)} <= set(local.results())
    assert [dead["Body"] for dead in local.dead_letters()] == ["poison"]


def test_the_role_has_exactly_the_statements_that_these_tests_use(stack: Guarded) -> None:
    _, _, policy = stack.role_policy
    assert {statement["Sid"]: set(statement["Action"]) for statement in policy["Statement"]} == STATEMENTS
    assert set().union(*STATEMENTS.values()) == set(USES)
    assert refused(stack) == set()


@pytest.mark.parametrize("sid", STATEMENTS)
def test_the_role_needs_every_statement(stack: Guarded, sid: str) -> None:
    _, _, policy = stack.role_policy
    less = {**policy, "Statement": [s for s in policy["Statement"] if s["Sid"] != sid]}
    with stack.with_policy(less):
        assert refused(stack) == STATEMENTS[sid]


@pytest.mark.parametrize("action", USES)
def test_the_role_needs_every_action(stack: Guarded, action: str) -> None:
    _, _, policy = stack.role_policy
    kept = [{**s, "Action": [each for each in s["Action"] if each != action]} for s in policy["Statement"]]
    with stack.with_policy({**policy, "Statement": [s for s in kept if s["Action"]]}):
        assert refused(stack) == {action}


# A call to try: service, operation, arguments.
Attempt = tuple[str, str, Callable[[Guarded], dict[str, Any]]]


def table(stack: Guarded) -> dict[str, Any]:
    return {"TableName": stack.local.table_name}


def by_id(stack: Guarded) -> dict[str, Any]:
    condition = {"KeyConditionExpression": f"{TABLE_KEY} = :id", "ExpressionAttributeValues": {":id": KEY[TABLE_KEY]}}
    return {**table(stack), **condition}


def result_stream(stack: Guarded) -> dict[str, Any]:
    return {"StreamArn": stack.local.recording.outputs["resultStreamArn"]}


def other_stream(stack: Guarded) -> str:
    return stack.admin("dynamodb").describe_table(TableName=OTHER)["Table"]["LatestStreamArn"]


def shard(stack: Guarded, **of: str) -> dict[str, Any]:
    given = {**result_stream(stack), **of}
    (found,) = stack.admin("dynamodbstreams").describe_stream(**given)["StreamDescription"]["Shards"]
    return {**given, "ShardId": found["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}


def iterator(stack: Guarded, **of: str) -> str:
    return stack.admin("dynamodbstreams").get_shard_iterator(**shard(stack, **of))["ShardIterator"]


def dead_letters(stack: Guarded) -> dict[str, Any]:
    return {"QueueUrl": stack.local.dead_letter_queue_url}


def other_queue(stack: Guarded) -> dict[str, Any]:
    return {"QueueUrl": stack.local.queue_url.rpartition("/")[0] + f"/{OTHER}"}


def role(name: str) -> dict[str, Any]:
    return {"RoleArn": f"arn:aws:iam::123456789012:role/{name}", "RoleSessionName": "any"}


def log_group(stack: Guarded) -> dict[str, Any]:
    return {"logGroupName": stack.local.function_config.log_group}


HANDLE = {"ReceiptHandle": "a"}
FORBIDDEN_TO_ALL: list[Attempt] = [
    ("dynamodb", "update_item", lambda s: {**table(s), "Key": KEY, "UpdateExpression": "REMOVE sentiment"}),
    ("dynamodb", "delete_item", lambda s: {**table(s), "Key": KEY}),
    ("dynamodb", "scan", table),
    ("dynamodb", "delete_table", table),
    ("dynamodb", "update_table", lambda s: {**table(s), "DeletionProtectionEnabled": False}),
    ("dynamodb", "put_item", lambda s: {"TableName": OTHER, "Item": ITEM}),
    ("dynamodb", "list_tables", lambda s: {}),
    ("sqs", "purge_queue", queue),
    ("sqs", "delete_queue", queue),
    ("sqs", "set_queue_attributes", lambda s: {**queue(s), "Attributes": {"VisibilityTimeout": "0"}}),
    ("sqs", "add_permission", lambda s: {**queue(s), "Label": "a", "AWSAccountIds": ["1"], "Actions": ["*"]}),
    ("sqs", "receive_message", lambda s: {**dead_letters(s), "WaitTimeSeconds": 0}),
    ("sqs", "delete_message", lambda s: {**dead_letters(s), **HANDLE}),
    ("sqs", "purge_queue", dead_letters),
    ("sqs", "send_message", lambda s: {**other_queue(s), "MessageBody": "a"}),
    ("sqs", "receive_message", lambda s: {**other_queue(s), "WaitTimeSeconds": 0}),
    ("sqs", "create_queue", lambda s: {"QueueName": "new"}),
    ("kms", "decrypt", lambda s: {"KeyId": OTHER_KEY_ARN, "CiphertextBlob": b"a"}),
    ("kms", "schedule_key_deletion", lambda s: {"KeyId": KEY_ARN}),
    ("logs", "create_log_group", lambda s: {"logGroupName": "new"}),
    ("logs", "create_log_stream", lambda s: {"logGroupName": OTHER, "logStreamName": "a"}),
    ("logs", "delete_log_group", log_group),
    ("logs", "get_log_events", lambda s: stream(s)),
    ("iam", "create_user", lambda s: {"UserName": "new"}),
    ("iam", "put_role_policy", lambda s: {"RoleName": OTHER, "PolicyName": "a", "PolicyDocument": "{}"}),
    ("sts", "assume_role", lambda s: role(OTHER)),
    ("lambda", "invoke", lambda s: {"FunctionName": s.local.function_config.name}),
    ("lambda", "delete_function", lambda s: {"FunctionName": s.local.function_config.name}),
    ("s3", "list_buckets", lambda s: {}),
    ("secretsmanager", "list_secrets", lambda s: {}),
    ("ssm", "get_parameter", lambda s: {"Name": "a"}),
    ("cloudwatch", "delete_alarms", lambda s: {"AlarmNames": ["a"]}),
    ("sns", "list_topics", lambda s: {}),
]
READS: list[Attempt] = [
    ("dynamodb", "get_item", lambda s: {**table(s), "Key": KEY}),
    ("dynamodb", "batch_get_item", lambda s: {"RequestItems": {s.local.table_name: {"Keys": [KEY]}}}),
    ("dynamodb", "query", by_id),
    ("dynamodbstreams", "list_streams", lambda s: {}),
    ("dynamodbstreams", "describe_stream", result_stream),
    ("dynamodbstreams", "get_shard_iterator", shard),
    ("dynamodbstreams", "get_records", lambda s: {"ShardIterator": iterator(s)}),
]
FORBIDDEN_TO_FUNCTION: list[Attempt] = [
    *FORBIDDEN_TO_ALL,
    *READS,
    ("sqs", "send_message", lambda s: {**queue(s), "MessageBody": "a"}),
    ("logs", "put_retention_policy", lambda s: {**log_group(s), "retentionInDays": 3653}),
    ("iam", "attach_role_policy", lambda s: {"RoleName": s.role_policy[0], "PolicyArn": "arn:aws:iam::aws:policy/a"}),
    ("sts", "assume_role", lambda s: role(s.role_policy[0])),
]
FORBIDDEN_TO_PRODUCER: list[Attempt] = [
    *FORBIDDEN_TO_ALL,
    *READS,
    ("dynamodb", "put_item", lambda s: {**table(s), "Item": ITEM}),
    ("sqs", "receive_message", lambda s: {**queue(s), "WaitTimeSeconds": 0}),
    ("sqs", "delete_message", lambda s: {**queue(s), **HANDLE}),
    ("sqs", "change_message_visibility", lambda s: {**queue(s), **HANDLE, "VisibilityTimeout": 0}),
    ("sqs", "get_queue_attributes", queue),
    ("sqs", "send_message", lambda s: {**dead_letters(s), "MessageBody": "a"}),
    ("logs", "put_log_events", lambda s: {**stream(s), "logEvents": [{"timestamp": 1, "message": "a"}]}),
    ("xray", "put_trace_segments", lambda s: {"TraceSegmentDocuments": ["{}"]}),
    ("sts", "assume_role", lambda s: role(s.role_policy[0])),
]
FORBIDDEN_TO_READER: list[Attempt] = [
    ("dynamodb", "get_item", lambda s: {"TableName": OTHER, "Key": KEY}),
    ("dynamodb", "batch_get_item", lambda s: {"RequestItems": {OTHER: {"Keys": [KEY]}}}),
    ("dynamodb", "query", lambda s: {**by_id(s), "TableName": OTHER}),
    ("dynamodb", "batch_write_item", lambda s: {"RequestItems": {s.local.table_name: [PUT]}}),
    ("dynamodbstreams", "describe_stream", lambda s: {"StreamArn": other_stream(s)}),
    ("dynamodbstreams", "get_shard_iterator", lambda s: shard(s, StreamArn=other_stream(s))),
    ("dynamodbstreams", "get_records", lambda s: {"ShardIterator": iterator(s, StreamArn=other_stream(s))}),
    ("sqs", "send_message", lambda s: {**queue(s), "MessageBody": "a"}),
    *(attempt for attempt in FORBIDDEN_TO_PRODUCER if attempt not in READS),
]


def let_through(stack: Guarded, client: Callable[[str], Any], attempts: list[Attempt]) -> list[str]:
    return [
        f"{service} {operation} {arguments(stack)}"
        for service, operation, arguments in attempts
        if allowed(client(service), operation, **arguments(stack))
    ]


def test_the_role_allows_no_other_call(stack: Guarded) -> None:
    assert let_through(stack, stack.function, FORBIDDEN_TO_FUNCTION) == []


def test_a_producer_may_do_nothing_but_send(stack: Guarded) -> None:
    assert let_through(stack, stack.producer, FORBIDDEN_TO_PRODUCER) == []


def test_a_reader_may_only_read_results_by_id_and_the_stream(stack: Guarded) -> None:
    assert len(let_through(stack, stack.reader, READS)) == len(READS)
    assert let_through(stack, stack.reader, FORBIDDEN_TO_READER) == []


def test_a_readers_policy_allows_results_by_id_but_no_scan(stack: Guarded) -> None:
    stack.admin("dynamodb").put_item(TableName=stack.local.table_name, Item=ITEM)
    results = Results(dynamodb=stack.reader("dynamodb"), table_name=stack.local.table_name)
    assert [result[TABLE_KEY] for page in wait_for(results, ["1"], interval_s=1) for result in page] == ["1"]
    with pytest.raises(ClientError, match=r"AccessDenied|403"):
        list(results.scan())


def test_an_administrator_may_make_every_refused_call(stack: Guarded) -> None:
    """Shows that the policies refuse the calls. Runs last, and reads first, as it deletes what the rest needs."""
    for attempt in dict.fromkeys([*READS, *FORBIDDEN_TO_READER, *FORBIDDEN_TO_FUNCTION, *FORBIDDEN_TO_PRODUCER]):
        assert let_through(stack, stack.admin, [attempt]), attempt[:2]
