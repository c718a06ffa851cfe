"""Translates the template as CloudFormation's SAM transform does, with its own library: what cfn-lint lets through, such as two
resources of one name, is refused here. `sam_template.py TEMPLATE`; says nothing where it is well."""

import os
import pathlib
import sys

from boto3.session import Session
from samtranslator.parser.parser import Parser
from samtranslator.public.exceptions import InvalidDocumentException
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse


def main(path: pathlib.Path) -> int:
    template = yaml_parse(path.read_text())
    functions = [one for one in template["Resources"].values() if one["Type"] == "AWS::Serverless::Function"]
    binaries = sorted(one.name for one in (path.parent.parent / "functions").iterdir() if (one / "Cargo.toml").exists())
    packages = sorted(pathlib.Path(one["Properties"]["CodeUri"]).parent.name for one in functions)
    if packages != binaries:
        print(f"the template deploys {packages}, the functions are {binaries}")
        return 1
    for function in functions:
        # Where packaging puts it; the translator knows no local files.
        function["Properties"]["CodeUri"] = "s3://bucket/key"
    session = Session(aws_access_key_id="none", aws_secret_access_key="none", region_name="us-east-1")
    try:
        Translator({}, Parser(), plugins=[], boto_session=session).translate(template, {})
    except InvalidDocumentException as error:
        for cause in error.causes:
            print(cause.message)
        return 1
    return 0


if __name__ == "__main__":
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
    sys.exit(main(pathlib.Path(sys.argv[1]).resolve()))
