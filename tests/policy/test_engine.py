"""The pack as the CLI runs it: a separate process, which the tests call over gRPC as the engine does."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime import proto
from pulumi.runtime.proto import analyzer_pb2_grpc
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

from policy.pack import POLICIES
from policy.queues import MAPPING
from policy.rule import QUEUE, rules_wait
from policy.statements import QUEUE_POLICY
from tools.local.program import ROOT
from tools.local.recorder import Recorder


@pytest.fixture(scope="module")
def pack() -> Iterator[Any]:
    """A client of the pack, which starts as Pulumi's analyzer plugin for Python starts it, in any directory."""
    command = [sys.executable, "-u", "-m", "pulumi.policy", "127.0.0.1:0", str(ROOT / "policy")]
    with subprocess.Popen(command, cwd="/", stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            port = process.stdout.readline().strip()
            assert port, "the pack did not start"
            with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
                yield analyzer_pb2_grpc.AnalyzerStub(channel)
        finally:
            process.terminate()


def properties(values: Mapping[str, Any]) -> struct_pb2.Struct:
    struct = struct_pb2.Struct()
    struct.update({name: value for name, value in values.items() if value is not None})
    return struct


def ask_of_each(pack: Any, stack: Recorder, type_: str, **changes: Any) -> list[Any]:
    """The diagnostics for each resource of a type, with some inputs changed."""
    return [
        diagnostic
        for r in stack.all(type_)
        for diagnostic in pack.Analyze(
            proto.AnalyzeRequest(type=r.type, urn=r.urn, name=r.name, properties=properties({**r.inputs, **changes}))
        ).diagnostics
    ]


def ask_of_all(pack: Any, stack: Recorder, type_: str = "", **changes: Any) -> list[Any]:
    """The diagnostics for the whole stack, with some values of the resources of a type changed."""
    resources = [
        proto.AnalyzerResource(
            type=r.type,
            urn=r.urn,
            name=r.name,
            properties=properties({**r.outputs, **(changes if r.type == type_ else {})}),
            propertyDependencies={
                name: proto.AnalyzerPropertyDependencies(urns=urns) for name, urns in r.made_of.items()
            },
        )
        for r in stack.resources
    ]
    return list(pack.AnalyzeStack(proto.AnalyzeStackRequest(resources=resources)).diagnostics)


def test_the_pack_announces_every_rule_as_mandatory(pack: Any) -> None:
    *rules, waiting = pack.GetAnalyzerInfo(empty_pb2.Empty()).policies
    assert {(rule.name, rule.description) for rule in rules} == {(p.name, p.description) for p in POLICIES}
    assert {rule.enforcementLevel for rule in rules} == {proto.MANDATORY}
    assert (waiting.name, waiting.enforcementLevel) == (rules_wait.name, proto.ADVISORY)


def test_a_preview_lists_the_postponed_rules_once(pack: Any, dev: Recorder) -> None:
    assert ask_of_each(pack, dev, QUEUE_POLICY, policy=UNKNOWN_STRING_VALUE) == []
    (advice,) = ask_of_all(pack, dev, QUEUE_POLICY, policy=UNKNOWN_STRING_VALUE)
    assert advice.enforcementLevel == proto.ADVISORY
    for rule in ("queue-policy-denies-plain-http", "policy-denies-on-its-own-resource"):  # resource's, stack's
        assert rule in advice.message
    assert ask_of_all(pack, dev) == []


def test_a_stack_passes(pack: Any, stack: Recorder) -> None:
    found = [d for type_ in {r.type for r in stack.resources} for d in ask_of_each(pack, stack, type_)]
    assert [*found, *ask_of_all(pack, stack)] == []


def test_a_resource_that_breaks_a_rule_is_refused_before_its_creation(pack: Any, dev: Recorder) -> None:
    (found,) = ask_of_each(pack, dev, MAPPING, batchSize=11, maximumBatchingWindowInSeconds=0)
    assert (found.policyName, found.enforcementLevel) == ("large-batches-have-a-window", proto.MANDATORY)
    assert "batchSize: 11 must be at most 10" in found.message


def test_the_complaint_about_a_stack_names_the_resource(pack: Any, dev: Recorder) -> None:
    (found,) = ask_of_all(pack, dev, QUEUE, visibilityTimeoutSeconds=60)
    assert found.policyName == "messages-stay-hidden-while-processed"
    assert found.urn == dev.one(MAPPING).urn
    assert "hides messages for 60 s, but must hide them for 185 s" in found.message
