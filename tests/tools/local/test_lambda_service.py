"""The local Lambda with real runtime processes."""

import http.client
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest

import tools.local.lambda_service
from tests.tools.local.functions import ARN, HANDLERS, function_config, running
from tests.waiting import eventually
from tools.local.lambda_service import REQUEST_LIMIT_BYTES, LambdaService
from tools.local.runtime_api import Ready, Request, Responded, RuntimeApi, RuntimeEvent

pytestmark = pytest.mark.slow(reason="starts a runtime process for nearly every test")

NOTHING: dict[str, Any] = {"do": "answer", "with": None}
Serve = Callable[..., LambdaService]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Starts services with the tests' handlers, and closes them."""
    services = []

    def start(handler: str = "probe.handler", max_concurrency: int = 1, **changes: Any) -> LambdaService:
        config = function_config(handler, **changes)
        services.append(LambdaService(config, max_concurrency=max_concurrency, log_file=tmp_path / "function.log"))
        return services[-1]

    yield start
    for service in services:
        service.close()


@pytest.fixture
def meeting(tmp_path: Path) -> Path:
    """A folder in which invocations wait for each other."""
    (folder := tmp_path / "meeting").mkdir()
    return folder


def _pids(service: LambdaService) -> list[int]:
    return [environment.pid for environment in service.environments]


def test_an_invocation_returns_what_the_handler_returns(serve: Serve) -> None:
    invocation = serve().invoke({"do": "answer", "with": {"grüße": [1, None]}})
    assert invocation.error is None
    assert json.loads(invocation.payload) == {"grüße": [1, None]}


def test_an_event_may_be_bytes(serve: Serve) -> None:
    assert serve().invoke(b'{"do": "answer", "with": 5}').payload == b"5"


def test_only_the_first_invocation_is_a_cold_start(serve: Serve) -> None:
    service = serve()
    first, second = service.invoke({"do": "tell"}), service.invoke({"do": "tell"})
    assert (first.cold_start, second.cold_start) == (True, False)
    assert first.init_s > 0
    assert second.init_s == 0
    assert json.loads(first.payload)["pid"] == json.loads(second.payload)["pid"]
    assert [environment.invocations for environment in service.environments] == [2]


def test_the_context_holds_request_id_arn_and_remaining_time(serve: Serve) -> None:
    invocation = serve(timeout_s=30).invoke({"do": "tell"})
    told = json.loads(invocation.payload)
    assert told["request_id"] == invocation.request_id
    assert told["function_arn"] == ARN
    assert 0 < told["remaining_ms"] <= 30_000


def test_the_process_gets_only_lambdas_environment_variables(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "PYTHONPATH", "PULUMI_CONFIG_PASSPHRASE", "OMP_NUM_THREADS"):
        monkeypatch.setenv(name, "the developer's")
    told = json.loads(serve().invoke({"do": "tell"}).payload)
    variables = told["variables"]
    assert told["folder"] == str(HANDLERS)
    assert "the developer's" not in variables.values()
    assert os.environ["HOME"] != variables.pop("HOME")
    assert variables.pop("PATH") == os.defpath
    assert variables.pop("AWS_LAMBDA_RUNTIME_API").startswith("127.0.0.1:")
    assert variables.pop("AWS_LAMBDA_LOG_STREAM_NAME").startswith("[7]")
    assert variables.pop("_X_AMZN_TRACE_ID").startswith("Root=1-")
    variables.pop("LC_CTYPE", None)  # Python's own, where the machine lacks Lambda's locale
    assert variables == {
        "AWS_ACCESS_KEY_ID": "the role's",
        "AWS_SECRET_ACCESS_KEY": "the role's secret",
        "AWS_SESSION_TOKEN": "the role's token",
        "AWS_REGION": "us-west-2",
        "AWS_DEFAULT_REGION": "us-west-2",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
        "AWS_LAMBDA_FUNCTION_NAME": "probe",
        "AWS_LAMBDA_FUNCTION_VERSION": "7",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": "probe-logs",
        "AWS_LAMBDA_LOG_FORMAT": "JSON",
        "AWS_LAMBDA_LOG_LEVEL": "INFO",
        "LAMBDA_TASK_ROOT": str(HANDLERS),
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "COLOUR": "green",
        "_HANDLER": "probe.handler",
    }


def test_the_service_logs_and_forwards_every_line_of_output(tmp_path: Path) -> None:
    lines: list[str] = []
    log_file = tmp_path / "function.log"
    config = function_config("probe.handler")
    with LambdaService(config, max_concurrency=1, log_file=log_file, on_log=lines.append) as service:
        service.invoke({"do": "say", "text": "one\n{“two”: 2}"})
    assert lines == ["one", "{“two”: 2}"]
    assert log_file.read_text().splitlines() == lines


