"""Run a command while moto's server stands for AWS.

    with_moto.py VENV -- COMMAND [ARG ...]

The server binds a free port of the loopback interface; the command finds it in NIGHTSHIFT_MOTO_URL. The exit code is the
command's.
"""

import os
import re
import subprocess
import sys


def main():
    venv, separator, *command = sys.argv[1:]
    if separator != "--" or not command:
        sys.exit(__doc__)
    server = subprocess.Popen(
        [os.path.join(venv, "bin", "moto_server"), "--host", "127.0.0.1", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        for line in server.stdout:
            found = re.search(r"Running on (http://127\.0\.0\.1:\d+)", line)
            if found:
                break
        else:
            sys.exit("moto's server ended before it listened")
        # Its request log is of no interest, but an unread pipe would fill and stall it.
        drain = subprocess.Popen(["cat"], stdin=server.stdout, stdout=subprocess.DEVNULL)
        try:
            environment = dict(os.environ, NIGHTSHIFT_MOTO_URL=found.group(1), NIGHTSHIFT_VENV=os.path.abspath(venv))
            sys.exit(subprocess.call(command, env=environment))
        finally:
            drain.kill()
    finally:
        server.kill()


if __name__ == "__main__":
    main()
