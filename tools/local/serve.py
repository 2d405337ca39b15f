"""`make local`: the pipeline, up until Ctrl-C, for a producer to try; results are shown as they come."""

from pathlib import Path
from typing import Any

from rich.console import Console

from sentiment.follow import watch
from sentiment.running import announced
from sentiment.table import Results
from tools.local.cloud import ANY_CREDENTIALS
from tools.local.runtime_process import PlainProcess, Start
from tools.local.stack import LocalPipeline

REFRESH_SECONDS = 1.0


def serve(stack: str, model_dir: Path, port: int, console: Console, start: Start = PlainProcess) -> None:
    """Serve a stack until interrupted."""
    with LocalPipeline(stack, model_dir=model_dir, port=port, start=start) as local, announced(state(local)) as found:
        console.print(
            f"Stack [bold]{stack}[/] is up. Send to it from another shell:\n\n"
            '  echo "I like it." | .venv/bin/python -m sentiment send --format lines -\n\n'
            "For producers of your own, and the AWS CLI:\n\n"
            f"  export AWS_ENDPOINT_URL={local.cloud.url} AWS_DEFAULT_REGION={local.cloud.region}\n"
            "  export AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local\n"
            f"  export QUEUE_URL={local.queue_url}\n\n"
            "Results, as they come (Ctrl-C stops):",
            highlight=False,
            soft_wrap=True,
        )
        if not found:
            console.print("[yellow]Another `make local` runs: python -m sentiment finds that one.[/]")
        dead = 0
        try:
            for page, _ in watch(Results(dynamodb=local.dynamodb, table_name=local.table_name), REFRESH_SECONDS):
                for result in page:
                    console.print(f"{result['sentiment']:8}  {result['score']:.3f}  {result['id']}", markup=False)
                if dead != (dead := local.depth(local.dead_letter_queue_url)):
                    console.print(f"dead letters: {dead}, in {local.dead_letter_queue_url}", soft_wrap=True)
        except KeyboardInterrupt:
            console.print("stopped")


def state(local: LocalPipeline) -> dict[str, Any]:
    """What other commands need to work on it: fields of sentiment.target.Target."""
    return {
        "queue_url": local.queue_url,
        "dead_letter_queue_url": local.dead_letter_queue_url,
        "table_name": local.table_name,
        "region": local.cloud.region,
        "endpoint_url": local.cloud.url,
        "credentials": ANY_CREDENTIALS,
    }
