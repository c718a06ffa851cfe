"""boto3 as an outside judge of the threshold alarms that the product has made.

Run with the environment of the simulation. Every alarm has to be one that CloudWatch's API describes, in the terms of MON-3.
"""

import os

import boto3

LINES = {"cpu": (70, 85), "memory": (75, 90), "disk": (75, 90)}
METRICS = {"cpu": "node_cpu_utilization", "memory": "node_memory_utilization", "disk": "node_filesystem_utilization"}


def check(condition, what):
    if not condition:
        raise AssertionError(what)


cluster = os.environ["NIGHTSHIFT_CLUSTERS"]
cloudwatch = boto3.client("cloudwatch")
pages = cloudwatch.get_paginator("describe_alarms").paginate(AlarmNamePrefix="nightshift-threshold-")
alarms = {alarm["AlarmName"]: alarm for page in pages for alarm in page["MetricAlarms"]}
for metric, lines in LINES.items():
    for severity, line in zip(("warning", "critical"), lines):
        alarm = alarms.pop(f"nightshift-threshold-{cluster}-nodes-{metric}-{severity}")
        check(alarm["Threshold"] == line and alarm["ComparisonOperator"] == "GreaterThanOrEqualToThreshold", alarm)
        check((alarm["Namespace"], alarm["MetricName"]) == ("ContainerInsights", METRICS[metric]), alarm)
        check(alarm["Dimensions"] == [{"Name": "ClusterName", "Value": cluster}] and alarm["Statistic"] == "Maximum", alarm)
        check(alarm["ActionsEnabled"] and alarm["EvaluationPeriods"] >= alarm["DatapointsToAlarm"] >= 1, alarm)
        print(alarm["AlarmName"], alarm["Threshold"])
check(not alarms, f"nobody asked for these: {sorted(alarms)}")
