"""intake, from spawn to asking for work and to its answer, beside an empty function; and what its package weighs.

    first_answer.py [--runs N] INTAKE_BINARY EMPTY_BINARY

A slash command, signed as Slack signs it, arrives in a process that has just been spawned; its event is put on a bus served here
over plain HTTP. So the figure holds everything but AWS's own network: a TLS handshake comes on top.
"""

import argparse
import hashlib
import hmac
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

from cold_start import zipped
from runtime_api import Runtime, Server

BODY = "command=%2Fhealth&text=&user_id=U0123456789&channel_id=C0123456789&trigger_id=1.2.x"
SECRET = "-".join(["for", "benches", "only"])
REACH_MB = 2.0


def slash_command():
    """A function URL's event with a command that is signed now."""
    at = str(int(time.time()))
    signature = hmac.new(SECRET.encode(), ("v0:%s:%s" % (at, BODY)).encode(), hashlib.sha256).hexdigest()
    event = json.loads((pathlib.Path(__file__).parents[2] / "events/url-slack-command.json").read_text())
    event["headers"]["x-slack-request-timestamp"] = at
    event["headers"]["x-slack-signature"] = "v0=" + signature
    return {**event, "body": BODY, "isBase64Encoded": False}


def run(command):
    """Seconds from spawn to asking for work, and to the answer; and how many events were put."""
    put = []

    def bus(_method, _path, body):
        entries = json.loads(body)["Entries"]
        put.extend(entries)
        answer = {"FailedEntryCount": 0, "Entries": [{"EventId": "e"} for _ in entries]}
        return 200, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps(answer).encode()

    runtime = Runtime(slash_command())
    environment = {
        "PATH": os.environ["PATH"],
        "AWS_LAMBDA_RUNTIME_API": runtime.server.address,
        "AWS_LAMBDA_FUNCTION_NAME": "bench",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
        "AWS_LAMBDA_FUNCTION_VERSION": "1",
        "AWS_LAMBDA_LOG_GROUP_NAME": "bench",
        "AWS_LAMBDA_LOG_STREAM_NAME": "bench",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "AWS_ENDPOINT_URL": "http://%s" % Server(bus).address,
        "NIGHTSHIFT_BUS": "nightshift",
        "SLACK_SIGNING_SECRET": SECRET,
    }
    start = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        if not runtime.answered.wait(20) or runtime.failure:
            process.kill()
            sys.exit("%s did not answer: %s\n%s" % (command[0], runtime.failure, process.stderr.read().decode()[-2000:]))
        return runtime.asked_at - start, runtime.answered_at - start, len(put)
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("intake")
    parser.add_argument("empty")
    arguments = parser.parse_args()
    cold, times = {"intake": [], "empty-function": []}, {"intake": [], "empty-function": []}
    for round_ in range(arguments.runs + 1):
        for name, binary in (("intake", arguments.intake), ("empty-function", arguments.empty)):
            asked, answered, put = run([binary])
            if put != (name == "intake"):
                sys.exit("%s put %d events" % (name, put))
            if round_ > 0:  # the first round warms the page cache
                cold[name].append(asked)
                times[name].append(answered)
    for what, measured in (("asking for work (cold start)", cold), ("the answer of a slash command", times)):
        print("intake: spawn to %s, median of %d" % (what, arguments.runs))
        for name, values in measured.items():
            extremes = (name, statistics.median(values) * 1e3, min(values) * 1e3, max(values) * 1e3)
            print("  %-18s %8.1f ms   (min %.1f, max %.1f)" % extremes)
        ours, empty = (statistics.median(values) for values in measured.values())
        print("  against the empty function: %.2f x" % (ours / empty))
    print("package")
    for name, binary in (("intake", arguments.intake), ("empty-function", arguments.empty)):
        reach = "   (reach: %.0f)" % REACH_MB if name == "intake" else ""
        print("  %-18s %8.2f MB zipped, %.2f MB binary%s" % (name, zipped(binary) / 1e6, os.path.getsize(binary) / 1e6, reach))


if __name__ == "__main__":
    main()
