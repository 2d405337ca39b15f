"""How many batches of the queue Lambda may have in flight at once, and what limits them.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html and, for the ranges, the Terraform AWS
provider. Lambda's API takes up to 10,000 pollers by now, which that provider refuses.
"""

LEAST, MOST_CONCURRENCY = 2, 1_000  # batches at once; the least is that of pollers too
MOST_MINIMUM_POLLERS, MOST_POLLERS = 200, 2_000
BATCHES_OF_POLLER = 10
UNLIMITED_BATCHES = 1_250  # where neither a maximum concurrency nor pollers are set


def most_batches(max_concurrency: float, maximum_pollers: float) -> float:
    """At most one of the two is above 0: Lambda takes no mapping with both."""
    return max_concurrency or maximum_pollers * BATCHES_OF_POLLER or UNLIMITED_BATCHES
