"""Opens a report in a headless Chromium and looks for what a reader would trip over.

    page.py PAGE.html FOLDER

At 1280 and 390 pixels, with scripts and without, and wide on a dark ground and as it is printed: a screenshot of the whole page in FOLDER; no message on the console, no
dialog, no request but for the page itself, nothing wider than the window, no element or attribute that a comment could
have smuggled in (the page has no picture, frame or form; links lead to the page, its charts or to http), and some text and charts to
see. On a queue, decisions are made by key and saved: moderation.csv and selection.csv in FOLDER contain what was decided, and no cell
of them is a formula; every flagged comment can be reached. On a report, tables come before charts. Speaks the DevTools protocol over a pipe, with Python's own library alone.
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
    if (/^(href|src|xlink:href|action|formaction)$/i.test(a.name) && !/^(https?:|#|(queue|report)\.html(#|$)|charts\/[\w-]+\.svg$)/i.test(a.value))
      complaints.push(`<${e.tagName}> has ${a.name}=${a.value.slice(0, 60)}`);
  }
  // Data is no script.
  const scripts = [...document.scripts].filter(e => e.type !== 'application/json');
  if (scripts.length > 1) complaints.push(`${scripts.length} scripts`);
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

    def download(self, name: str) -> None:
        """Waits until a file is saved."""
        while True:
            told = [message.get("params", {}) for message in self.events]
            begun = {event["guid"] for event in told if event.get("suggestedFilename") == name}
            if any(event.get("state") == "completed" and event["guid"] in begun for event in told):
                return
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
            details = params["exceptionDetails"]
            complaints.append(f"exception: {details.get('exception', details).get('description', details['text'])}")
        elif method == "Page.javascriptDialogOpening":
            complaints.append(f"a dialog: {params['message']}")
        elif method == "Network.requestWillBeSent" and params["request"]["url"] != page:
            complaints.append(f"a request: {params['request']['url'][:100]}")
    browser.call("Target.closeTarget", targetId=target)
    print(f"{screenshot.name}: {content['height']:.0f} px high, {seen}")
    return complaints


class Page:
    """A page in a tab of its own, with keys to press and expressions to evaluate."""

    def __init__(self, browser: Browser, url: str) -> None:
        self.browser, self.url, self.loads = browser, url, 0
        self.target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = browser.call("Target.attachToTarget", targetId=self.target, flatten=True)["sessionId"]
        browser.call("Page.enable", self.session)
        self.load()

    def load(self, part: str = "") -> None:
        # An address that differs from the one before in its fragment alone loads nothing.
        self.loads += 1
        self.browser.events.clear()
        self.browser.call("Page.navigate", self.session, url=f"{self.url}?{self.loads}{part}")
        self.browser.wait("Page.loadEventFired")

    def value(self, expression: str) -> object:
        answer = self.browser.call("Runtime.evaluate", self.session, expression=expression, returnByValue=True)
        if "exceptionDetails" in answer:
            sys.exit(f"page.py: {expression}: {answer['exceptionDetails']['exception'].get('description')}")
        return answer["result"].get("value")

    def press(self, *keys: str) -> None:
        """Presses keys; a word of several letters is typed."""
        named = {"Enter": (13, "\r"), "Escape": (27, ""), "Tab": (9, "")}
        for key in (key for word in keys for key in ([word] if word in named else word)):
            code, text = named.get(key, (0, key))
            for kind in ("keyDown", "keyUp"):
                options = {"windowsVirtualKeyCode": code} if code else {}
                text_of = text if kind == "keyDown" else ""
                self.browser.call("Input.dispatchKeyEvent", self.session, type=kind, key=key, text=text_of, **options)

    def set(self, name: str, value: str, event: str = "input") -> None:
        self.value(f"document.getElementById({name!r}).value = {value!r};"
                   f"document.getElementById({name!r}).dispatchEvent(new Event({event!r}, {{bubbles: true}}))")

    def text(self, selector: str) -> str:
        return str(self.value(f"document.querySelector({selector!r})?.innerText ?? ''"))

    def click(self, selector: str) -> None:
        self.value(f"document.querySelector({selector!r}).click()")

    def focused(self) -> object:
        return self.value("document.activeElement.closest('.card') === document.activeElement && document.activeElement.id")

    def close(self) -> None:
        self.browser.call("Target.closeTarget", targetId=self.target)


def number(words: str) -> int:
    return int("".join(letter for letter in words if letter.isdigit()) or 0)


def decide(browser: Browser, url: str, folder: Path, flagged: list[dict[str, str]]) -> list[str]:
    """Moderates by key: every step that a moderator may take, and what each must not do. Gives complaints."""
    page = Page(browser, url)
    browser.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(folder.resolve()), eventsEnabled=True)
    complaints: list[str] = []

    def hold(what: str, is_so: object, seen: object = "") -> None:
        if not is_so:
            complaints.append(f"{what}: {seen}" if seen != "" else what)

    # What earlier looks at the page decided is forgotten.
    page.value("localStorage.clear()")
    page.load()
    cards = int(page.value("document.querySelectorAll('.card').length"))
    if not cards:
        return []
    verdict = "document.querySelector('.card .verdict').innerText"
    decided = lambda: number(page.text("#decided").split("of")[0])

    # All flagged comments are there, page by page, the worst first.
    hold("the page does not say how many comments it has", f"all {len(flagged):,}".replace(",", "\u202f") in page.text("#extent"), page.text("#extent"))
    texts = number(page.text("#filter-count").split("of")[1])
    hold("texts are not those of flagged.csv", texts == sum(not row["duplicate_of"] and not row["near_duplicate_of"] for row in flagged), texts)
    page.set("filter-repeats", "all")
    ranks: list[int] = []
    while True:
        ranks += page.value("[...document.querySelectorAll('.card')].map((card) => Number(card.id.slice(1)))")
        if page.value("document.querySelector('.pager').hidden || document.querySelector('.pager [value=\"1\"]').disabled"):
            break
        page.click(".pager [value='1']")
    hold("the pages do not have every rank once and in order", ranks == list(range(1, len(flagged) + 1)), f"{len(ranks)} of {len(flagged)}")
    hold("a page has more than 50 cards", cards <= 50, cards)
    # The last card, which the script made, is the comment of the last row; it is blurred and cannot be decided unseen.
    last = flagged[-1]
    made = page.value("(({dataset, id}) => id)([...document.querySelectorAll('.card')].at(-1))")
    hold("the last card is not the last comment", made == f"f{last['rank']}", made)
    said = str(page.value("[...document.querySelectorAll('.card .own')].at(-1).innerText"))
    plain = lambda words: "".join(letter for letter in words if letter.isalnum())
    hold("the last card has another text", plain(said)[:200] == plain(last["text"].removeprefix("'"))[:200] or last["quotes"], said[:80])
    if len(flagged) > 50:
        page.load(f"#f{last['rank']}")
        hold("a link to a comment does not lead to it", page.focused() == f"f{last['rank']}", page.focused())
        page.load()
        page.value("[...document.querySelectorAll('.card')].at(-1).focus()")
        before = page.value("[...document.querySelectorAll('.card')].at(-1).id")
        page.press("j")
        hold("the key j does not lead to the next page", page.value("document.querySelector('.card').id") == page.focused() != before, page.focused())
        page.press("k")
        hold("the key k does not lead back", page.focused() == before, page.focused())
    page.load()

    # The repeats of a text.
    if page.value("document.querySelector('.repeats') !== null"):
        first = page.value("document.querySelector('.repeats').closest('.card').id")
        wanted = sum(f"f{row['rank']}" == first or f"f{row['duplicate_of'] or row['near_duplicate_of']}" == first for row in flagged)
        page.click(".repeats")
        hold("repeats are not listed", number(page.text("#filter-count").split("of")[1]) == wanted, page.text("#filter-count"))
        page.set("filter-repeats", "")

    # A limit of 0 is a limit.
    page.set("filter-high", "0")
    zero = sum(float(row["score"]) <= 0 for row in flagged)
    count = page.text("#filter-count")
    hold("'to 0' is not taken for 0", count.startswith("No comment") if zero == 0 else number(count.split("of")[1]) <= zero, count)
    page.set("filter-high", "")
    hold("a blank limit is one", number(page.text("#filter-count").split("of")[1]) == texts, page.text("#filter-count"))
    page.set("filter-high", "1")

    # A blurred text is neither approved nor rejected, by key, by button or in bulk.
    page.press("j")
    for key in "ar":
        page.press(key)
        hold(f"the key {key} decides about a blurred text", decided() == 0)
        hold(f"the key {key} does not say why it does nothing", "Show the text first" in str(page.value(verdict)), page.value(verdict))
    page.click(".card .decide [value='approve']")
    hold("a button decides about a blurred text", decided() == 0)
    page.click(".bulk[value='reject']")
    question = page.text("#bulk-text")
    hold("bulk decides about blurred texts", question.startswith("reject 0 comments?") and number(question.split("?")[1]) == texts, question)
    hold("a question about nothing can be answered with yes", page.value("document.getElementById('bulk-yes').hidden"))
    page.click("#bulk-no")
    page.press("d")
    hold("a blurred text cannot be put off", decided() == 1)
    page.press("u")
    hold("undo takes nothing back", decided() == 0)

    # The note is typed into its field: none of its letters decides anything, and Enter leaves the field.
    first = page.value("document.querySelector('.card').id")
    page.value("document.querySelector('.card').focus()")
    page.press("s", "n", "=read", "Enter")
    hold("Enter does not leave the note", page.focused() == first, page.focused())
    hold("letters of a note decide", decided() == 0)
    hold("nobody asks for a name", "type yours" in page.text("#nameless"), page.text("#nameless"))
    page.press("r")
    hold("a text that is shown cannot be decided", decided() == 1)
    if cards > 1:
        page.value("document.querySelectorAll('.card')[1].focus()")
        page.press("s", "n", "arde", "Escape")
        hold("Escape does not leave the note", page.focused() == page.value("document.querySelectorAll('.card')[1].id"), page.focused())
        page.press("a", "u")
        page.value("document.querySelectorAll('.card')[1].focus()")
        page.press("e")
    hold("not every decision waits for a name", number(page.text("#nameless")) == min(cards, 2), page.text("#nameless"))
    page.set("actor", "=ana", "change")
    hold("the name is still asked for", page.text("#nameless") == "", page.text("#nameless"))

    # A thread and back.
    page.value("document.querySelector('.card').focus()")
    page.press("t")
    there = page.value("(document.activeElement.closest('.whole')?.open ?? false) && document.activeElement.querySelector('a').hash")
    page.press("t")
    hold("the key t does not lead to the thread and back", there == f"#{page.focused()}" == f"#{first}", f"{there}, {page.focused()}")
    hold("the key s shows no text", page.value("document.querySelector('.card .show').checked"))
    page.value("document.getAnimations().forEach((animation) => animation.finish())")
    sharp = page.value("getComputedStyle(document.querySelector('.card .own')).filter")
    blurred = page.value("getComputedStyle([...document.querySelectorAll('.card .own')].at(-1)).filter")
    hold("blur", sharp == "none" and (cards < 3 or "blur" in str(blurred)), f"shown is {sharp}, not asked for is {blurred}")

    # In bulk, what is on the page and shown.
    page.click("#show-all")
    page.click(".bulk[value='approve']")
    question = page.text("#bulk-text")
    hold("bulk leaves out what is shown", number(question.split("?")[0]) == cards - min(cards, 2), question)
    page.click("#bulk-yes")
    hold("bulk does not decide", decided() == cards, page.text("#decided"))
    page.click("#undo")
    hold("bulk cannot be undone", decided() == min(cards, 2), page.text("#decided"))
    page.click("#show-all")

    # Decisions outlive the page.
    page.load()
    hold("decisions do not outlive the page", decided() == min(cards, 2), page.text("#decided"))
    hold("the name does not outlive the page", page.value("document.getElementById('actor').value") == "=ana")
    for button, name in (("save-decisions", "moderation.csv"), ("save-rows", "selection.csv")):
        page.click(f"#{button}")
        browser.download(name)
    with (folder / "moderation.csv").open(newline="", encoding="utf-8") as file:
        decisions = list(csv.DictReader(file))
    with (folder / "selection.csv").open(newline="", encoding="utf-8") as file:
        selection = list(csv.DictReader(file))
    saved = [(row["id"], row["decision"], row["note"], row["actor"]) for row in decisions]
    name = page.value("document.querySelector('.card').dataset.id")
    wanted = [("reject", "'=read", "'=ana"), ("escalate", "arde", "'=ana")][:cards]
    hold("saved decisions", [row[1:] for row in saved] == wanted and saved[0][0].removeprefix("'") == name, f"{saved}, the first comment is {name}")
    hold("a saved decision does not say of which text", all(len(row["text_sha256"]) == 64 for row in decisions))
    hold("not all that match are saved", len(selection) == texts, f"{len(selection)} of {texts}")
    ranked = {row["rank"]: row for row in flagged}
    for row in selection:
        known = ranked[row["rank"]]
        columns = ("action", "label", "score", "harm", "created_at", "cautions")
        hold(f"row {row['rank']} of selection.csv", all(row[column] == known[column] for column in columns), row)
    for row in decisions + selection:
        complaints += [f"a formula: {cell[:40]}" for cell in row.values() if cell and cell[0] in "=+-@\t\r"]
    page.close()
    print(f"queue: {len(flagged)} comments, {texts} texts, {cards} cards at a time, {len(decisions)} decisions saved, {len(selection)} rows saved")
    return complaints


def outline(browser: Browser, url: str) -> list[str]:
    """Looks at the order of a report: contents at the top, and no table pushed down by charts. Gives complaints."""
    page = Page(browser, url)
    complaints = []
    missing = page.value("[...document.querySelectorAll('nav a')].map((a) => a.hash).filter((hash) => !document.querySelector(hash))")
    if missing:
        complaints.append(f"the contents lead nowhere: {missing}")
    charts = int(page.value("document.querySelectorAll('.thread').length"))
    open_charts = int(page.value("document.querySelectorAll('.thread[open]').length"))
    if open_charts != min(charts, 1):
        complaints.append(f"{open_charts} of {charts} charts are open")
    apart = page.value("document.getElementById('authors').getBoundingClientRect().top - document.getElementById('threads').getBoundingClientRect().top")
    tables = page.value("[...document.querySelectorAll('#threads > .scroll')].reduce((sum, part) => sum + part.clientHeight, 0)")
    # One chart, the lines of the others, and what stands around the tables.
    if float(apart) - float(tables) > 2_600:
        complaints.append(f"authors come {apart:.0f} px below threads, whose tables have {tables:.0f} px")
    page.close()
    print(f"report: {charts} charts, authors {apart:.0f} px below threads")
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
            csv.field_size_limit(1 << 30)
            with report.with_name("flagged.csv").open(newline="", encoding="utf-8") as file:
                complaints = decide(browser, report.as_uri(), folder, list(csv.DictReader(file)))
        else:
            complaints = outline(browser, report.as_uri())
        for complaint in complaints:
            failed = True
            print(f"  {report.name}: {complaint}", file=sys.stderr)
        browser.call("Browser.close")
        browser.process.wait(timeout=30)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
