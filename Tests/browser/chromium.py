"""A headless Chromium, driven over a pipe in the DevTools protocol; nothing but Python's own library is needed.

Every wait is bounded, and the browser ends with the `with` block. A page gathers what the browser finds wrong with it:
exceptions, console errors, refused or failed requests, issues such as a broken policy or quirks mode.
"""

import base64
import fcntl
import json
import os
import select
import shutil
import signal
import subprocess
import time

ANSWER_LIMIT_S = 20


class Chromium:
    def __init__(self, folder):
        program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
        if program is None:
            raise SystemExit("chromium is not installed: apt-get install --no-install-recommends chromium")
        commands, self.write_end = os.pipe()
        self.read_end, answers = os.pipe()
        # High numbers, so that the shell's 3 and 4 are none of them.
        ends = [fcntl.fcntl(end, fcntl.F_DUPFD, 20) for end in (commands, answers)]
        os.close(commands), os.close(answers)
        options = [
            "--headless=new", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
            "--no-first-run", "--disable-extensions", "--disable-background-networking", "--disable-component-update",
            "--disable-sync", "--mute-audio", "--hide-scrollbars", "--force-color-profile=srgb", "--lang=en-US",
            f"--user-data-dir={folder}/chromium", "about:blank",
        ]
        self.process = subprocess.Popen(
            ["bash", "-c", 'exec "$0" "$@" 3<&%d 4>&%d' % tuple(ends), program, *options],
            pass_fds=ends, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={**os.environ, "HOME": folder}, start_new_session=True)
        for end in ends:
            os.close(end)
        self.pages, self.buffer, self.last_id = {}, b"", 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait(timeout=10)

    def page(self):
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = self.pages[session] = Page(self, session)
        for domain in ("Page", "Runtime", "Log", "Network", "Audits", "Accessibility"):
            page.call(domain + ".enable")
        return page

    def call(self, method, session=None, **parameters):
        self.last_id += 1
        number = self.last_id
        message = {"id": number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self.write_end, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + ANSWER_LIMIT_S
        while True:
            answer = self.receive(deadline)
            if answer is None:
                raise TimeoutError(f"no answer to {method} within {ANSWER_LIMIT_S} s")
            if answer.get("id") == number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return answer["result"]

    def receive(self, deadline):
        """The next message, None when there is none before the deadline; events go to their page as well."""
        while b"\0" not in self.buffer:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.read_end], [], [], left)[0]:
                return None
            data = os.read(self.read_end, 1 << 16)
            if not data:
                raise RuntimeError("chromium has ended")
            self.buffer += data
        text, self.buffer = self.buffer.split(b"\0", 1)
        message = json.loads(text)
        page = self.pages.get(message.get("sessionId"))
        if page and "method" in message:
            page.notice(message["method"], message["params"])
        return message


class Page:
    def __init__(self, browser, session):
        self.browser, self.session = browser, session
        self.problems = []

    def call(self, method, **parameters):
        return self.browser.call(method, self.session, **parameters)

    def notice(self, method, event):
        if method == "Runtime.exceptionThrown":
            self.problems.append(f"exception: {event['exceptionDetails'].get('exception', {}).get('description')}")
        elif method == "Runtime.consoleAPICalled" and event["type"] in ("error", "warning", "assert"):
            self.problems.append(f"console: {event['args']}")
        elif method == "Log.entryAdded" and event["entry"]["level"] in ("error", "warning"):
            self.problems.append(f"log: {event['entry']['text']} {event['entry'].get('url', '')}")
        # Reading document.cookie, as a check does, is an issue of performance.
        elif method == "Audits.issueAdded" and event["issue"]["code"] != "PerformanceIssue":
            self.problems.append(f"issue: {json.dumps(event['issue'])[:400]}")
        elif method == "Network.responseReceived" and event["response"]["status"] >= 400:
            self.problems.append(f"status {event['response']['status']}: {event['response']['url']}")

    def screen(self, width, height=800, scheme="light"):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def go(self, url):
        self.call("Page.navigate", url=url)
        self.until(f"{url} is loaded", f"location.href === {json.dumps(url)} && document.readyState === 'complete'")

    def value(self, expression):
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            raise RuntimeError(f"{expression}: {result['exceptionDetails']}")
        return result["result"].get("value")

    def until(self, what, expression, limit=30):
        deadline = time.monotonic() + limit
        found = None
        while time.monotonic() < deadline:
            try:
                found = self.value(expression)
                if found:
                    return found
            except RuntimeError as error:  # between two documents there is none to ask
                found = error
            self.browser.receive(time.monotonic() + 0.03)
        shown = self.value("document.body.innerText")
        raise AssertionError(f"waited {limit} s in vain until {what}: {found}; shown: {shown!r}")

    def click(self, selector):
        x, y = self.value(
            f"(r => [r.x + r.width / 2, r.y + r.height / 2])(document.querySelector({json.dumps(selector)})"
            ".getBoundingClientRect())")
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def key(self, name, code, text=""):
        parts = dict(key=name, code=name, windowsVirtualKeyCode=code)
        self.call("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", text=text, **parts)
        self.call("Input.dispatchKeyEvent", type="keyUp", **parts)

    def picture(self, path):
        data = self.call("Page.captureScreenshot", format="png")["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))
