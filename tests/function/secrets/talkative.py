"""A handler that lets botocore log whole requests, as function/handler.py must not."""

import logging

from tests.function.secrets.breaking import handler as handler

logging.getLogger("botocore").setLevel(logging.NOTSET)
