"""The stand-in for the aws plugin, and what it lacks: it reads function, table and provisioned concurrency.

Run in the plugin's place: reading_stand_in.py STANDIN.PY PLUGIN'S-ARGUMENTS. moto has no provisioned concurrency, so
the file that SCALED names holds the number.
"""

import importlib.util
import os
import sys
from pathlib import Path
from typing import Any

spec = importlib.util.spec_from_file_location("standin", sys.argv.pop(1))
assert spec
assert spec.loader
standin: Any = importlib.util.module_from_spec(spec)
spec.loader.exec_module(standin)
SCALED = Path(os.environ["SCALED"])


class Cloud(standin.Cloud):
    def read_function(self, id_: str, inputs: dict[str, Any]) -> dict[str, Any]:
        self.client("lambda").get_function(FunctionName=id_)  # fails where it is gone
        return inputs

    def read_table(self, id_: str, inputs: dict[str, Any]) -> dict[str, Any]:
        found = self.client("dynamodb").describe_time_to_live(TableName=id_)["TimeToLiveDescription"]
        enabled = found["TimeToLiveStatus"] in ("ENABLED", "ENABLING")
        return {**inputs, "ttl": {**inputs["ttl"], "enabled": enabled}}

    def warm(self, old: str | None, i: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        SCALED.write_text(str(i["provisionedConcurrentExecutions"]))
        return f"{i['functionName']},{i['qualifier']}", {}

    def read_warm(self, id_: str, inputs: dict[str, Any]) -> dict[str, Any]:
        return {**inputs, "provisionedConcurrentExecutions": int(SCALED.read_text())}


standin.Cloud = Cloud
standin.KINDS["aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig"] = "warm"
standin.main()
