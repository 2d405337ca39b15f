"""AWS's list prices in US dollars, before tax and discounts, in us-east-1; us-west-2 is known to have the same."""

from dataclasses import dataclass

AS_OF = "2026-11"
FACTS = "the list of facts this project was given, looked up 2026-11"


@dataclass(frozen=True, kw_only=True)
class Price:
    """
    Attributes:
        usd: price of `per` units.
        free: units a month in the permanent free tier, for the whole account.
        source: where the figure comes from.
        checked: whether it was read there for this file; if not, it is an estimate from memory.
    """

    usd: float
    unit: str
    per: float = 1
    free: float = 0
    source: str
    checked: bool
    as_of: str = AS_OF

    def of(self, quantity: float) -> float:
        """US dollars for a quantity, without the free tier."""
        return quantity / self.per * self.usd


M = 1_000_000
LAMBDA_PAGE, DYNAMODB_PAGE = "aws.amazon.com/lambda/pricing", "aws.amazon.com/dynamodb/pricing"
CLOUDWATCH_PAGE, KMS_PAGE = "aws.amazon.com/cloudwatch/pricing", "aws.amazon.com/kms/pricing"

# For the first 6 (x86) and 7.5 (arm64) billion GB-s a month; more is cheaper.
LAMBDA_DURATION = {
    "x86_64": Price(usd=0.0000166667, unit="GB-s", free=400_000, source=FACTS, checked=True),
    "arm64": Price(usd=0.0000133334, unit="GB-s", free=400_000, source=FACTS, checked=True),
}
LAMBDA_REQUESTS = Price(usd=0.20, per=M, unit="requests", free=M, source=FACTS, checked=True)
LAMBDA_STORAGE = Price(usd=0.0000000309, unit="GB-s", source=LAMBDA_PAGE, checked=False)  # of /tmp above 512 MB
# The free tier does not apply to functions with provisioned concurrency.
PROVISIONED = {
    "x86_64": Price(usd=0.0000041667, unit="GB-s", source=FACTS, checked=True),
    "arm64": Price(usd=0.0000033334, unit="GB-s", source=LAMBDA_PAGE, checked=False),
}
PROVISIONED_DURATION = {
    "x86_64": Price(usd=0.0000097222, unit="GB-s", source=FACTS, checked=True),
    "arm64": Price(usd=0.0000077778, unit="GB-s", source=LAMBDA_PAGE, checked=False),
}

# Pollers of an SQS mapping; Kafka's unit of 20 MB/s is 0.185, and one of these reads 1 MB/s.
POLLER_HOURS = Price(usd=0.00925, unit="poller-hours", source=LAMBDA_PAGE, checked=False)

SQS_REQUESTS = Price(usd=0.40, per=M, unit="requests", free=M, source=FACTS, checked=True)  # of up to 64 KB each

DYNAMODB_WRITES = Price(usd=0.625, per=M, unit="WRU", source=FACTS, checked=True)  # one for every started KB
DYNAMODB_STORAGE = Price(usd=0.25, unit="GB-months", free=25, source=DYNAMODB_PAGE, checked=True)
DYNAMODB_RECOVERY = Price(usd=0.20, unit="GB-months", source=DYNAMODB_PAGE, checked=False)

STREAMS_PAGE = "DynamoDB developer guide, Evaluate your Streams usage"
STREAM_BY_LAMBDA = Price(usd=0, unit="records", source=STREAMS_PAGE, checked=True)
STREAM_READS = Price(usd=0.02, per=100_000, unit="GetRecords", free=2.5 * M, source=DYNAMODB_PAGE, checked=False)
PIPES = Price(usd=0.40, per=M, unit="records", source="techoral.com, AWS EventBridge Pipes, 2026", checked=True)

LOG_INGESTION = Price(
    usd=0.50, unit="GB", free=5, source="hykell.com, AWS CloudWatch Logs pricing; Lambda's first tier", checked=True
)
LOG_STORAGE = Price(usd=0.03, unit="GB-months", source="hykell.com, AWS CloudWatch Logs pricing", checked=True)
METRICS = Price(usd=0.30, unit="metric-months", free=10, source="signoz.io, CloudWatch pricing, 2026-02", checked=True)
ALARMS = Price(usd=0.10, unit="alarm-months", free=10, source=CLOUDWATCH_PAGE, checked=False)
DASHBOARDS = Price(
    usd=3, unit="dashboard-months", free=3, source="factualminds.com, CloudWatch pricing, 2026-06", checked=True
)
TRACES = Price(usd=5, per=M, unit="traces", free=100_000, source="aws.amazon.com/xray/pricing", checked=True)

KMS_KEYS = Price(usd=1, unit="key-months", source=KMS_PAGE, checked=True)
KMS_REQUESTS = Price(
    usd=0.03, per=10_000, unit="requests", free=20_000, source="cloudburn.io, KMS pricing, 2026-03", checked=True
)
ECR_STORAGE = Price(usd=0.10, unit="GB-months", source="cloudburn.io, ECR pricing, 2026-03", checked=True)

# Sentiment by Amazon Comprehend: units of 100 characters, at least 3 for a text. Up to so many units a month, each at:
COMPREHEND_CHARACTERS, COMPREHEND_LEAST_UNITS = 100, 3
COMPREHEND_PAGE = "aws.amazon.com/comprehend/pricing"
COMPREHEND = (
    (10 * M, Price(usd=0.0001, unit="units", source=FACTS, checked=True)),
    (50 * M, Price(usd=0.00005, unit="units", source=COMPREHEND_PAGE, checked=False)),
    (float("inf"), Price(usd=0.000025, unit="units", source=COMPREHEND_PAGE, checked=False)),
)
