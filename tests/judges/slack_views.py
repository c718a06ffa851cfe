"""Slack's own client as an outside judge of `views.open`. Says `ready`, then takes a trigger from each line of its input, since a
trigger is good for three seconds only: the first opens a dialog, the second has expired. Ends with an exception at the first
thing that is not as Slack has it."""

import os
import sys

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.models.blocks import InputBlock, PlainTextInputElement
from slack_sdk.models.views import View

slack = WebClient(token=os.environ["SLACK_BOT_TOKEN"], base_url=os.environ["SLACK_API_URL"])


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def refused(code, trigger, view):
    try:
        slack.views_open(trigger_id=trigger, view=view)
    except SlackApiError as error:
        check(error.response["error"] == code, error.response.data)
        return error.response.data
    raise AssertionError(f"{code} expected, and the call succeeded")


def dialog():
    element = PlainTextInputElement(action_id="text", multiline=True, max_length=200)
    blocks = [InputBlock(block_id="reason", label="Why not?", element=element)]
    return View(type="modal", title="Judged", submit="Deny", close="Back", callback_id="judged", private_metadata="kept",
                blocks=blocks)


print("ready", flush=True)
first = sys.stdin.readline().strip()
good = dialog().to_dict()
for wrong in ({"title": {"type": "plain_text", "text": "x" * 25}}, {"submit": None}, {"blocks": []}):
    told = refused("invalid_arguments", first, {**good, **wrong})
    check(told["response_metadata"]["messages"], told)
refused("invalid_trigger_id", "1.2.nobody", dialog())
opened = slack.views_open(trigger_id=first, view=dialog())["view"]
check(opened["id"].startswith("V") and opened["root_view_id"] == opened["id"] and opened["hash"], opened)
check(opened["state"] == {"values": {}} and opened["previous_view_id"] is None, opened)
check((opened["callback_id"], opened["private_metadata"]) == ("judged", "kept"), opened)
check(opened["blocks"][0]["element"]["action_id"] == "text", opened)
refused("exchanged_trigger_id", first, dialog())
print(opened["id"], flush=True)
refused("expired_trigger_id", sys.stdin.readline().strip(), dialog())
print("judged", flush=True)
