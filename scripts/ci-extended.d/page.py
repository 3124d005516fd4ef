"""Opens a report in a headless Chromium and looks for what a reader would trip over.

    page.py PAGE.html FOLDER

At 1280 and 390 pixels, with scripts and without, and wide on a dark ground and as it is printed: a screenshot of the whole page in FOLDER; no message on the console, no
dialog, no request but for the page itself, nothing wider than the window, no element or attribute that a comment could
have smuggled in (the page has no picture, frame or form; links lead to the page or to http), and some text and charts to
see. On a queue, decisions are made by key and saved: moderation.csv and selection.csv in FOLDER hold what was decided, and no cell
of them is a formula. Speaks the DevTools protocol over a pipe, with Python's own library alone.
"""

import base64
import csv
import json
import os
import select
import subprocess
import sys
import tempfile
from pathlib import Path

VIEWS = {"wide": (1280, 900), "narrow": (390, 844)}

# What is seen otherwise than on a light screen: the medium and the colours that are asked for. A4 within its margins is 718 pixels wide.
MEDIA = {"dark": ("screen", "dark", VIEWS["wide"]), "print": ("print", "light", (718, 1000))}

# Run in the page; gives a list of complaints, and figures to print.
LOOK = r"""
(() => {
  const complaints = [];
  const all = [...document.querySelectorAll('*')];
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth > width) {
    const wide = all.filter(e => e.getBoundingClientRect().right > width + 1)
      .map(e => e.tagName.toLowerCase() + (e.className.baseVal ?? e.className ?? '' ? '.' + (e.className.baseVal ?? e.className) : ''));
    complaints.push(`the page is ${document.documentElement.scrollWidth} px wide, the window ${width}: ` +
      [...new Set(wide)].slice(0, 8).join(', '));
  }
  const foreign = 'img, iframe, frame, object, embed, form, base, link, audio, video, source, portal, foreignObject, marquee, template';
  for (const e of document.querySelectorAll(foreign)) complaints.push(`a <${e.tagName.toLowerCase()}> on the page`);
  for (const e of all) for (const a of e.attributes) {
    if (/^on/i.test(a.name)) complaints.push(`<${e.tagName}> has ${a.name}`);
    if (/^(href|src|xlink:href|action|formaction)$/i.test(a.name) && !/^(https?:|#|(queue|report)\.html(#|$))/i.test(a.value))
      complaints.push(`<${e.tagName}> has ${a.name}=${a.value.slice(0, 60)}`);
  }
  if (document.scripts.length > 1) complaints.push(`${document.scripts.length} scripts`);
  if (globalThis.smuggled !== undefined) complaints.push('a comment ran as a script');
  const small = all.filter(e => e.closest('svg') === null && e.innerText?.trim() && !e.children.length &&
    parseFloat(getComputedStyle(e).fontSize) < 11).length;
  if (small) complaints.push(`${small} texts smaller than 11 px`);
  const charts = [...document.querySelectorAll('svg')].filter(e => e.getBoundingClientRect().width > 100);
  if (!charts.length) complaints.push('no chart to see');
  if (document.body.innerText.length < 500) complaints.push('hardly a text to see');
  return {complaints: [...new Set(complaints)], text: document.body.innerText.length, elements: all.length, charts: charts.length};
})()
"""


