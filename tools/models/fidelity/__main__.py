"""`python -m tools.models.fidelity`, which `make fidelity` runs."""

from tools.ending import end_when_told

if __name__ == "__main__":
    end_when_told("tools.models.fidelity.command")
