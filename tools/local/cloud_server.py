"""`python -m tools.local.cloud_server HOST PORT`: runs moto's server, prints its address, and ends with its input."""

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
    with contextlib.suppress(BrokenPipeError):  # its parent may have ended
        sys.stdout.write("http://{}:{}\n".format(*server.get_host_and_port()))
        sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main()
