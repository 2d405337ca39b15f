"""The rate that provisioned pollers read, and the number of them that a rate needs."""

from tools.estimate.capacity import quotas
from tools.estimate.cost.usage import SQS_BATCH

MESSAGE_BYTES = 110  # of a text's id, timestamp and JSON, besides the text


def texts_read(texts_per_message: int, text_bytes: float) -> float:
    """Texts a second that one poller can read, limited by its polls of ten messages and by their bytes."""
    messages = quotas.POLLER_POLLS.value * SQS_BATCH
    return min(messages * texts_per_message, quotas.POLLER_MB.value * 1e6 / text_bytes)


def pollers_needed(texts_per_second: float, batches_at_once: float, texts_per_message: int, characters: float) -> float:
    """The number of pollers that keep up, limited by their batches in flight and by the rate that they read."""
    read = texts_read(texts_per_message, characters + MESSAGE_BYTES)
    return max(batches_at_once / quotas.POLLER_CONCURRENCY.value, texts_per_second / read)
