"""Runs a stack that the CLI deployed to moto; this machine plays the part of Lambda.

    AWS_ENDPOINT_URL=MOTO .venv/bin/python -m tests.tools.release.deployed_pipeline --stack dev

prints the value that AWS_ENDPOINT_URL_LAMBDA needs, and runs until you stop it. The stand-ins keep the event source
mapping only in the state, and moto runs no images. Here each version runs the code and the model from the folder that
its image was built from (build/image/TAG), so a faulty version behaves like one.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from threading import Lock
from typing import Any

from components.function import ALIAS
from function.manifest import MANIFEST_FILE
from function.names import DEAD_LETTERED, HANDLER, ITEM_FAILURES
from sentiment import loopback
from tests.tools.release.lambda_front import lambda_front
from tests.waiting import HANG_S
from tools.local.cloud import ANY_CREDENTIALS
from tools.local.event_source import EventSourceConfig, EventSourceMapping
from tools.local.function_config import FunctionConfig
from tools.local.lambda_service import Invocation, LambdaService
from tools.local.program import ROOT
from tools.local.stack import DEMO_MODEL

COUNTED = {"Errors", DEAD_LETTERED, ITEM_FAILURES}  # metrics that set off alarms here
CONCURRENCY = 2


class DeployedPipeline:
    """Runs the function of a deployed stack, by version or alias, and feeds it the stack's queue, as a context manager.

    It sets off an alarm when one of the COUNTED metrics reaches the threshold. It counts from the start and ignores the
    alarm's period.

    Attributes:
        url: endpoint that answers Invoke and lists the mapping; it forwards all other calls to the cloud.
        ran: how many invocations each version got.
    """

    url: str

    def __init__(self, stack: str, project: Path, environment: Mapping[str, str], model: Path = DEMO_MODEL):
        """
        Args:
            project: folder that the CLI deployed from.
            environment: environment variables of that deployment.
            model: model for versions whose image has a model from the hub.
        """
        self._stack, self._project, self._environment, self._model = stack, project, environment, model
        self._cloud_url = environment["AWS_ENDPOINT_URL"]
        self._function = self._one("aws:lambda/function:Function")["outputs"]["name"]
        self._region = self._mapping_inputs()["eventSourceArn"].split(":")[3]
        self._lambda, self._cloudwatch = self._client("lambda"), self._client("cloudwatch")
        self._services: dict[str, LambdaService] = {}
        self._resources, self._lock = ExitStack(), Lock()
        self._counts: Counter[tuple[str, frozenset[tuple[str, str]]]] = Counter()
        self.ran: Counter[str] = Counter()

    def __enter__(self) -> "DeployedPipeline":
        given = self._mapping_inputs()
        sqs, arn = self._client("sqs"), given["eventSourceArn"]
        config = EventSourceConfig(
            queue_url=sqs.get_queue_url(QueueName=arn.rpartition(":")[2])["QueueUrl"],
            queue_arn=arn,
            batch_size=int(given["batchSize"]),
            window_s=given["maximumBatchingWindowInSeconds"],
            max_concurrency=CONCURRENCY,
            report_batch_item_failures="ReportBatchItemFailures" in given["functionResponseTypes"],
            enabled=given["enabled"],
        )
        self._mapping = self._resources.enter_context(
            EventSourceMapping(config, sqs, lambda event: self.invoke(ALIAS, event)[1])
        )
        self.url = self._resources.enter_context(lambda_front(self._cloud_url, self.invoke, self._look_at_the_mapping))
        return self

    def __exit__(self, *_: object) -> None:
        self._resources.close()
        for service in self._services.values():
            service.close()

    def invoke(self, qualifier: str, event: bytes) -> tuple[str, Invocation]:
        """Run a version, an alias by its weights, or the newest version; returns the version that ran, too."""
        version = self._version_of(qualifier)
        invocation = self._service(version).invoke(event)
        self.ran[version] += 1
        series = [{"FunctionName": self._function}]
        if qualifier == ALIAS:
            live = f"{self._function}:{ALIAS}"
            series.append({"FunctionName": self._function, "Resource": live, "ExecutedVersion": version})
        for dimensions in series:
            self._count("Invocations", 1, dimensions)
            self._count("Errors", 1 if invocation.error else 0, dimensions)
        return version, invocation

    def _version_of(self, qualifier: str) -> str:
        if qualifier.isdigit():
            return qualifier
        if qualifier in ("", "$LATEST"):
            pages = self._lambda.get_paginator("list_versions_by_function").paginate(FunctionName=self._function)
            return max((f["Version"] for p in pages for f in p["Versions"] if f["Version"].isdigit()), key=int)
        alias = self._lambda.get_alias(FunctionName=self._function, Name=qualifier)
        weights = (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
        shares = {alias["FunctionVersion"]: 1 - sum(weights.values()), **weights}
        return random.choices(list(shares), list(shares.values()))[0]

    def _service(self, version: str) -> LambdaService:
        with self._lock:
            if version not in self._services:
                logs = self._project / ".local"
                logs.mkdir(exist_ok=True)
                self._services[version] = LambdaService(
                    self._config(version),
                    max_concurrency=CONCURRENCY,
                    log_file=logs / f"function-{version}.log",
                    on_log=self._read,
                )
            return self._services[version]

    def _config(self, version: str) -> FunctionConfig:
        found = self._lambda.get_function(FunctionName=self._function, Qualifier=version)
        given, built = found["Configuration"], self._built(found["Code"]["ImageUri"])
        manifest = next((built / "function/models").glob(f"**/{MANIFEST_FILE}"), None)
        return FunctionConfig(
            name=self._function,
            arn=f"{given['FunctionArn'].removesuffix(':' + version)}:{ALIAS}",
            version=version,
            handler=HANDLER,
            task_root=built,
            memory_mb=given["MemorySize"],
            timeout_s=given["Timeout"],
            environment={
                **given["Environment"]["Variables"],
                "MODEL_DIR": str((manifest.parent if manifest else self._model).resolve()),
            },
            credentials={name.upper(): value for name, value in ANY_CREDENTIALS.items()},
            region=self._region,
            endpoint_url=self._cloud_url,
            log_group=self._function,
        )

    def _built(self, image: str) -> Path:
        """The folder that an image was built from."""
        repository, _, digest = image.partition("@")
        found = self._client("ecr").describe_images(
            repositoryName=repository.partition("/")[2], imageIds=[{"imageDigest": digest}]
        )
        return self._project / "build/image" / found["imageDetails"][0]["imageTags"][0]

    def _look_at_the_mapping(self) -> bool:
        enabled: bool = self._mapping_inputs()["enabled"]
        (self._mapping.resume if enabled else self._mapping.pause)()
        return enabled

    def _mapping_inputs(self) -> dict[str, Any]:
        inputs: dict[str, Any] = self._one("aws:lambda/eventSourceMapping:EventSourceMapping")["inputs"]
        return inputs

    def _one(self, type_: str) -> dict[str, Any]:
        """The only resource of a type, from the state."""
        export = ["pulumi", "stack", "export", "--stack", self._stack]
        done = subprocess.run(export, cwd=self._project, env=self._environment, stdout=subprocess.PIPE, timeout=HANG_S)
        (found,) = [r for r in json.loads(done.stdout)["deployment"]["resources"] if r["type"] == type_]
        return found

    def _client(self, service: str) -> Any:
        return loopback.client(service, region=self._region, endpoint_url=self._cloud_url, credentials=ANY_CREDENTIALS)

    # Metrics and alarms

    def _read(self, line: str) -> None:
        """Count the embedded metrics in a log line."""
        try:
            entry = json.loads(line)
            of_cloudwatch = entry["_aws"]["CloudWatchMetrics"]
        except (ValueError, KeyError, TypeError):
            return
        for group in of_cloudwatch:
            dimensions = {name: entry[name] for names in group["Dimensions"] for name in names}
            for metric in group["Metrics"]:
                value = entry[metric["Name"]]
                self._count(metric["Name"], sum(value) if isinstance(value, list) else value, dimensions)

    def _count(self, metric: str, value: float, dimensions: Mapping[str, str]) -> None:
        series = [{"Name": name, "Value": of} for name, of in dimensions.items()]
        if metric == "Invocations":
            data = [{"MetricName": metric, "Dimensions": series, "Value": value}]
            self._cloudwatch.put_metric_data(Namespace="AWS/Lambda", MetricData=data)
        if metric not in COUNTED or not value:
            return
        self._counts[metric, frozenset(dimensions.items())] += value  # type: ignore[assignment]
        for page in self._cloudwatch.get_paginator("describe_alarms").paginate():
            for alarm in page["MetricAlarms"]:
                of = frozenset((each["Name"], each["Value"]) for each in alarm["Dimensions"])
                count = self._counts[metric, of]
                if alarm["MetricName"] == metric and count >= alarm["Threshold"] and count:
                    reason = f"{metric} came to {count:.0f} here"
                    self._cloudwatch.set_alarm_state(
                        AlarmName=alarm["AlarmName"], StateValue="ALARM", StateReason=reason
                    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Run the function of a stack that was deployed to moto.")
    parser.add_argument("--stack", default="dev")
    parser.add_argument("--project", type=Path, default=ROOT, help="where it was deployed from (default: here)")
    parser.add_argument("--model", type=Path, default=DEMO_MODEL, help="for images with a hub's model")
    given = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM):  # bash makes background jobs ignore SIGINT
        signal.signal(number, signal.default_int_handler)
    with (
        suppress(KeyboardInterrupt),
        DeployedPipeline(given.stack, given.project.resolve(), os.environ, given.model) as pipeline,
    ):
        sys.stdout.write(f"export AWS_ENDPOINT_URL_LAMBDA={pipeline.url}\n")
        sys.stdout.flush()
        signal.pause()


if __name__ == "__main__":
    main()
