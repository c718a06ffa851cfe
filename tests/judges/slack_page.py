"""Chromium as an outside judge of sim's Slack page.

    slack_page.py PAGE CHROMIUM DIRECTORY

Drives the page at 1200 and 400 pixels, in light and dark: nothing overflows, every text has contrast, a typed `/health`
gets an answer, and a click on a service button gets its status. Pictures go into DIRECTORY.
"""

import pathlib
import sys

from playwright.sync_api import expect, sync_playwright

PAGE, CHROMIUM, DIRECTORY = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])

# The contrast of every visible text with what is behind it, after WCAG 2.2: 4.5, or 3 for large text.
CONTRAST = """() => {
  const parse = (css) => {
    const canvas = document.createElement('canvas');
    canvas.width = canvas.height = 1;
    const context = canvas.getContext('2d', { willReadFrequently: true });
    context.fillStyle = css;
    context.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = context.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = (top, below) => top.slice(0, 3).map((c, i) => c * top[3] + below[i] * (1 - top[3]));
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (node) => {
    const layers = [];
    for (let at = node; at; at = at.parentElement) layers.push(parse(getComputedStyle(at).backgroundColor));
    return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255]);
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement;
    const style = getComputedStyle(node);
    const box = node.getBoundingClientRect();
    if (!walker.currentNode.data.trim() || !node.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true })) continue;
    if (box.width < 2 || box.height < 2 || node.closest('.hidden, :disabled, option, .toast:not(.shown)')) continue;
    let opacity = 1;
    for (let at = node; at; at = at.parentElement) opacity *= Number(getComputedStyle(at).opacity);
    const page = behind(node);
    const color = parse(style.color);
    const text = over([...color.slice(0, 3), color[3] * opacity], page);
    const [a, b] = [luminance(text), luminance(page)].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (large ? 3 : 4.5)) found.push(`${ratio.toFixed(2)} ${node.className || node.tagName}: ${walker.currentNode.data.trim().slice(0, 40)}`);
  }
  return [...new Set(found)];
}"""

OVERFLOW = """() => {
  const found = [];
  if (document.documentElement.scrollWidth > innerWidth) found.push('the page itself');
  for (const node of document.querySelectorAll('main *, aside *')) {
    const scrolls = node.closest('.table, .hidden, textarea');
    const box = node.getBoundingClientRect();
    if (!scrolls && box.width > 0 && box.right > innerWidth + 1) found.push(node.className || node.tagName);
  }
  return [...new Set(found)];
}"""

UNLABELLED = """() => [...document.querySelectorAll('button, a, select, textarea')]
  .filter((node) => !(node.textContent.trim() || node.ariaLabel || node.labels?.length)).map((node) => node.outerHTML)"""


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def look(page, name):
    page.screenshot(path=DIRECTORY / f"{name}.png")
    for what, script in (("overflows", OVERFLOW), ("has too little contrast", CONTRAST), ("has no label", UNLABELLED)):
        found = page.evaluate(script)
        check(not found, f"{name}: {what}: {found}")


def type_in(page, text):
    composer = page.locator("#compose")
    composer.click()
    composer.press_sequentially(text)
    return composer


def drive(browser, width, scheme):
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce")
    page = context.new_page()
    problems = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(PAGE)
    name = f"{width}-{scheme}"
    look(page, f"{name}-channel")

    composer = type_in(page, "/h")
    expect(page.locator(".suggestions li")).to_have_count(1)
    page.screenshot(path=DIRECTORY / f"{name}-completion.png")
    composer.press("Tab")
    expect(composer).to_have_value("/health ")
    before = page.locator("main .ephemeral").count()
    composer.press("Enter")
    expect(page.locator("main .ephemeral")).to_have_count(before + 1)
    answer = page.locator("main .ephemeral").last
    expect(answer).to_contain_text("Only visible to you")
    look(page, f"{name}-health")

    type_in(page, "/service-status").press("Enter")
    button = page.locator("main .message").last.locator("button[data-at]").first
    expect(button).to_be_visible()
    service = button.inner_text()
    button.focus()
    button.press("Enter")
    expect(page.locator("main .message").last).to_contain_text(f"{service}: ")
    look(page, f"{name}-status")

    others = page.get_by_role("group", name="Act as").get_by_role("link")
    expect(others).to_have_count(3)
    others.last.click()
    expect(page.locator("main .ephemeral")).to_have_count(0)
    look(page, f"{name}-approver")

    page.locator("a.replies").first.click()
    expect(page.locator("#thread-messages")).to_be_visible()
    look(page, f"{name}-thread")
    check(not problems, problems)
    context.close()
    return name


with sync_playwright() as playwright:
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
    for width in (1200, 400):
        for scheme in ("light", "dark"):
            print(drive(browser, width, scheme))
    browser.close()
