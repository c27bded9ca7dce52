"""Opens the status page in headless Chromium as a person would, and prints what it shows, a line each:
status_page.py URL DIRECTORY

Screenshots of the light and the dark page are left in DIRECTORY.
"""
import base64
import pathlib
import sys
import time

from chromium import Browser


def shown(browser, session):
    """The page's text by the ids of its elements, once it has got its figures."""
    read = "Object.fromEntries([...document.querySelectorAll('[id]')].map(e => [e.id, e.textContent]))"
    end = time.monotonic() + 20
    while True:
        texts = browser.evaluate(session, read)
        if "connections" in texts or time.monotonic() > end:
            return texts
        time.sleep(0.05)


def main():
    url, directory = sys.argv[1], pathlib.Path(sys.argv[2])
    browser = Browser(directory)
    session = browser.open(url)
    texts = shown(browser, session)
    for scheme in ("light", "dark"):
        browser.call("Emulation.setEmulatedMedia", session,
                     features=[{"name": "prefers-color-scheme", "value": scheme}])
        texts[f"background-{scheme}"] = browser.evaluate(
            session, "getComputedStyle(document.body).backgroundColor")
        picture = browser.call("Page.captureScreenshot", session)["data"]
        (directory / f"status-{scheme}.png").write_bytes(base64.b64decode(picture))
    texts["sparklines"] = browser.evaluate(session, "document.querySelectorAll('svg.spark').length")
    texts["overflow"] = browser.evaluate(
        session, "document.documentElement.scrollWidth > document.documentElement.clientWidth")
    texts["origins"] = browser.evaluate(
        session, "[...new Set(performance.getEntriesByType('resource')"
                 ".map(e => new URL(e.name).origin))].join(' ')")
    browser.close()
    for name, text in texts.items():
        print(f"{name}: {' '.join(str(text).split())}")


main()
