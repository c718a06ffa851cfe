"""From spawning a function to its first Slack message, over the simulated 50-pod cluster, rules only.

    first_message.py [--runs N] NIGHTSHIFT FUNCTION_BINARY EMPTY_BINARY EVENT.json

Beside it, in turns: an empty function from spawn to its answer, and `same_work.py`, the same in Python.
"""

import argparse
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

from runtime_api import Runtime, Slack

HERE = pathlib.Path(__file__).parent


def start_sim(nightshift):
    """The simulated cluster and account; returns the process and the environment that points at them."""
    process = subprocess.Popen(
        [nightshift, "sim", "--scenario", "bad-rollout", "--nodes", "6", "--pods", "50"], stdout=subprocess.PIPE, text=True
    )
    environment = {}
    for line in process.stdout:
        if line.strip() == "ready":
            return process, environment
        found = re.fullmatch(r"export (\w+)='?(.*?)'?\n", line)
        if found:
            environment[found.group(1)] = found.group(2)
    sys.exit("nightshift sim ended before it was ready")


def run(command, environment, event, wait_for_message):
    """Seconds from spawn to the first message, or to the answer."""
    runtime, slack = Runtime(event), Slack()
    with tempfile.TemporaryDirectory() as directory:
        environment = {
            **environment,
            "PATH": os.environ["PATH"],
            "HOME": directory,
            "AWS_LAMBDA_RUNTIME_API": runtime.server.address,
            "AWS_LAMBDA_FUNCTION_NAME": "bench",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
            "AWS_LAMBDA_FUNCTION_VERSION": "1",
            "AWS_LAMBDA_LOG_GROUP_NAME": "bench",
            "AWS_LAMBDA_LOG_STREAM_NAME": "bench",
            "SLACK_API_URL": "http://%s/api" % slack.server.address,
            "SLACK_BOT_TOKEN": "bench",
            "SLACK_CHANNEL": "C0BENCH00",
            "NIGHTSHIFT_STORE": "file:%s/store" % directory,
        }
        for name in ("BEDROCK_ANALYSIS_AGENT_ID", "BEDROCK_ANALYSIS_AGENT_ALIAS_ID"):
            environment.pop(name, None)
        start = time.perf_counter()
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            done = slack.posted if wait_for_message else runtime.answered
            if not done.wait(60):
                sys.exit("%s: nothing within a minute; its answer: %s" % (command[-1], runtime.failure))
            return (slack.posted_at if wait_for_message else runtime.answered_at) - start, slack.first
        finally:
            process.kill()
            process.wait()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("nightshift")
    parser.add_argument("function")
    parser.add_argument("empty")
    parser.add_argument("event")
    arguments = parser.parse_args()

    sim, environment = start_sim(arguments.nightshift)
    # The sample is of another cluster; here it is about the simulated one.
    sample = pathlib.Path(arguments.event).read_text()
    bare = json.loads(re.sub(r'("ClusterName":\s*)"[^"]*"', r'\1"%s"' % environment["NIGHTSHIFT_CLUSTERS"], sample))
    batch = {
        "Records": [
            {
                "messageId": "00000000-0000-0000-0000-0000000000aa",
                "receiptHandle": "bench",
                "body": json.dumps(bare),
                "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "1700000000000"},
                "messageAttributes": {},
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:alarms",
                "awsRegion": "us-east-1",
            }
        ]
    }
    try:
        contenders = {
            "alarm-analysis": ([arguments.function], True),
            "empty-function": ([arguments.empty], False),
            "python": ([sys.executable, str(HERE / "same_work.py")], True),
        }
        times, message = {name: [] for name in contenders}, None
        for round_ in range(arguments.runs + 1):
            for name, (command, wait_for_message) in contenders.items():
                elapsed, posted = run(command, environment, batch, wait_for_message)
                if name == "alarm-analysis":
                    message = posted
                if round_ > 0:
                    times[name].append(elapsed)
    finally:
        sim.terminate()
        sim.wait()

    print("spawn to first message (the empty function: to its answer), median of %d" % arguments.runs)
    for name, values in times.items():
        print(
            "  %-18s %8.1f ms   (min %.1f, max %.1f)"
            % (name, statistics.median(values) * 1e3, min(values) * 1e3, max(values) * 1e3)
        )
    ours, empty, python = (statistics.median(values) for values in times.values())
    print("  against the empty function: %.1f x   (reach: 10)" % (ours / empty))
    print("  against Python:             1/%.1f   (reach: 1/10)" % (python / ours))
    print("  posted: %s" % (json.loads(message).get("text", "") if message.startswith("{") else message)[:160])


if __name__ == "__main__":
    main()
