"""The function's AWS clients, on botocore: boto3 would also import its S3 transfers, 0.04 s of every cold start."""

import gzip
import json
from pathlib import Path
from typing import Any

from botocore.config import Config
from botocore.loaders import JSONFileLoader, Loader
from botocore.session import Session

from function.botocore_services import SERVICES

# Short waits and few retries: SQS delivers again anyway, and a batch must answer within its timeout.
CONFIG = Config(connect_timeout=1, read_timeout=3, retries={"mode": "standard", "total_max_attempts": 3})


class _Files(JSONFileLoader):
    """Reads the services' models into plain dicts; botocore's OrderedDicts take twice as long to create."""

    def load_file(self, file_path: str) -> Any:
        plain, packed = Path(f"{file_path}.json"), Path(f"{file_path}.json.gz")
        if plain.is_file():
            return json.loads(plain.read_bytes())
        return json.loads(gzip.decompress(packed.read_bytes())) if packed.is_file() else None


class _Loader(Loader):
    """Lists the function's services without searching: botocore would read all its 400 folders to find these two.

    It has no others, so credentials must come from the environment, as on Lambda, not from `sts` or `sso`.
    """

    def list_available_services(self, type_name: str) -> list[str]:
        return list(SERVICES)


def clients() -> list[Any]:
    """One client for each of SERVICES, in their order."""
    session = Session()
    session.register_component("data_loader", _Loader(file_loader=_Files()))
    return [session.create_client(service, config=CONFIG) for service in SERVICES]
