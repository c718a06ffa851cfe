"""The same work in Python, for `first_message.py`: one alarm, one look at the cluster, one Slack message.

It reads what the rules need (cluster, nodes, pods, events, workloads, the crashing pods' logs, one metric) with the usual
libraries, names the first pod that waits with a reason, and posts. It diagnoses far less than Nightshift does.
"""

import datetime
import json
import os
import urllib.request

import boto3
import kubernetes
import slack_sdk

runtime = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2018-06-01/runtime/"
with urllib.request.urlopen(runtime + "invocation/next") as response:
    request_id = response.headers["Lambda-Runtime-Aws-Request-Id"]
    event = json.load(response)
alarm = json.loads(event["Records"][0]["body"])["detail"]

region = os.environ["AWS_REGION"]
boto3.client("eks", region_name=region).describe_cluster(name=os.environ["NIGHTSHIFT_CLUSTERS"])
configuration = kubernetes.client.Configuration(host=os.environ["NIGHTSHIFT_KUBE_ENDPOINT"])
client = kubernetes.client.ApiClient(configuration)
core, apps = kubernetes.client.CoreV1Api(client), kubernetes.client.AppsV1Api(client)
core.list_node()
pods = core.list_pod_for_all_namespaces().items
core.list_event_for_all_namespaces()
core.list_service_for_all_namespaces()
apps.list_deployment_for_all_namespaces()
apps.list_replica_set_for_all_namespaces()

finding = "nothing found"
for pod in pods:
    for status in pod.status.container_statuses or []:
        if status.state.waiting and status.state.waiting.reason not in (None, "ContainerCreating"):
            log = core.read_namespaced_pod_log(
                pod.metadata.name, pod.metadata.namespace, previous=status.restart_count > 0, tail_lines=50
            )
            finding = "%s/%s: %s: %s" % (
                pod.metadata.namespace,
                pod.metadata.name,
                status.state.waiting.reason,
                (log.strip().splitlines() or [""])[-1],
            )
now = datetime.datetime.now(datetime.timezone.utc)
boto3.client("cloudwatch", region_name=region).get_metric_data(
    MetricDataQueries=[
        {
            "Id": "m1",
            "MetricStat": {
                "Metric": {"Namespace": "ContainerInsights", "MetricName": "pod_number_of_container_restarts"},
                "Period": 60,
                "Stat": "Sum",
            },
        }
    ],
    StartTime=now - datetime.timedelta(hours=1),
    EndTime=now,
)
slack_sdk.WebClient(token="bench", base_url=os.environ["SLACK_API_URL"] + "/").chat_postMessage(
    channel=os.environ["SLACK_CHANNEL"], text="%s: %s" % (alarm["alarmName"], finding)
)
