"""The same with the Producer, after pip install of this repository: QUEUE_URL=... python with_producer.py."""

import os

from sentiment import Producer, Rejected

REVIEWS = {
    "producer-1": "Great little café!",
    "producer-2": "It broke twice in a week, so I gave up.",
    "producer-3": " ",
}

with Producer(os.environ["QUEUE_URL"]) as producer:  # leaving it raises SendFailed if a text could not be sent
    for review_id, text in REVIEWS.items():
        try:
            producer.send(review_id, text)
        except Rejected as error:  # an empty text can never be classified
            REVIEWS[review_id] = f"rejected: {error}"
