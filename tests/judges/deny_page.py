"""Chromium as whoever may approve: chooses to deny in words of one's own on sim's Slack page, goes back, chooses it again and
says why not.

    deny_page.py PAGE CHROMIUM DIRECTORY REASON

Pictures go into DIRECTORY.
"""

import pathlib
import sys

from playwright.sync_api import expect, sync_playwright

PAGE, CHROMIUM, DIRECTORY, REASON = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3]), sys.argv[4]

MINUTE = 60_000


def choose(page):
    page.get_by_role("combobox", name="Deny …").select_option(label="In my own words …")
    view = page.get_by_role("dialog", name="Deny this action")
    expect(view).to_be_visible(timeout=MINUTE)
    return view


def drive(browser):
    context = browser.new_context(viewport={"width": 1200, "height": 900}, reduced_motion="reduce")
    page = context.new_page()
    page.goto(PAGE)
    page.get_by_role("group", name="Act as").get_by_role("link").last.click()
    view = choose(page)
    view.get_by_role("button", name="Cancel").click()
    expect(view).to_have_count(0)
    page.reload()
    view = choose(page)
    view.get_by_role("button", name="Deny").click()
    expect(view).to_be_visible()
    reason = view.get_by_label("Why not?")
    reason.fill(REASON)
    page.screenshot(path=DIRECTORY / "why-not.png")
    view.get_by_role("button", name="Deny").click()
    expect(page.get_by_text(REASON)).to_be_visible(timeout=MINUTE)
    expect(page.get_by_role("combobox", name="Deny …")).to_have_count(0)
    page.screenshot(path=DIRECTORY / "denied.png")
    context.close()


with sync_playwright() as playwright:
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
    drive(browser)
    print("denied")
