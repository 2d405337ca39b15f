"""The options that select a command's target, the same for all commands."""

import functools
import inspect
from collections.abc import Callable, Collection
from typing import Annotated, Any

import typer

from sentiment.screen import notes
from sentiment.target import PLACES, Target, find


def works_on(*needs: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Add the options that find a `target` to a command.

    Args:
        needs: the fields of Target that the command uses, such as queue_url; each becomes an option.
    """
    options = {
        "stack": "Pulumi stack whose outputs supply the rest. [env: STACK; default: a running `make local`, else dev]",
        **{name: f"[env: {PLACES[name].variable}]" for name in needs},
        "region": "AWS region.",
        "endpoint_url": "Endpoint to use instead of AWS's. [env: AWS_ENDPOINT_URL_SQS etc., AWS_ENDPOINT_URL]",
    }
    added = [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=None,
            annotation=Annotated[str | None, typer.Option(help=text)],
        )
        for name, text in options.items()
    ]

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        signature = inspect.signature(command)
        own = [parameter for name, parameter in signature.parameters.items() if name != "target"]

        @functools.wraps(command)
        def with_target(**given: Any) -> None:
            target = find(set(needs), **{name: given.pop(name) for name in options})
            notes.print(f"Where: {_where(target, needs)}", style="dim", markup=False, highlight=False)
            command(target=target, **given)

        with_target.__signature__ = signature.replace(parameters=[*own, *added])  # type: ignore[attr-defined]
        return with_target

    return decorate


def _where(target: Target, needs: Collection[str]) -> str:
    """The target's source, with the endpoints that are not AWS's."""
    services = sorted({"dynamodb" if name == "table_name" else "sqs" for name in needs})
    endpoints = dict.fromkeys(url for service in services if (url := target.endpoint_of(service)))
    told = [f" at {url}" for url in endpoints if url not in target.source]
    return target.source + ",".join(told)
