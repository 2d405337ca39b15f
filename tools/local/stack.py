"""Runs a stack on this machine: the program's registrations on the embedded cloud, a local Lambda and its poller."""

import os
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from function.manifest import Manifest
from sentiment.dlq.queue import depth
from tools.local.cloud import Cloud
from tools.local.event_source import BatchOutcome, EventSourceConfig, EventSourceMapping
from tools.local.function_config import FunctionConfig, registered_function
from tools.local.lambda_service import LambdaService
from tools.local.program import ROOT, StackFile, run, stack_config
from tools.local.provisioner import Provisioner
from tools.local.runtime_process import PlainProcess, Start

DEMO_MODEL = ROOT / "function" / "models" / "demo"
LOG_FILE = ROOT / ".local" / "function.log"


class LocalPipeline:
    """The pipeline of one stack, as a context manager: it runs what the program registers.

    Attributes:
        cloud: the embedded cloud.
        recording: the program's registrations.
        queue_url, dead_letter_queue_url, table_name: the stack's outputs.
        function, function_config: the local Lambda and its configuration.
        mapping, mapping_config: the poller between queue and function, and its configuration.
    """

    def __init__(
        self,
        stack: StackFile,
        *,
        model_dir: Path = DEMO_MODEL,
        port: int = 0,
        on_batch: Callable[[BatchOutcome], None] | None = None,
        on_log: Callable[[str], None] | None = None,
        start: Start = PlainProcess,
        front: Callable[[str], str] = str,
        **overrides: Any,
    ):
        """
        Args:
            stack: dev, prod or any other that has a Pulumi.<stack>.yaml; or the path of another such file.
            model_dir: folder that function/build_model.py built, instead of the one in the image.
            port: the cloud's port; 0 takes a free one.
            on_batch, on_log: called after every batch, and for every line that the function logs.
            start: starts the function's runtime; by default, a plain process on this machine.
            front: maps the cloud's URL to the one for function and poller, such as a proxy's.
            overrides: configuration values by key, which override the stack's own.

        Raises:
            ModelError: the model's folder is missing or damaged.
            FileNotFoundError: there is no such stack.
        """
        Manifest.read(model_dir).check_digests(model_dir)  # before anything starts
        self._stack, self._model_dir, self._overrides = stack, model_dir, overrides
        self._on_batch, self._on_log, self._start, self._front = on_batch, on_log, start, front
        self.cloud = Cloud(stack_config(stack, overrides)["aws:region"], port)
        self._resources = ExitStack()

    def __enter__(self) -> Self:
        with self._resources:
            self._resources.enter_context(self.cloud)
            self.recording = run(self._stack, partial(Provisioner, cloud=self.cloud), **self._overrides)
            outputs = self.recording.outputs
            self.queue_url, self.table_name = outputs["queueUrl"], outputs["tableName"]
            self.dead_letter_queue_url = outputs["deadLetterQueueUrl"]
            self.sqs, self.dynamodb = self.cloud.client("sqs"), self.cloud.client("dynamodb")

            self.function_config, self.mapping_config = self._function_config(), self._mapping_config()
            LOG_FILE.parent.mkdir(exist_ok=True)
            LOG_FILE.unlink(missing_ok=True)
            self.function = self._resources.enter_context(
                LambdaService(
                    self.function_config,
                    max_concurrency=self.mapping_config.max_concurrency,
                    log_file=LOG_FILE,
                    on_log=self._on_log,
                    start=self._start,
                )
            )
            self.mapping = self._resources.enter_context(
                # Lambda polls with the function's role.
                EventSourceMapping(self.mapping_config, self.role_client("sqs"), self.function.invoke, self._on_batch)
            )
            self._resources = self._resources.pop_all()  # nothing failed: close on exit, not now
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if isinstance(error, KeyboardInterrupt):  # messages in flight stay in the queue, which ends too
            self.cloud.kill()
            self.function.close()
        else:
            self._resources.close()

    def role_client(self, service: str) -> Any:
        """A boto3 client with the credentials of the function's role."""
        return self.function_config.client(service)

    def results(self) -> dict[str, dict[str, Any]]:
        """All items in the table by id, with attribute values without DynamoDB's type tags."""
        pages = self.dynamodb.get_paginator("scan").paginate(TableName=self.table_name)
        items = [{name: next(iter(v.values())) for name, v in item.items()} for page in pages for item in page["Items"]]
        return {item["id"]: item for item in items}

    def dead_letters(self) -> list[dict[str, Any]]:
        """All messages in the dead-letter queue, which stay hidden from others for its visibility timeout."""
        messages: list[dict[str, Any]] = []
        while batch := self.sqs.receive_message(
            QueueUrl=self.dead_letter_queue_url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        ).get("Messages"):
            messages += batch
        return messages

    def depth(self, queue_url: str) -> int:
        """The number of messages in a queue: waiting, delayed or in flight."""
        # The counts are read one after the other: a message that leaves flight in between is in none of them.
        return depth(self.sqs, queue_url) or depth(self.sqs, queue_url)

    def _function_config(self) -> FunctionConfig:
        role = self.recording.one("aws:lambda/function:Function").inputs["role"]
        return registered_function(
            self.recording,
            endpoint_url=self._front(self.cloud.url),
            credentials=self.cloud.role_credentials(role),
            # In the image, the Dockerfile sets MODEL_DIR.
            variables={"MODEL_DIR": str(self._model_dir.resolve())},
        )

    def _mapping_config(self) -> EventSourceConfig:
        given = self.recording.one("aws:lambda/eventSourceMapping:EventSourceMapping").inputs
        cores = os.cpu_count() or 2
        return EventSourceConfig(
            queue_url=self.queue_url,
            queue_arn=given["eventSourceArn"],
            batch_size=given["batchSize"],
            window_s=given["maximumBatchingWindowInSeconds"],
            # More processes than cores would only slow each other down.
            max_concurrency=min(given.get("scalingConfig", {}).get("maximumConcurrency", cores), cores),
            report_batch_item_failures="ReportBatchItemFailures" in given["functionResponseTypes"],
            enabled=given["enabled"],
        )
