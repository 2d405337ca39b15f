"""`python -m tools.local.cloud_server HOST PORT`: moto's server; it says where it listens, and ends with its input."""

import contextlib
import logging
import sys

from moto.server import ThreadedMotoServer

from tools.local import moto_queue, moto_table


def main() -> None:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    moto_queue.install()
    moto_table.install()
    host, port = sys.argv[1:]
    server = ThreadedMotoServer(ip_address=host, port=int(port), verbose=False)
    server.start()
    with contextlib.suppress(BrokenPipeError):  # whoever started it has ended since
        sys.stdout.write("http://{}:{}\n".format(*server.get_host_and_port()))
        sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main()
