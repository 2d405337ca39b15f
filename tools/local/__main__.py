"""`python -m tools.local`."""

from tools.ending import end_when_told

if __name__ == "__main__":
    end_when_told("tools.local.command")
