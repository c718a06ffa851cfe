"""Judges sim's other account by boto3: who has not assumed its role is refused, who has is let in, in its region only."""

import os
from datetime import datetime, timedelta, timezone

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ROLE = os.environ["ROLE_ARN"]
REGION = os.environ["AWS_REGION"]
CALLS = [
    ("eks", "describe_cluster", {"name": os.environ["NIGHTSHIFT_CLUSTERS"]}, "AccessDeniedException"),
    ("cloudwatch", "describe_alarms", {}, "AccessDenied"),
    ("ec2", "describe_availability_zones", {}, "UnauthorizedOperation"),
    ("arc-zonal-shift", "list_zonal_shifts", {}, "AccessDeniedException"),
]


def client(service, region=REGION, **keys):
    return boto3.client(service, region_name=region, config=Config(retries={"total_max_attempts": 1}), **keys)


def refusal(call, **arguments):
    try:
        call(**arguments)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return None


def check(condition, what):
    if not condition:
        raise SystemExit(f"wrong: {what}")


sts = client("sts")
other = ROLE.rpartition("/")[0] + "/nobody"
check(refusal(sts.assume_role, RoleArn=other, RoleSessionName="judge") == "AccessDenied", "another role is refused")
check(refusal(sts.assume_role, RoleArn=ROLE, RoleSessionName="a b") == "ValidationError", "a name with a space")
for service, operation, arguments, code in CALLS:
    got = refusal(getattr(client(service), operation), **arguments)
    check(got == code, f"{service} without the role: {got}")

answer = sts.assume_role(RoleArn=ROLE, RoleSessionName="judge")
given = answer["Credentials"]
left = given["Expiration"] - datetime.now(timezone.utc)
check(timedelta(minutes=55) < left <= timedelta(hours=1), f"an hour: {left}")
check(answer["AssumedRoleUser"]["Arn"].endswith(":assumed-role/nightshift-reads/judge"), answer["AssumedRoleUser"])
keys = {
    "aws_access_key_id": given["AccessKeyId"],
    "aws_secret_access_key": given["SecretAccessKey"],
    "aws_session_token": given["SessionToken"],
}
for service, operation, arguments, _ in CALLS:
    check(refusal(getattr(client(service, **keys), operation), **arguments) is None, f"{service} by the role")
    elsewhere = refusal(getattr(client(service, "eu-west-1", **keys), operation), **arguments)
    check(elsewhere == "SignatureDoesNotMatch", f"{service} in another region: {elsewhere}")
print("who has assumed the role is let in")
