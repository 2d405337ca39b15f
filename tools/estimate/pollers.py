"""What provisioned pollers read, and how many of them a rate takes."""

from tools.estimate.capacity import quotas
from tools.estimate.cost.usage import SQS_BATCH

MESSAGE_BYTES = 110  # of one text's id, timestamp and JSON, beside the text


def texts_read(texts_per_message: int, text_bytes: float) -> float:
    """Texts a second that one poller can read: by its polls of ten messages, and by their bytes."""
    messages = quotas.POLLER_POLLS.value * SQS_BATCH
    return min(messages * texts_per_message, quotas.POLLER_MB.value * 1e6 / text_bytes)


def pollers_needed(texts_per_second: float, batches_at_once: float, texts_per_message: int, characters: float) -> float:
    """How many keep up, by the batches that they have in flight and by what they read."""
    read = texts_read(texts_per_message, characters + MESSAGE_BYTES)
    return max(batches_at_once / quotas.POLLER_CONCURRENCY.value, texts_per_second / read)
