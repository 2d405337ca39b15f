"""The AWS services that the function calls; run as a script, it deletes botocore's models of all others.

The image build runs it after installing the requirements, before it copies any other code.
"""

import shutil
from pathlib import Path

SERVICES = ("dynamodb", "sqs")


def main() -> None:
    import botocore

    for service in Path(botocore.__path__[0], "data").iterdir():
        if service.is_dir() and service.name not in SERVICES:
            shutil.rmtree(service)


if __name__ == "__main__":
    main()
