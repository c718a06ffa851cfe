"""Chromium as whoever is on call: reads the thread of a bad rollout on sim's Slack page, presses Approve, and sees it recover.

    remediation_page.py PAGE CHROMIUM DIRECTORY

PAGE is that of `nightshift demo --scenario bad-rollout`. Pictures go into DIRECTORY.
"""

import pathlib
import sys

from playwright.sync_api import expect, sync_playwright

PAGE, CHROMIUM, DIRECTORY = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])

MINUTE = 60_000


def drive(browser):
    context = browser.new_context(viewport={"width": 1200, "height": 1400}, reduced_motion="reduce")
    page = context.new_page()
    page.goto(PAGE)
    people = page.get_by_role("group", name="Act as").get_by_role("link")
    people.last.click()
    replies = page.locator("a.replies").first
    expect(replies).to_be_visible(timeout=2 * MINUTE)
    replies.click()
    thread = page.locator("#thread-messages")
    approve = thread.get_by_role("button", name="Approve")
    expect(approve).to_be_visible(timeout=MINUTE)
    for said in ("Roll back payments/api to revision 14?", "DEPLOY_ENV", "Way back", "one approver, until"):
        expect(thread).to_contain_text(said)
    approve.scroll_into_view_if_needed()
    page.screenshot(path=DIRECTORY / "asked.png")
    approve.click()
    expect(thread).to_contain_text("recovery is watched", timeout=MINUTE)
    expect(approve).to_have_count(0)
    page.screenshot(path=DIRECTORY / "watched.png")
    expect(thread).to_contain_text("Recovered: Roll back payments/api to revision 14", timeout=3 * MINUTE)
    expect(thread).to_contain_text("approved by")
    thread.get_by_text("approved by").first.scroll_into_view_if_needed()
    page.screenshot(path=DIRECTORY / "recovered.png")
    context.close()


with sync_playwright() as playwright:
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
    drive(browser)
    print("recovered")
