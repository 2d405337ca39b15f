"""No text, id, attribute or credential appears in any log line, metric or error, even when the function fails."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from sentiment_contract.dead_letters import CODE, MESSAGE, REQUEST_ID, SENT_TIMESTAMP
from tests.function.aws import record
from tests.stacks import DEV
from tests.waiting import eventually
from tools.chaos.proxy import Answer, Call, Proxy
from tools.local.program import ROOT
from tools.local.stack import LocalPipeline

pytestmark = pytest.mark.slow(reason="runs a pipeline at every log level")

LEVELS = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"]
TEXT, ID, ATTRIBUTE = "planted-text", "planted-id", "planted-attribute"
THROTTLED, REFUSED, BROKEN, UNDELIVERABLE = "is throttled", "is refused", "breaks the model", "is undeliverable"


@dataclass
class Observed:
    """A stack in which tests provoke failures, and every line that its function has logged."""

    local: LocalPipeline
    lines: list[str] = field(default_factory=list)

    def leaks(self, *others: object) -> list[str]:
        """The log lines, and the other outputs given, that hold anything planted or a credential of the role."""
        secrets = [TEXT, ID, ATTRIBUTE, *self.local.function_config.credentials.values()]
        return [line for line in [*self.lines, *map(str, others)] if any(secret in line for secret in secrets)]


@pytest.fixture(scope="module")
def observed() -> Iterator[Observed]:
    lines: list[str] = []

    def answer(call: Call) -> Answer:
        """Answers as AWS does, but some calls with an error that quotes the request."""
        given = json.dumps(call.request)
        if call.operation == "PutItem" and THROTTLED in given:
            return error("ProvisionedThroughputExceededException", given)
        if call.operation == "PutItem" and REFUSED in given:
            return error("ValidationException", given)
        if call.operation == "SendMessage" and UNDELIVERABLE in given:
            return error("InvalidMessageContents", given)
        return call.forward()

    with (
        Proxy(answer) as proxy,
        LocalPipeline(
            DEV,
            on_log=lines.append,
            front=proxy.in_front_of,
            **{"batchWindowSeconds": 0, "maxConcurrency": 2, "maxReceiveCount": 1},
        ) as local,
    ):
        yield Observed(local, lines)


def error(code: str, given: str) -> Answer:
    body = {"__type": f"aws#{code}", "message": f"not {given}"}
    return Answer(status=400, body=body, headers={"Content-Type": "application/x-amz-json-1.0"})


def deploy(observed: Observed, level: str, handler: str = "tests.function.secrets.breaking.handler") -> None:
    config = replace(observed.local.function_config, log_level=level, handler=handler, task_root=ROOT)
    observed.local.function.deploy(config)
    observed.lines.clear()  # the previous version has ended, so it logs no more


def body(text: Any, item_id: Any = ID) -> str:
    return json.dumps({"id": item_id, "text": text})


BODIES = [
    body(f"good {TEXT}"),
    *(body(f"{TEXT} {wrong}", f"{ID}-{wrong}") for wrong in (THROTTLED, REFUSED, BROKEN)),
    f"no JSON: {TEXT}",
    body([TEXT]),
    body({TEXT: TEXT}),
    body(f"{TEXT} \ud800"),
    body("good", [ID]),
    json.dumps({"id": ID, "text": "good", "timestamp": TEXT}),
    json.dumps({"items": TEXT}),
    f'{{"{TEXT}": 1, "{TEXT}": 2}}',
]


PLANTED_ATTRIBUTE = {ATTRIBUTE: {"dataType": "String", "stringValue": ATTRIBUTE}}
EVENTS: list[dict[str, Any]] = [
    {"Records": [{**record(each, f"m-{n}"), "messageAttributes": PLANTED_ATTRIBUTE} for n, each in enumerate(BODIES)]},
    {"items": [{"id": ID, "text": f"{TEXT} {BROKEN}"}]},
    {"Records": [record(f"{TEXT} {UNDELIVERABLE}")]},
    {"Records": [{**record(TEXT), "attributes": {ATTRIBUTE: ATTRIBUTE}}]},
]


def invoke_all(local: LocalPipeline) -> list[Any]:
    """Returns the function's answers from its real runtime, and ends it, so that its log is complete."""
    invocations = [local.function.invoke(event) for event in EVENTS]
    local.function.recycle()
    assert [invocation.error for invocation in invocations] == [None] * len(EVENTS)
    return [json.loads(invocation.payload) for invocation in invocations]


def dead_letters(local: LocalPipeline) -> list[dict[str, str]]:
    """Deletes the dead letters, and returns their attributes."""
    dead = local.dead_letters()
    for each in dead:
        local.sqs.delete_message(QueueUrl=local.dead_letter_queue_url, ReceiptHandle=each["ReceiptHandle"])
    return [{name: value["StringValue"] for name, value in each["MessageAttributes"].items()} for each in dead]


@pytest.mark.parametrize("level", LEVELS)
def test_nothing_planted_leaks_at_any_log_level(observed: Observed, level: str) -> None:
    deploy(observed, level)
    answers, dead = invoke_all(observed.local), dead_letters(observed.local)
    failure = {"batchItemFailures": [{"itemIdentifier": "m-1"}]}
    assert answers == [{"batchItemFailures": []}, {"statusCode": 500, "error": "RuntimeError"}, failure, failure]
    assert len(dead) == len(BODIES) - 1
    attributes = [{name: each[name] for name in (CODE, REQUEST_ID, SENT_TIMESTAMP)} for each in dead]
    assert any("_aws" in line for line in observed.lines), "the function must write metrics at every level"
    assert observed.leaks(*answers, *attributes) == []


def test_nothing_planted_in_a_queue_message_is_logged(observed: Observed) -> None:
    deploy(observed, "DEBUG")
    local = observed.local
    attributes = {ATTRIBUTE: {"DataType": "String", "StringValue": ATTRIBUTE}}
    for each in BODIES:
        local.sqs.send_message(QueueUrl=local.queue_url, MessageBody=each, MessageAttributes=attributes)
    eventually(lambda: local.depth(local.queue_url) == 0)
    invoke_all(local)
    assert observed.leaks() == []
    log = "\n".join(observed.lines)
    for line in ("put failed", "inference failed", "dead-letter send failed", "direct invocation failed", "not of SQS"):
        assert line in log

    dead = dead_letters(local)
    quoting = {each[CODE] for each in dead if TEXT in each[MESSAGE] or ID in each[MESSAGE]}
    assert quoting == {"InvalidJson", "InvalidShape", "InvalidText", "InvalidTimestamp"}, "they quote the bad value"
    not_quoting = {each[CODE] for each in dead} - quoting
    assert not_quoting == {"ProvisionedThroughputExceededException", "CannotBeStored", "InferenceError", "InvalidId"}


def test_the_leak_search_finds_what_botocore_logs(observed: Observed) -> None:
    deploy(observed, "DEBUG", "tests.function.secrets.talkative.handler")
    invoke_all(observed.local)
    assert observed.leaks()
    dead_letters(observed.local)
