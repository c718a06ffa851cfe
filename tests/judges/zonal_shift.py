"""boto3 as an outside judge of sim's zonal shifts. Ends with an exception at the first thing that is not as AWS has it."""

import datetime
import os

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

arc = boto3.client("arc-zonal-shift", config=Config(retries={"total_max_attempts": 1}))
cluster = os.environ["CLUSTER_ARN"]


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def refused(code, call, **arguments):
    try:
        call(**arguments)
    except ClientError as error:
        check(error.response["Error"]["Code"] == code, error.response)
        return error.response
    raise AssertionError(f"{code} expected, and the call succeeded")


start = {"resourceIdentifier": cluster, "awayFrom": "apne2-az1", "expiresIn": "30m", "comment": "judge"}

before = arc.get_managed_resource(resourceIdentifier=cluster)
check(before["arn"] == cluster and before["zonalShifts"] == [], before)
check(set(before["appliedWeights"].values()) == {1.0} and len(before["appliedWeights"]) == 3, before)

check(refused("ValidationException", arc.start_zonal_shift, **{**start, "awayFrom": "ap-northeast-2a"})["reason"]
      == "InvalidAz", "a zone's name is not its id")
for expires_in in ("30", "0m", "73h"):
    refused("ValidationException", arc.start_zonal_shift, **{**start, "expiresIn": expires_in})
refused("ResourceNotFoundException", arc.start_zonal_shift, **{**start, "resourceIdentifier": cluster + "-2"})

shift = arc.start_zonal_shift(**start)
check(shift["status"] == "ACTIVE" and shift["comment"] == "judge", shift)
check(shift["expiryTime"] - shift["startTime"] == datetime.timedelta(minutes=30), shift)
again = refused("ConflictException", arc.start_zonal_shift, **{**start, "awayFrom": "apne2-az2"})
check((again["reason"], again["zonalShiftId"]) == ("ZonalShiftAlreadyExists", shift["zonalShiftId"]), again)

during = arc.get_managed_resource(resourceIdentifier=cluster)
check(during["appliedWeights"]["apne2-az1"] == 0.0 and during["appliedWeights"]["apne2-az2"] == 1.0, during)
check([one["appliedStatus"] for one in during["zonalShifts"]] == ["APPLIED"], during)

longer = arc.update_zonal_shift(zonalShiftId=shift["zonalShiftId"], expiresIn="2h", comment="judge, longer")
check(longer["expiryTime"] - shift["startTime"] >= datetime.timedelta(hours=2), longer)
check(longer["comment"] == "judge, longer", longer)
check(len(arc.list_zonal_shifts(status="ACTIVE", resourceIdentifier=cluster)["items"]) == 1, "listed")
check(arc.list_zonal_shifts(status="EXPIRED")["items"] == [], "none has expired")

check(arc.cancel_zonal_shift(zonalShiftId=shift["zonalShiftId"])["status"] == "CANCELED", "canceled")
ended = refused("ConflictException", arc.cancel_zonal_shift, zonalShiftId=shift["zonalShiftId"])
check(ended["reason"] == "ZonalShiftStatusNotActive", ended)
refused("ResourceNotFoundException", arc.cancel_zonal_shift, zonalShiftId="00000000-0000-4000-8000-000000000000")
print("arc-zonal-shift: a shift started, met by a second, made longer and canceled")
