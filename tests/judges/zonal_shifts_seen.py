"""boto3 at zonal shifts that somebody else has begun: `look` prints those that stand, as JSON; `cancel` ends them before, as
somebody at the console does."""

import json
import sys

import boto3
from botocore.config import Config

arc = boto3.client("arc-zonal-shift", config=Config(retries={"total_max_attempts": 1}))


def standing():
    return arc.list_zonal_shifts(status="ACTIVE")["items"]


if sys.argv[1] == "cancel":
    for shift in standing():
        arc.cancel_zonal_shift(zonalShiftId=shift["zonalShiftId"])
shifts = [{
    "resourceIdentifier": shift["resourceIdentifier"], "awayFrom": shift["awayFrom"], "comment": shift["comment"],
    "lastsMinutes": round((shift["expiryTime"] - shift["startTime"]).total_seconds() / 60),
} for shift in standing()]
print(json.dumps(shifts))
