"""A producer created before a fork: each process sends all of its own texts, and none of another's."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.sentiment.place import Place
from tests.waiting import HANG_S

pytestmark = pytest.mark.slow(reason="forks processes that send")

# The alarm ends a process that hangs: these tests look for children that never return.
PREAMBLE = """
import multiprocessing, os, signal, sys, threading
from sentiment import Producer
signal.alarm(120)
"""
FORK = """
producer = Producer(os.environ["QUEUE_URL"], linger_seconds=3600)
if sys.argv[1] == "used":
    producer.send("before", "good")
    producer.flush()
producer.send("buffered-in-parent", "good")
pids = []
for worker in range(2):
    if pid := os.fork():
        pids.append(pid)
        continue
    signal.alarm(120)
    for n in range(25):
        producer.send(f"child-{worker}-{n}", "good")
    producer.flush()
    os._exit(0)
assert [os.waitpid(pid, 0)[1] for pid in pids] == [0, 0]
producer.send("after", "good")
producer.close()
"""
BUSY_FORK = """
producer = Producer(os.environ["QUEUE_URL"], linger_seconds=0.001)
stop = threading.Event()
sent = []
def busy(thread):
    while not stop.is_set():
        name = f"busy-{thread}-{len(sent)}"
        producer.send(name, "good")
        sent.append(name)
threads = [threading.Thread(target=busy, args=(thread,)) for thread in range(4)]
[thread.start() for thread in threads]
for worker in range(8):  # in whatever state the locks are
    if not (pid := os.fork()):
        signal.alarm(120)
        producer.send(f"child-{worker}", "good")
        producer.close()
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
stop.set()
[thread.join() for thread in threads]
producer.close()
print(len(sent))
"""
GIVEN_CLIENT = """
import boto3
with Producer(os.environ["QUEUE_URL"], client=boto3.client("sqs")) as producer:
    producer.send("parent", "good")
    if not (pid := os.fork()):
        signal.alarm(120)
        try:
            producer.send("child", "good")
        except RuntimeError as error:
            producer.close()
            print(error, flush=True)
            os._exit(0)
        os._exit(1)
    assert os.waitpid(pid, 0)[1] == 0
"""
POOL = """
producer = Producer(os.environ["QUEUE_URL"])

def work(n):
    producer.send(f"id-{n}", "good")
    producer.flush()
    return os.getpid()

if __name__ == "__main__":
    producer.send("main", "good").result(30)
    with multiprocessing.get_context(sys.argv[1]).Pool(2) as pool:
        assert os.getpid() not in pool.map(work, range(20))
    producer.close()
"""


def play(place: Place, outside: dict[str, str], program: str, *arguments: str) -> str:
    """Run a program in another process, and return what it prints."""
    path = Path("service.py")
    path.write_text(PREAMBLE + program)
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", path, *arguments],
        env=outside,
        capture_output=True,
        text=True,
        timeout=HANG_S,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("before", ["unused", "used"])
def test_parent_and_children_each_send_their_own_texts_once(place: Place, outside: dict[str, str], before: str) -> None:
    play(place, outside, FORK, before)
    expected = [f"child-{worker}-{n}" for worker in range(2) for n in range(25)] + ["buffered-in-parent", "after"]
    expected += ["before"] if before == "used" else []
    assert Counter(item["id"] for item in place.items()) == Counter(expected)


def test_a_fork_while_sending_blocks_neither_parent_nor_child(place: Place, outside: dict[str, str]) -> None:
    count = int(play(place, outside, BUSY_FORK))
    ids = Counter(item["id"] for item in place.items())
    assert ids.total() == count + 8
    assert {f"child-{worker}" for worker in range(8)} < ids.keys()


def test_a_producer_with_the_parents_client_refuses_to_send_in_a_child(place: Place, outside: dict[str, str]) -> None:
    said = play(place, outside, GIVEN_CLIENT)
    assert "forked after the producer was created with `client`" in said
    assert "create the Producer here, or pass no client" in said
    assert [item["id"] for item in place.items()] == ["parent"]


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_worker_pool_sends_through_a_module_level_producer(
    place: Place, outside: dict[str, str], method: str
) -> None:
    play(place, outside, POOL, method)
    assert Counter(item["id"] for item in place.items()) == Counter(["main", *(f"id-{n}" for n in range(20))])


def test_pickling_a_producer_fails_with_advice(place: Place, outside: dict[str, str]) -> None:
    program = """
import pickle
try:
    pickle.dumps(Producer(os.environ["QUEUE_URL"]))
except TypeError as error:
    print(error)
"""
    assert "create one there, with the same queue URL" in play(place, outside, program)


REFRESHING = """
import boto3, botocore.session
from datetime import datetime, timedelta, timezone
from botocore.credentials import RefreshableCredentials
refreshing, ended = threading.Event(), threading.Event()
def refresh():
    refreshing.set()
    ended.wait(90)  # it holds the credentials' lock at the fork
    return {"access_key": "a", "secret_key": "b", "token": "c", "expiry_time": "2099-01-01T00:00:00Z"}
session = botocore.session.get_session()
soon = datetime.now(timezone.utc) + timedelta(seconds=1)
session._credentials = RefreshableCredentials("a", "b", "c", soon, refresh, "test")
boto3.DEFAULT_SESSION = boto3.Session(botocore_session=session)
producer = Producer(os.environ["QUEUE_URL"], linger_seconds=0.01)
threading.Thread(target=session._credentials.get_frozen_credentials, daemon=True).start()
assert refreshing.wait(60)
if not (pid := os.fork()):
    signal.alarm(60)
    producer.send("child", "good")
    producer.close()
    os._exit(0)
assert os.waitpid(pid, 0)[1] == 0
ended.set()
"""


def test_a_child_sends_although_its_parent_was_refreshing_credentials_at_the_fork(
    place: Place, outside: dict[str, str]
) -> None:
    play(place, outside, REFRESHING)
    assert [item["id"] for item in place.items()] == ["child"]
