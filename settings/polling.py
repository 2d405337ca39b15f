"""Limits on the batches that Lambda may have in flight from the queue at once.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html and, for the ranges, the Terraform AWS
provider. Lambda's API now accepts up to 10,000 pollers, which that provider refuses.
"""

LEAST, MOST_CONCURRENCY = 2, 1_000  # batches at once; LEAST applies to pollers too
MOST_MINIMUM_POLLERS, MOST_POLLERS = 200, 2_000
BATCHES_OF_POLLER = 10
UNLIMITED_BATCHES = 1_250  # if neither a maximum concurrency nor pollers are set


def most_batches(max_concurrency: float, maximum_pollers: float) -> float:
    """The limit. At most one of the two is above 0: Lambda accepts no mapping with both."""
    return max_concurrency or maximum_pollers * BATCHES_OF_POLLER or UNLIMITED_BATCHES
