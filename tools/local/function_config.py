"""A function's configuration in Lambda, and the environment variables of its process."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from sentiment import loopback
from tools.local.program import ROOT
from tools.local.recorder import Recorder

# Set by the entry point of AWS's own Python images; the runtime client polls from a thread where it sees it.
EXECUTION_ENV = "AWS_Lambda_python3.13"


@dataclass(frozen=True, kw_only=True)
class FunctionConfig:
    """
    Attributes:
        name, version: the function's; versions count from "1".
        arn: the invoked ARN, with its alias.
        handler: for example "function.handler.handler".
        task_root: the folder that holds the code; the process's working directory, and on its import path.
        memory_mb: announced to the function, but not enforced here.
        timeout_s: time limit for one invocation.
        environment: the function's own variables.
        credentials: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN of its role.
        region, endpoint_url: of its AWS clients.
        log_group, log_format, log_level: as the stack registers them; the format is JSON or Text.
    """

    name: str
    arn: str
    version: str = "1"
    handler: str
    task_root: Path
    memory_mb: int
    timeout_s: float
    environment: Mapping[str, str]
    credentials: Mapping[str, str]
    region: str
    endpoint_url: str
    log_group: str
    log_format: str = "JSON"
    log_level: str = "INFO"

    def client(self, service: str) -> Any:
        """A boto3 client with the role's credentials, for the function's cloud."""
        given = {name.lower(): value for name, value in self.credentials.items()}
        return loopback.client(service, region=self.region, endpoint_url=self.endpoint_url, credentials=given)


def registered_function(
    recording: Recorder,
    *,
    endpoint_url: str,
    credentials: Mapping[str, str],
    variables: Mapping[str, str] | None = None,
) -> FunctionConfig:
    """The function that a stack registers; adds `variables` to its own."""
    function = recording.one("aws:lambda/function:Function")
    given, logging = function.inputs, function.inputs["loggingConfig"]
    return FunctionConfig(
        name=function.outputs["name"],
        arn=recording.one("aws:lambda/alias:Alias").outputs["arn"],
        version=function.outputs["version"],
        handler=given["imageConfig"]["commands"][0],
        task_root=ROOT,
        memory_mb=given["memorySize"],
        timeout_s=given["timeout"],
        environment={**given["environment"]["variables"], **(variables or {})},
        credentials=credentials,
        region=recording.region,
        endpoint_url=endpoint_url,
        log_group=logging["logGroup"],
        log_format=logging["logFormat"],
        log_level=logging["applicationLogLevel"],
    )


def process_variables(config: FunctionConfig, runtime_api: str) -> dict[str, str]:
    """All variables of a runtime process, as Lambda sets them for an image, without the caller's.

    Source: Lambda developer guide, "Defined runtime environment variables".
    """
    return {
        "PATH": os.defpath,
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        # Lambda's user has no home; the developer's would bring in ~/.aws and ~/.cache.
        "HOME": "/home/sbx_user1051",
        **config.environment,
        **config.credentials,
        "AWS_REGION": config.region,
        "AWS_DEFAULT_REGION": config.region,
        "AWS_ENDPOINT_URL": config.endpoint_url,
        "AWS_EXECUTION_ENV": EXECUTION_ENV,
        "AWS_LAMBDA_FUNCTION_NAME": config.name,
        "AWS_LAMBDA_FUNCTION_VERSION": config.version,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(config.memory_mb),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": config.log_group,
        "AWS_LAMBDA_LOG_STREAM_NAME": f"[{config.version}]{uuid4().hex}",
        "AWS_LAMBDA_LOG_FORMAT": config.log_format,
        "AWS_LAMBDA_LOG_LEVEL": config.log_level,
        "AWS_LAMBDA_RUNTIME_API": runtime_api,
        "LAMBDA_TASK_ROOT": str(config.task_root),
        "_HANDLER": config.handler,
    }
