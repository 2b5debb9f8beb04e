"""Every page of the console as a picture: `make screenshots` writes them to build/screenshots.

A red storm over the whole prefecture on simulated phones, in virtual time, from a seed: the same pictures every time. A
laptop (1366 x 768) and a small phone (360 x 740), Chinese and English.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from console_site import PASSWORD, Bureau, Served  # noqa: E402 - found below tests/

from warning_dispatch.logs import configure_logging  # noqa: E402 - behind the path
from warning_dispatch.model.console_views import CalleeQuery  # noqa: E402 - behind the path
from warning_dispatch.model.states import UNREACHED  # noqa: E402 - behind the path

OUT = ROOT / "build" / "screenshots"
SIZES = {"laptop": (1366, 768), "phone": (360, 740)}
LANGUAGES = ("zh", "en")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
HAND = {"colour": "red", "reason": "实况雨量已达标，带班领导要求", "text": "岚县、兴县过去一小时降雨 62 毫米。"}


def main() -> int:
    """Play the storm, then visit page after page."""
    chromium = next((found for name in CHROMIUMS if (found := shutil.which(name))), None)
    if chromium is None:
        print("没有找到 Chromium / no Chromium found; Debian: apt-get install chromium")
        return 1
    OUT.mkdir(parents=True, exist_ok=True)
    configure_logging("error", json=False)
    with tempfile.TemporaryDirectory() as folder:
        bureau = Bureau(Path(folder), lines=60)
        drill = bureau.drill()
        bureau.play(780)
        bureau.end_drill(drill)
        bureau.play(3_600)
        interrupted = bureau.drill("1411")
        bureau.play(300)
        over = bureau.one_that_is_over()
        callout = bureau.warn()
        bureau.play(780)
        bureau.reports(callout)
        message = bureau.quarantined()
        bureau.play(3)
        late = bureau.read.page(callout, CalleeQuery(states=UNREACHED, tier="villages", area="141124", limit=1)).rows[0]
        addresses = {
            "now": "/console/",
            "callout": f"/console/callouts/{callout}",
            "county": f"/console/callouts/{callout}?area=141124&show=open",
            "unit": f"/console/callouts/{callout}/units/{late.callee_id}",
            "response": f"/console/callouts/{callout}/response",
            "response-county": f"/console/callouts/{callout}/response?area=141124",
            "callouts": "/console/callouts",
            "warnings": "/console/warnings",
            "warning": f"/console/warnings/{message}",
            "drills": "/console/drills",
            "drill-new": "/console/drills/new",
            "drill": f"/console/drills/{interrupted}",
            "drill-report": f"/console/drills/{drill}/report",
            "start": "/console/start",
            "records": "/console/records",
            "record": f"/console/records/{over}",
            "season": "/console/records/season?year=2026",
            "record-form": f"/console/records/{over}/form",
            "record-summary": f"/console/records/{over}/summary",
            "planning": "/console/planning",
        }
        with Served(bureau.app()) as served, sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=chromium, args=FLAGS)
            for size, (width, height) in SIZES.items():
                for language in LANGUAGES:
                    context = browser.new_context(viewport={"width": width, "height": height}, locale="zh-CN")
                    page = context.new_page()
                    for name, address in addresses.items():
                        visit(page, f"{served.address}{address}", language)
                        take(page, f"{name}-{language}-{size}")
                    preview(page, served.address, language)
                    take(page, f"preview-{language}-{size}")
                    play(page, served.address, language)
                    take(page, f"planned-{language}-{size}")
                    context.close()
            browser.close()
        county(bureau, callout, late.callee_id, chromium)
        bureau.close()
    print(f"{len(list(OUT.glob('*.png')))} pictures in {OUT.relative_to(ROOT)}")
    return 0


def county(bureau: Any, callout: int, callee: int, chromium: str) -> None:
    """The same night from the desk of one county."""
    addresses = {
        "now": "/console/",
        "callout": f"/console/callouts/{callout}",
        "unit": f"/console/callouts/{callout}/units/{callee}",
        "warnings": "/console/warnings",
        "start": "/console/start",
    }
    with Served(bureau.gated(bureau.login(lin="141124"))) as served, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=FLAGS)
        for size, (width, height) in SIZES.items():
            page = browser.new_context(viewport={"width": width, "height": height}, locale="zh-CN").new_page()
            page.goto(f"{served.address}/login")
            page.fill("#name", "lin")
            page.fill("[name=password]", PASSWORD)
            page.keyboard.press("Enter")
            page.wait_for_url("**/console/")
            for language in LANGUAGES:
                for name, address in addresses.items():
                    visit(page, f"{served.address}{address}", language)
                    take(page, f"part-{name}-{language}-{size}")
        browser.close()


def visit(page: Any, address: str, language: str) -> None:
    """Open a page and let its stream settle."""
    page.goto(address + ("&" if "?" in address else "?") + f"lang={language}")
    page.wait_for_timeout(300)


def preview(page: Any, address: str, language: str) -> None:
    """Fill in the form by which a warning is begun by hand, up to its preview."""
    visit(page, f"{address}/console/start", language)
    page.select_option("#hazard", index=1)
    for code in ("141127", "141123"):
        page.check(f'input[name="area"][value="{code}"]')
    page.fill("#text", HAND["text"])
    page.fill("#why", HAND["reason"])
    page.click('button[value="preview"]')
    page.wait_for_load_state()


def play(page: Any, address: str, language: str) -> None:
    """A county on five and fifteen lines, played to the end."""
    visit(page, f"{address}/console/planning", language)
    page.select_option("#area", "141129")
    page.fill("#lines", "5,15")
    page.fill("#storms", "10")
    page.click("button[type=submit].main")
    page.wait_for_selector(".plot svg", timeout=120_000)
    page.wait_for_timeout(300)


def take(page: Any, name: str) -> None:
    """What stands on the first screen, and the whole page beside it where it is longer."""
    page.screenshot(path=OUT / f"{name}.png")
    height = page.evaluate("document.documentElement.scrollHeight")
    if height > page.viewport_size["height"]:
        page.screenshot(path=OUT / f"{name}-whole.png", full_page=True)


if __name__ == "__main__":
    sys.exit(main())