def test_the_process_reports_the_handlers_exception_and_survives(serve: Serve) -> None:
    service = serve()
    failed, next_one = service.invoke({"do": "raise", "message": "no such id"}), service.invoke(NOTHING)
    assert failed.error is not None
    assert (failed.error["errorType"], failed.error["errorMessage"]) == ("LookupError", "no such id")
    assert "probe.py" in failed.error["stackTrace"][0]
    assert json.loads(failed.payload) == failed.error
    assert (next_one.error, next_one.cold_start) == (None, False)


def test_a_timeout_kills_the_process_and_the_next_invocation_works(serve: Serve) -> None:
    service = serve()
    service.invoke(NOTHING)
    [pid] = _pids(service)
    for environment in service.environments:  # only of this one: the next may take its time
        environment.config = replace(environment.config, timeout_s=1)
    late = service.invoke({"do": "sleep", "seconds": 60})
    assert late.error == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": f"RequestId: {late.request_id} Error: Task timed out after 1.00 seconds",
    }
    assert not running(pid)
    after = service.invoke(NOTHING)
    assert (after.error, after.cold_start) == (None, True)


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ({"do": "exit", "code": 3}, "Runtime exited with error: exit status 3"),
        ({"do": "exit", "code": 0}, "Runtime exited without providing a reason"),
        ({"do": "kill yourself"}, "Runtime exited with error: signal: killed"),
    ],
)
def test_a_process_that_exits_fails_only_its_own_invocation(serve: Serve, event: dict[str, Any], reason: str) -> None:
    service = serve()
    ended = service.invoke(event)
    assert ended.error == {
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: {ended.request_id} Error: {reason}",
    }
    after = service.invoke(NOTHING)
    assert (after.error, after.cold_start) == (None, True)


def test_child_processes_end_with_the_handlers_process(serve: Serve) -> None:
    service = serve()
    child = json.loads(service.invoke({"do": "start a child"}).payload)["pid"]
    assert running(child)
    service.invoke({"do": "exit", "code": 1})
    eventually(lambda: not running(child))


def test_the_log_explains_why_the_platform_ended_an_invocation(serve: Serve, tmp_path: Path) -> None:
    request_id = serve().invoke({"do": "kill yourself"}).request_id
    [line] = (tmp_path / "function.log").read_text().splitlines()
    assert json.loads(line)["record"] == {
        "requestId": request_id,
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: {request_id} Error: Runtime exited with error: signal: killed",
    }


def test_the_service_silently_replaces_a_process_killed_while_idle(serve: Serve) -> None:
    service = serve()
    service.invoke(NOTHING)
    os.kill(_pids(service)[0], signal.SIGKILL)
    eventually(lambda: _pids(service) == [])
    after = service.invoke(NOTHING)
    assert (after.error, after.cold_start) == (None, True)


@pytest.mark.parametrize(
    ("handler", "error_type", "message"),
    [
        ("fails_at_init.handler", "FileNotFoundError", "model.onnx is not in the image"),
        ("exits_at_init.handler", "Runtime.ExitError", "Runtime exited with error: exit status 4"),
        ("no_such_module.handler", "Runtime.ImportModuleError", "No module named 'no_such_module'"),
        ("probe.no_such_handler", "Runtime.HandlerNotFound", "Handler 'no_such_handler' missing"),
    ],
)
def test_a_failed_init_fails_the_invocation_with_its_error(
    serve: Serve, handler: str, error_type: str, message: str
) -> None:
    service = serve(handler)
    for _ in range(2):  # the next invocation tries again
        invocation = service.invoke(NOTHING)
        assert invocation.error is not None
        assert invocation.error["errorType"] == error_type
        assert message in invocation.error["errorMessage"]
        assert invocation.cold_start
        assert invocation.duration_s == 0
    assert _pids(service) == []


def test_a_failed_init_gets_a_second_try_in_the_same_invocation(serve: Serve, tmp_path: Path) -> None:
    service = serve("fails_at_first_init.handler", environment={"TRIED": str(tmp_path / "tried")})
    invocation = service.invoke(NOTHING)
    assert (invocation.error, invocation.payload, invocation.cold_start) == (None, b'"at last"', True)


def test_the_second_init_may_take_as_long_as_the_function(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools.local.lambda_service, "INIT_LIMIT_S", 0.3)
    invocation = serve("sleeps_at_init.handler", timeout_s=1).invoke(NOTHING)
    assert invocation.error is not None
    assert invocation.error["errorType"] == "Sandbox.Timedout"
    assert invocation.init_s >= 1


def test_a_response_over_6_mb_is_an_error_and_the_next_invocation_works(serve: Serve) -> None:
    service = serve()
    invocation = service.invoke({"do": "answer at length", "length": 6_300_000})
    assert invocation.error == {
        "errorType": "Function.ResponseSizeTooLarge",
        "errorMessage": "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
    }
    assert service.invoke(NOTHING).error is None


