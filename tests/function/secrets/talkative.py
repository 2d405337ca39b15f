"""What function/handler.py would log if it let botocore: whole requests."""

import logging

from tests.function.secrets.breaking import handler as handler

logging.getLogger("botocore").setLevel(logging.NOTSET)
