"""Cold start and package size, beside an empty function and beside Python.

    cold_start.py [--runs N] FUNCTION_BINARY EMPTY_BINARY

Cold start is the time from spawning the process to its first request for work (GET .../invocation/next) at a Lambda
Runtime API served here. The contenders take turns, so that a machine that changes speed changes it for all of them;
medians and ratios are printed, since absolute times on a shared machine say little.

Python's contender imports what the same work would need there (boto3, kubernetes, slack_sdk) and makes the clients.
"""

import argparse
import io
import os
import socket
import statistics
import subprocess
import sys
import time
import zipfile

PYTHON = """
import os, urllib.request
import boto3, kubernetes, slack_sdk
boto3.client("cloudwatch"); boto3.client("eks"); boto3.client("dynamodb")
kubernetes.client.CoreV1Api(); slack_sdk.WebClient(token="x")
urllib.request.urlopen("http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2018-06-01/runtime/invocation/next")
"""


def until_first_request(command, listener):
    """Seconds from spawn to the first line that asks for work."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
        "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:%d" % listener.getsockname()[1],
        "AWS_LAMBDA_FUNCTION_NAME": "bench",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
        "AWS_LAMBDA_FUNCTION_VERSION": "1",
        "AWS_LAMBDA_LOG_GROUP_NAME": "bench",
        "AWS_LAMBDA_LOG_STREAM_NAME": "bench",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "NIGHTSHIFT_CLUSTERS": "prod-eks",
        "NIGHTSHIFT_STORE": "dynamodb:nightshift",
        "SLACK_BOT_TOKEN": "bench",
        "SLACK_CHANNEL": "C0BENCH",
    }
    start = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        while True:
            listener.settimeout(20)
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                process.kill()
                sys.exit("%s never asked for work:\n%s" % (command[0], process.stderr.read().decode()[-2000:]))
            with connection:
                connection.settimeout(20)
                request = connection.recv(4096)
                elapsed = time.perf_counter() - start
                if b"/invocation/next" in request:
                    return elapsed
                sys.exit("%s reported at start: %s" % (command[0], request.decode(errors="replace")[:2000]))
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def zipped(binary):
    """Bytes of the deployment package: the binary, zipped as `bootstrap`."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as package:
        package.write(binary, "bootstrap")
    return len(buffer.getvalue())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("function")
    parser.add_argument("empty")
    arguments = parser.parse_args()

    listener = socket.create_server(("127.0.0.1", 0))
    contenders = {
        os.path.basename(arguments.function): [arguments.function],
        os.path.basename(arguments.empty): [arguments.empty],
        "python": [sys.executable, "-c", PYTHON],
    }
    times = {name: [] for name in contenders}
    for round_ in range(arguments.runs + 1):
        for name, command in contenders.items():
            if name == "python" and round_ > max(3, arguments.runs // 4):
                continue
            elapsed = until_first_request(command, listener)
            if round_ > 0:  # the first round warms the page cache
                times[name].append(elapsed)

    ours, empty, python = (statistics.median(times[name]) for name in contenders)
    print("cold start: spawn to asking for work, median of %d" % arguments.runs)
    for name, values in times.items():
        print(
            "  %-18s %8.1f ms   (min %.1f, max %.1f)"
            % (name, statistics.median(values) * 1e3, min(values) * 1e3, max(values) * 1e3)
        )
    print("  against the empty function: %.2f x   (reach: 1.5)" % (ours / empty))
    print("  against Python:             1/%.0f    (reach: 1/25)" % (python / ours))
    print("package")
    for binary in (arguments.function, arguments.empty):
        print(
            "  %-18s %8.2f MB zipped, %.2f MB binary"
            % (os.path.basename(binary), zipped(binary) / 1e6, os.path.getsize(binary) / 1e6)
        )


if __name__ == "__main__":
    main()
