"""An isolated network, to show what a container does without, and what it tries to contact."""

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tools.local.docker.engine import Engine

CLONE_NEWNET = 0x40000000  # linux/sched.h


@dataclass(frozen=True)
class Attempts:
    """The kernel's counts for one network: connections opened, datagrams sent, and attempts without a route."""

    tcp_opened: int
    udp_sent: int
    unroutable: int


@contextmanager
def private_network(engine: Engine, image: str) -> Iterator[str]:
    """A network with only a loopback; yields its name for `docker run --network`.

    It moves the calling thread into the network, and with it all threads that it starts from then on. The network's
    containers can reach only what these threads serve. Needs root, and the engine on this machine.
    """
    holder = engine.run("run", "--detach", "--rm", "--network=none", "--entrypoint=sleep", image, "infinity")
    try:
        pid = engine.run("inspect", "--format", "{{.State.Pid}}", holder)
        with Path("/proc/thread-self/ns/net").open() as home, Path(f"/proc/{pid}/ns/net").open() as there:
            _enter(there.fileno())
            try:
                yield f"container:{holder}"
            finally:
                _enter(home.fileno())
    finally:
        engine.run("rm", "--force", holder)


def attempts() -> Attempts:
    """The counts of the calling thread's network."""
    lines = Path("/proc/thread-self/net/snmp").read_text().splitlines()
    # Pairs of lines: "Tcp: ActiveOpens ...", then "Tcp: 3 ...".
    names = {(line.split()[0], name): n for line in lines[::2] for n, name in enumerate(line.split())}
    values = {line.split()[0]: line.split() for line in lines[1::2]}

    def ipv4(protocol: str, name: str) -> int:
        return int(values[f"{protocol}:"][names[f"{protocol}:", name]])

    ipv6 = dict(line.split() for line in Path("/proc/thread-self/net/snmp6").read_text().splitlines())
    return Attempts(
        tcp_opened=ipv4("Tcp", "ActiveOpens"),  # IPv6 among them
        udp_sent=ipv4("Udp", "OutDatagrams") + int(ipv6["Udp6OutDatagrams"]),
        unroutable=ipv4("Ip", "OutNoRoutes") + int(ipv6["Ip6OutNoRoutes"]),
    )


def _enter(namespace: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(namespace, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), "setns")
