"""AWS's default quotas, each with its source. `checked` is as in tools/estimate/cost/prices.py."""

from dataclasses import dataclass

from settings.polling import BATCHES_OF_POLLER, MOST_CONCURRENCY, MOST_POLLERS
from tools.local.lambda_service import REQUEST_LIMIT_BYTES

AS_OF = "2026-11"
SQS_SCALING = "Lambda developer guide, services-sqs-scaling"
SQS_QUOTAS = "SQS developer guide, quotas-queues"
PROVISIONED_NEWS = "AWS News Blog, 'AWS Lambda enhances event processing with provisioned mode for SQS'"


@dataclass(frozen=True, kw_only=True)
class Quota:
    """
    Attributes:
        scope: the kind of resource that has this much of it.
        raisable: whether AWS raises it on request; if not, use more such resources.
        source: where the figure comes from. checked: whether it was read there for this file.
    """

    name: str
    value: float
    scope: str
    raisable: bool
    source: str
    checked: bool = True
    as_of: str = AS_OF


CONCURRENCY = Quota(
    name="concurrent executions",
    value=1000,
    scope="account and region",
    raisable=True,
    source="Lambda operator guide, scaling-concurrency",
)
REQUESTS_PER_CONCURRENCY = Quota(
    name="invocations a second, for each concurrent execution of the quota",
    value=10,
    scope="account and region",
    raisable=False,
    source="fulgurion.com, Lambda scales within limits; Lambda developer guide, lambda-concurrency",
    checked=False,
)
ENVIRONMENTS_PER_10_S = Quota(
    name="new environments in 10 s",
    value=1000,
    scope="function",
    raisable=False,
    source="Lambda developer guide, scaling-behavior",
)
POLLERS_START = Quota(
    name="batches at once when messages come", value=5, scope="mapping", raisable=False, source=SQS_SCALING
)
POLLERS_PER_MINUTE = Quota(
    name="more batches at once, a minute", value=300, scope="mapping", raisable=False, source=SQS_SCALING
)
MAXIMUM_CONCURRENCY = Quota(
    name="maximumConcurrency",
    value=MOST_CONCURRENCY,
    scope="mapping",
    raisable=False,
    source="CloudFormation reference, EventSourceMapping ScalingConfig",
)
PROVISIONED_PER_MINUTE = Quota(
    name="more batches at once, a minute, with provisioned pollers",
    value=1000,
    scope="mapping",
    raisable=False,
    source=PROVISIONED_NEWS,
)
PROVISIONED_POLLERS = Quota(
    name="provisioned pollers",
    value=MOST_POLLERS,
    scope="mapping",
    raisable=False,
    source="CDK reference and Terraform AWS provider, ProvisionedPollerConfig; Lambda's API reference says 10,000",
)
POLLER_CONCURRENCY = Quota(
    name="batches at once of a provisioned poller",
    value=BATCHES_OF_POLLER,
    scope="poller",
    raisable=False,
    source=SQS_SCALING,
)
POLLER_POLLS = Quota(
    name="polls a second of a provisioned poller", value=10, scope="poller", raisable=False, source=SQS_SCALING
)
POLLER_MB = Quota(
    name="MB a second of a provisioned poller", value=1, scope="poller", raisable=False, source=SQS_SCALING
)
IN_FLIGHT = Quota(name="messages in flight", value=120_000, scope="queue", raisable=False, source=SQS_QUOTAS)
TABLE_WRITES = Quota(
    name="write units a second, on demand",
    value=40_000,
    scope="table",
    raisable=True,
    source="AWS Database Blog, configurable maximum throughput for on-demand",
)
NEW_TABLE_WRITES = Quota(
    name="write units a second of a new table, until it has grown or was warmed",
    value=4000,
    scope="table",
    raisable=False,
    source="DynamoDB developer guide, warm-throughput",
)
EVENT_BYTES = Quota(
    name="bytes of a batch",
    value=REQUEST_LIMIT_BYTES,
    scope="invocation",
    raisable=False,
    source="Lambda developer guide, quotas",
)
# SQS's calls a second have no number: "nearly unlimited" for standard queues (SQS developer guide, quotas-messages).
