"""Makes the golden vectors of the EKS bearer token with botocore, an implementation independent of ours.

    .venv/bin/python tests/judges/eks_token_vectors.py > shared/tests/vectors/eks_token.json

The keys are the example ones of AWS's own signing documentation: test vectors, not credentials.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

import base64
import datetime
import json
from unittest import mock

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import botocore.session

ACCESS_KEY = "AKID" + "EXAMPLE"
SECRET_KEY = "wJalrXUtnFEMI/K7MDENG+" + "bPxRfiCYEXAMPLEKEY"

CASES = [
    {"cluster": "prod", "region": "us-east-1", "time": "2015-08-30T12:36:00Z", "session_token": None},
    {"cluster": "prod-eks_2", "region": "ap-northeast-2", "time": "2026-02-28T23:59:59Z", "session_token": None},
    {"cluster": "shop", "region": "eu-west-1", "time": "2024-12-31T00:00:00Z", "session_token": "test/vector+token=="},
    {"cluster": "shop", "region": "cn-north-1", "time": "2024-12-31T00:00:00Z", "session_token": None},
    {"cluster": "shop", "region": "us-gov-west-1", "time": "2024-12-31T00:00:00Z", "session_token": None},
]


def token(case):
    """What `aws eks get-token` prints, as of the case's time."""
    now = datetime.datetime.strptime(case["time"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=datetime.timezone.utc)
    session = botocore.session.get_session()
    resolver = session.get_component("endpoint_resolver")
    host = resolver.construct_endpoint("sts", case["region"])["hostname"]
    credentials = botocore.credentials.Credentials(ACCESS_KEY, SECRET_KEY, case["session_token"])
    request = botocore.awsrequest.AWSRequest(
        method="GET",
        url=f"https://{host}/?Action=GetCallerIdentity&Version=2011-06-15",
        headers={"x-k8s-aws-id": case["cluster"]},
    )
    with mock.patch("botocore.auth.get_current_datetime", return_value=now.replace(tzinfo=None)):
        botocore.auth.SigV4QueryAuth(credentials, "sts", case["region"], expires=60).add_auth(request)
    return "k8s-aws-v1." + base64.urlsafe_b64encode(request.url.encode()).decode().rstrip("=")


print(json.dumps([{**case, "token": token(case)} for case in CASES], indent=1))