class Browser:
    """A Chromium and the pipe to it."""

    def __init__(self, profile: str) -> None:
        theirs_in, self.to = os.pipe()
        self.back, theirs_out = os.pipe()
        options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars"]
        command = ["chromium", *options, f"--user-data-dir={profile}", "--remote-debugging-pipe", "about:blank"]
        # Chromium reads commands from descriptor 3 and answers on 4.
        shell = ["bash", "-c", f'exec "$@" 3<&{theirs_in} 4>&{theirs_out}', "_", *command]
        self.process = subprocess.Popen(shell, pass_fds=(theirs_in, theirs_out), stderr=subprocess.DEVNULL)
        os.close(theirs_in)
        os.close(theirs_out)
        self.rest, self.count = b"", 0
        self.events: list[dict] = []

    def send(self, method: str, session: str | None, params: dict) -> int:
        self.count += 1
        message = {"id": self.count, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        os.write(self.to, json.dumps(message).encode() + b"\0")
        return self.count

    def receive(self) -> dict:
        while b"\0" not in self.rest:
            ready, _, _ = select.select([self.back], [], [], 60)
            part = os.read(self.back, 1 << 16) if ready else b""
            if not part:
                sys.exit("page.py: chromium says nothing; does `chromium --headless --dump-dom about:blank` work here?")
            self.rest += part
        message, _, self.rest = self.rest.partition(b"\0")
        message = json.loads(message)
        if message.get("method") == "Page.javascriptDialogOpening":
            # A dialog holds everything up until it is closed.
            self.send("Page.handleJavaScriptDialog", message["sessionId"], {"accept": False})
        return message

    def call(self, method: str, session: str | None = None, **params: object) -> dict:
        number = self.send(method, session, params)
        while (answer := self.receive()).get("id") != number:
            self.events.append(answer)
        if "error" in answer:
            sys.exit(f"page.py: {method}: {answer['error']['message']}")
        return answer["result"]

    def wait(self, event: str) -> None:
        while not any(message.get("method") == event for message in self.events):
            self.events.append(self.receive())


def look(
    browser: Browser, page: str, size: tuple[int, int], scripts: bool, screenshot: Path, medium: tuple[str, str] = ("screen", "light")
) -> list[str]:
    target = browser.call("Target.createTarget", url="about:blank")["targetId"]
    session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
    for domain in ("Page", "Runtime", "Log", "Network"):
        browser.call(f"{domain}.enable", session)
    width, height = size
    mobile = width < 600
    browser.call(
        "Emulation.setDeviceMetricsOverride", session, width=width, height=height, deviceScaleFactor=1, mobile=mobile
    )
    colours = [{"name": "prefers-color-scheme", "value": medium[1]}]
    browser.call("Emulation.setEmulatedMedia", session, media=medium[0], features=colours)
    browser.call("Emulation.setScriptExecutionDisabled", session, value=not scripts)
    browser.events.clear()
    browser.call("Page.navigate", session, url=page)
    browser.wait("Page.loadEventFired")
    content = browser.call("Page.getLayoutMetrics", session)["cssContentSize"]
    # Chromium draws no picture higher than 16,384 pixels.
    clip = {"x": 0, "y": 0, "width": width, "height": min(content["height"], 16_000), "scale": 1}
    png = browser.call("Page.captureScreenshot", session, format="png", captureBeyondViewport=True, clip=clip)["data"]
    screenshot.write_bytes(base64.b64decode(png))
    if scripts and medium[0] == "screen":
        # Whatever can be pressed is: texts are shown, parts opened, tables sorted, and their scripts have run.
        press = "for (const e of document.querySelectorAll('button, summary, th, input')) e.click()"
        browser.call("Runtime.evaluate", session, expression=press)
    seen = browser.call("Runtime.evaluate", session, expression=LOOK, returnByValue=True)["result"]["value"]
    complaints = seen.pop("complaints")
    if medium[0] == "print":
        # Paper is read closer by.
        complaints = [complaint for complaint in complaints if "smaller than" not in complaint]
    if content["width"] > width:
        complaints.append(f"the layout is {content['width']} px wide")
    for message in browser.events:
        params, method = message.get("params", {}), message.get("method")
        if method == "Log.entryAdded":
            complaints.append(f"console: {params['entry']['text']}")
        elif method == "Runtime.consoleAPICalled":
            complaints.append(f"console: {[argument.get('value') for argument in params['args']]}")
        elif method == "Runtime.exceptionThrown":
            complaints.append(f"exception: {params['exceptionDetails']['text']}")
        elif method == "Page.javascriptDialogOpening":
            complaints.append(f"a dialog: {params['message']}")
        elif method == "Network.requestWillBeSent" and params["request"]["url"] != page:
            complaints.append(f"a request: {params['request']['url'][:100]}")
    browser.call("Target.closeTarget", targetId=target)
    print(f"{screenshot.name}: {content['height']:.0f} px high, {seen}")
    return complaints


def decide(browser: Browser, page: str, folder: Path) -> list[str]:
    """Rejects the first comment with a note, approves the second, takes that back, escalates it, and saves; gives complaints."""
    target = browser.call("Target.createTarget", url="about:blank")["targetId"]
    session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
    browser.call("Page.enable", session)
    browser.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(folder.resolve()), eventsEnabled=True)

    def load() -> None:
        browser.events.clear()
        browser.call("Page.navigate", session, url=page)
        browser.wait("Page.loadEventFired")

    def value(expression: str) -> object:
        return browser.call("Runtime.evaluate", session, expression=expression, returnByValue=True)["result"].get("value")

    # What earlier looks at the page decided is forgotten.
    load()
    value("localStorage.clear()")
    load()
    cards = value("document.querySelectorAll('.card').length")
    if not cards:
        return []
    value("document.getElementById('actor').value = '=ana'; document.activeElement.blur()")

    def press(keys: str) -> None:
        for key in keys:
            for kind in ("keyDown", "keyUp"):
                browser.call("Input.dispatchKeyEvent", session, type=kind, key=key, text=key if kind == "keyDown" else "")

    # The note is typed into its field: none of its letters decides anything.
    press("jsn=read")
    value("document.activeElement.blur(); document.querySelector('.card').focus()")
    press("rau")
    if cards > 1:
        value("document.querySelectorAll('.card')[1].focus()")
        press("e")
    complaints = []
    value("document.querySelector('.card').focus()")
    press("t")
    there = value("(document.activeElement.closest('.whole')?.open ?? false) && document.activeElement.querySelector('a').hash")
    press("t")
    back = value("'#' + document.activeElement.id")
    if there != back or back != value("'#' + document.querySelector('.card').id"):
        complaints.append(f"the key t leads to the thread at {there}, and back to {back}")
    if not value("document.querySelector('.card .show').checked"):
        complaints.append("the key s shows no text")
    value("document.getAnimations().forEach((animation) => animation.finish())")
    sharp = value("getComputedStyle(document.querySelector('.card .own')).filter")
    blurred = value("getComputedStyle([...document.querySelectorAll('.card .own')].at(-1)).filter")
    if sharp != "none" or (cards > 1 and "blur" not in str(blurred)):
        complaints.append(f"shown is {sharp}, not asked for is {blurred}")
    for button, name in (("save-decisions", "moderation.csv"), ("save-rows", "selection.csv")):
        value(f"document.getElementById('{button}').click()")
        begun: set[str] = set()
        while not any(e.get("state") == "completed" and e["guid"] in begun for e in (m.get("params", {}) for m in browser.events)):
            browser.events.append(browser.receive())
            begun = {m["params"]["guid"] for m in browser.events if m.get("params", {}).get("suggestedFilename") == name}
    with (folder / "moderation.csv").open(newline="", encoding="utf-8") as file:
        decisions = list(csv.DictReader(file))
    with (folder / "selection.csv").open(newline="", encoding="utf-8") as file:
        selection = list(csv.DictReader(file))
    made = [(row["id"], row["decision"], row["note"], row["actor"]) for row in decisions]
    first = value("document.querySelector('.card').dataset.id")
    wanted = [("reject", "'=read", "'=ana"), ("escalate", "", "'=ana")][:cards]
    if [row[1:] for row in made] != wanted or made[0][0].removeprefix("'") != first:
        complaints.append(f"saved decisions are {made}, and the first comment is {first}")
    if any(len(row["text_sha256"]) != 64 for row in decisions):
        complaints.append("a saved decision does not say of which text")
    if len(selection) != cards:
        complaints.append(f"{len(selection)} rows saved, {cards} shown")
    for row in decisions + selection:
        complaints += [f"a formula: {cell[:40]}" for cell in row.values() if cell and cell[0] in "=+-@\t\r"]
    browser.call("Target.closeTarget", targetId=target)
    print(f"queue: {cards} cards, {len(decisions)} decisions saved, {len(selection)} rows saved")
    return complaints


def main() -> None:
    report, folder = Path(sys.argv[1]).resolve(), Path(sys.argv[2])
    failed = False
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(profile)
        for view, size in VIEWS.items():
            for scripts in (True, False):
                name = f"{view}-{'with' if scripts else 'without'}-scripts.png"
                for complaint in look(browser, report.as_uri(), size, scripts, folder / name):
                    failed = True
                    print(f"  {name}: {complaint}", file=sys.stderr)
        for name, (medium, colours, size) in MEDIA.items():
            for complaint in look(browser, report.as_uri(), size, True, folder / f"{name}.png", (medium, colours)):
                failed = True
                print(f"  {name}.png: {complaint}", file=sys.stderr)
        if report.name == "queue.html":
            for complaint in decide(browser, report.as_uri(), folder):
                failed = True
                print(f"  queue: {complaint}", file=sys.stderr)
        browser.call("Browser.close")
        browser.process.wait(timeout=30)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
