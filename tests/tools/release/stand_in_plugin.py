"""Adds what the plugins' stand-in lacks; the CLI runs it in Python's place as `-u STAND_IN ENGINE`.

It lists a repository's images and reads queues, tables, functions and provisioned concurrency. If the environment has
KILL_AFTER_PUSH, it kills the engine after a push. moto has no provisioned concurrency: the file that SCALED names holds
the number.
"""

import importlib.util
import os
import signal
import sys
import threading
import time
from pathlib import Path
from types import ModuleType
from typing import Any

from pulumi.runtime.proto import provider_pb2

SCALED = "SCALED"
KILL_AFTER_PUSH = "STAND_IN_KILLS_THE_ENGINE_AFTER_A_PUSH"
GET_IMAGES = "aws:ecr/getImages:getImages"


def load(path: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location("standin", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"no stand-in for the plugins at {path}")
    stand_in = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(stand_in)
    return stand_in


def answer_images(stand_in: ModuleType) -> None:
    """Make its Invoke list a repository's images from moto's ECR."""
    others = stand_in.Provider.Invoke

    def invoke(provider: Any, request: Any, context: Any) -> Any:
        if request.tok != GET_IMAGES:
            return others(provider, request, context)
        given = stand_in.plain(request.args)
        ecr = provider.cloud.client("ecr")
        pages = ecr.get_paginator("list_images").paginate(repositoryName=given["repositoryName"])
        held = [image for page in pages for image in page["imageIds"]]
        images = [{"imageDigest": i["imageDigest"], "imageTag": i.get("imageTag", "")} for i in held]
        answer = stand_in.struct({**given, "id": given["repositoryName"], "imageIds": images})
        return provider_pb2.InvokeResponse(**{"return": answer})

    stand_in.Provider.Invoke = invoke


def read(stand_in: ModuleType) -> None:
    """Make it read what AWS has; on an import, which comes without inputs, it reads the whole resource."""

    class Cloud(stand_in.Cloud):
        def read_function(self, id_: str, inputs: dict[str, Any]) -> dict[str, Any]:
            self.client("lambda").get_function(FunctionName=id_)  # fails if it is gone
            return inputs

        def read_queue(self, id_: str, inputs: dict[str, Any]) -> dict[str, Any]:
            found = self.client("sqs").get_queue_attributes(QueueUrl=id_, AttributeNames=["All"])["Attributes"]
            return inputs or {
                "name": found["QueueArn"].rpartition(":")[2],
                "visibilityTimeoutSeconds": int(found["VisibilityTimeout"]),
                "messageRetentionSeconds": int(found["MessageRetentionPeriod"]),
                **({"redrivePolicy": found["RedrivePolicy"]} if "RedrivePolicy" in found else {}),
            }

        def table(self, old: str | None, inputs: dict[str, Any]) -> tuple[str, dict[str, Any]]:
            id_, outputs = super().table(old, inputs)
            dynamodb, on = self.client("dynamodb"), bool(inputs.get("streamEnabled"))
            if on != ("StreamSpecification" in dynamodb.describe_table(TableName=id_)["Table"]):
                stream = {"StreamEnabled": on, **({"StreamViewType": inputs["streamViewType"]} if on else {})}
                dynamodb.update_table(TableName=id_, StreamSpecification=stream)
            found = dynamodb.describe_table(TableName=id_)["Table"]
            return id_, {**outputs, "streamArn": found.get("LatestStreamArn", "")}

        def read_table(self, id_: str, inputs: dict[str, Any]) -> dict[str, Any]:
            dynamodb = self.client("dynamodb")
            if not inputs:
                found = dynamodb.describe_table(TableName=id_)["Table"]
                return {
                    "name": id_,
                    "billingMode": found["BillingModeSummary"]["BillingMode"],
                    "hashKey": found["KeySchema"][0]["AttributeName"],
                    "attributes": [
                        {"name": each["AttributeName"], "type": each["AttributeType"]}
                        for each in found["AttributeDefinitions"]
                    ],
                    "deletionProtectionEnabled": found["DeletionProtectionEnabled"],
                }
            if "ttl" not in inputs:
                return inputs
            expiry = dynamodb.describe_time_to_live(TableName=id_)["TimeToLiveDescription"]
            enabled = expiry["TimeToLiveStatus"] in ("ENABLED", "ENABLING")
            return {**inputs, "ttl": {**inputs["ttl"], "enabled": enabled}}

        def warm(self, old: str | None, inputs: dict[str, Any]) -> tuple[str, dict[str, Any]]:
            Path(os.environ[SCALED]).write_text(str(inputs["provisionedConcurrentExecutions"]))
            return f"{inputs['functionName']},{inputs['qualifier']}", {}

        def read_warm(self, id_: str, inputs: dict[str, Any]) -> dict[str, Any]:
            return {**inputs, "provisionedConcurrentExecutions": int(Path(os.environ[SCALED]).read_text())}

    stand_in.Cloud = Cloud
    if SCALED in os.environ:
        stand_in.KINDS["aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig"] = "warm"


def forget_imported_names(stand_in: ModuleType) -> None:
    """Make it keep a name that it generated, as the real provider does, but not a name from an import."""
    check = stand_in.Provider.Check

    def checked(provider: Any, request: Any, context: Any) -> Any:
        olds = stand_in.plain(request.olds)
        if "name" in olds and "name" not in olds.get("__defaults", []):
            del olds["name"]
            request.olds.CopyFrom(stand_in.struct(olds))
        given = stand_in.plain(request.news)
        inputs = stand_in.plain(check(provider, request, context).inputs)
        if "name" in inputs and "name" not in given:
            inputs["__defaults"] = ["name"]
        return provider_pb2.CheckResponse(inputs=stand_in.struct(inputs))

    stand_in.Provider.Check = checked


def know_no_new_stream(stand_in: ModuleType) -> None:
    """Make a preview that switches a table's stream leave the ARN unknown, as the real provider does."""
    update = stand_in.Provider.Update

    def updated(provider: Any, request: Any, context: Any) -> Any:
        answer = update(provider, request, context)
        was, is_ = stand_in.plain(request.olds).get("streamEnabled"), stand_in.plain(request.news).get("streamEnabled")
        if request.preview and bool(was) != bool(is_):
            answer.properties["streamArn"] = stand_in.UNKNOWN
        return answer

    stand_in.Provider.Update = updated


def kill_after_push(stand_in: ModuleType) -> None:
    """Make it kill the engine, its parent, between a push and the checkpoint that would record it."""
    push = stand_in.Cloud.image

    def push_and_kill(cloud: Any, old: str | None, inputs: dict[str, Any]) -> Any:
        push(cloud, old, inputs)
        os.kill(os.getppid(), signal.SIGKILL)
        signal.pause()  # never answer, so the engine cannot record the push

    stand_in.Cloud.image = push_and_kill


def end_with_the_engine() -> None:
    """Exit when the engine does: a killed engine does not end the plugins that it started."""
    engine = os.getppid()
    while os.getppid() == engine:
        time.sleep(0.2)
    os._exit(0)


def interpreter(place: Path) -> Path:
    """Write the program for STANDIN_PYTHON, which starts the plugins."""
    program = place / "python-of-the-stand-in"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{__file__}" "$@"\n')
    program.chmod(0o755)
    return program


if __name__ == "__main__":
    threading.Thread(target=end_with_the_engine, daemon=True).start()
    module = load(sys.argv[2])
    answer_images(module)
    read(module)
    forget_imported_names(module)
    know_no_new_stream(module)
    if KILL_AFTER_PUSH in os.environ:
        kill_after_push(module)
    module.main()