def test_a_response_just_within_6_mb_arrives(serve: Serve) -> None:
    assert len(serve().invoke({"do": "answer at length", "length": 6_290_000}).payload) == 6_290_002


def test_an_event_over_6_mb_is_refused(serve: Serve) -> None:
    with pytest.raises(ValueError, match="too large"):
        serve().invoke(b" " * (REQUEST_LIMIT_BYTES + 1))


def test_concurrent_invocations_never_exceed_the_limit(serve: Serve, meeting: Path) -> None:
    service = serve(max_concurrency=2)
    with ThreadPoolExecutor(6) as callers:
        invocations = list(callers.map(service.invoke, [{"do": "meet", "folder": str(meeting), "count": 2}] * 6))
    stays = [json.loads(invocation.payload) for invocation in invocations]
    together = [sum(other["began"] <= stay["began"] < other["ended"] for other in stays) for stay in stays]
    assert max(together) == 2
    assert len({stay["pid"] for stay in stays}) == len(service.environments) == 2


def test_a_deployment_lets_the_old_version_finish_its_last_invocation(serve: Serve, meeting: Path) -> None:
    service = serve(max_concurrency=2)
    with ThreadPoolExecutor(1) as caller:
        in_flight = caller.submit(service.invoke, {"do": "meet", "folder": str(meeting), "count": 2})
        eventually(lambda: any(each.invocations for each in service.environments))
        old = _pids(service)
        service.deploy(function_config("probe.handler", version="8"))
        told = json.loads(service.invoke({"do": "tell"}).payload)
        (meeting / "the test").touch()
        assert in_flight.result().error is None
    assert told["variables"]["AWS_LAMBDA_FUNCTION_VERSION"] == "8"
    assert _pids(service) == [told["pid"]]
    assert not running(old[0])


def test_recycling_replaces_the_idle_processes(serve: Serve) -> None:
    service = serve()
    service.invoke(NOTHING)
    [old] = _pids(service)
    service.recycle()
    assert not running(old)
    assert service.invoke(NOTHING).cold_start


def test_closing_ends_running_invocations_and_leaves_no_process(serve: Serve) -> None:
    service = serve(max_concurrency=2)
    child = json.loads(service.invoke({"do": "start a child"}).payload)["pid"]
    with ThreadPoolExecutor(1) as caller:
        in_flight = caller.submit(service.invoke, {"do": "sleep", "seconds": 60})
        eventually(lambda: any(each.invocations > 1 for each in service.environments))
        pids = _pids(service)
        service.close()
        error = in_flight.result().error
    assert error is not None
    assert error["errorType"] == "Runtime.ExitError"
    assert [pid for pid in [child, *pids] if running(pid)] == []
    with pytest.raises(RuntimeError, match="closed"):
        service.invoke(NOTHING)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_no_process_outlives_its_parent(tmp_path: Path, how: signal.Signals) -> None:
    program = f"""
from pathlib import Path
from tools.local.lambda_service import LambdaService
from tests.tools.local.functions import function_config
with LambdaService(
    function_config("probe.handler"),
    max_concurrency=1,
    log_file=Path({str(tmp_path / "function.log")!r}),
    on_log=lambda line: print(line, flush=True),
) as service:
    service.invoke({{"do": "sleep", "seconds": 60}})
"""
    parent = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert parent.stdout is not None
    pid = int(parent.stdout.readline().removeprefix("asleep "))
    assert running(pid)
    parent.send_signal(how)
    parent.wait()
    parent.stdout.close()
    eventually(lambda: not running(pid))


def test_the_runtime_api_refuses_invalid_requests() -> None:
    events: SimpleQueue[RuntimeEvent] = SimpleQueue()
    api = RuntimeApi(events)
    api.offer(Request("current", b"{}", ARN, 0))
    connection = http.client.HTTPConnection(api.address)

    def ask(method: str, path: str) -> tuple[int, Any]:
        body = b'"done"' if method == "POST" else None
        connection.request(method, f"/2018-06-01/runtime/{path}", body)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())

    try:
        assert ask("GET", "invocation/next") == (200, {})
        status, error = ask("POST", "invocation/another/response")
        assert (status, error["errorType"]) == (400, "InvalidRequestID")
        assert ask("POST", "invocation/current/response")[0] == 202
        assert ask("POST", "invocation/current/response")[0] == 400  # it already has an answer
        assert ask("POST", "restore/next")[0] == 404
        assert ask("GET", "restore/next")[0] == 404
    finally:
        connection.close()
        api.close()
    assert [events.get_nowait(), events.get_nowait()] == [Ready(), Responded(b'"done"')]
    assert events.empty()
