"""A headless Chromium over the DevTools protocol: what the browser tests need of it and no more."""

import base64
import itertools
import json
import pathlib
import shutil
import subprocess
import tempfile
import time

import websocket

# Breaks of the content security policy are events of the page, so the page is asked to keep them from its first script on.
WATCH = "window.violations = []; addEventListener('securitypolicyviolation', (event) => violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`));"


class Browser:
    """Starts Chromium with a profile of its own, and ends it; a context manager."""

    def __init__(self, program="chromium", *options):
        self.profile = tempfile.mkdtemp(prefix="streamgauge-browser-")
        self.process = subprocess.Popen(
            [program, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--hide-scrollbars",
             "--disable-background-networking", "--disable-component-update", "--remote-debugging-port=0", f"--user-data-dir={self.profile}", *options, "about:blank"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        file = pathlib.Path(self.profile) / "DevToolsActivePort"
        wait_until(lambda: file.exists() and file.read_text().count("\n") == 1 or self.process.poll() is not None, 60, "Chromium to start")
        if self.process.poll() is not None:
            raise RuntimeError(f"{program} ended with {self.process.returncode}")
        port, path = file.read_text().split("\n")
        self.socket = websocket.create_connection(f"ws://127.0.0.1:{port}{path}", timeout=30, suppress_origin=True)
        self.numbers = itertools.count(1)
        self.pages = {}

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.socket.close()
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.profile, ignore_errors=True)

    def send(self, method, parameters=None, session=None):
        """Sends a command and waits for its answer; what comes between goes to its page."""
        number = next(self.numbers)
        message = {"id": number, "method": method, "params": parameters or {}}
        if session:
            message["sessionId"] = session
        self.socket.send(json.dumps(message))
        while True:
            answer = json.loads(self.socket.recv())
            if answer.get("id") == number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return answer["result"]
            page = self.pages.get(answer.get("sessionId"))
            if page:
                page.take(answer["method"], answer["params"])

    def page(self, beside=None, **viewport):
        """A new page with storage and connections of its own, or with those of another."""
        context = beside.context if beside else self.send("Target.createBrowserContext")["browserContextId"]
        target = self.send("Target.createTarget", {"url": "about:blank", "browserContextId": context})["targetId"]
        session = self.send("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        page = Page(self, session, target, **viewport)
        page.context = context
        return page


class Page:
    """One page: commands, and the errors that it has shown so far."""

    def __init__(self, browser, session, target, width=1400, height=900, scheme="light", mobile=False):
        self.browser, self.session, self.target = browser, session, target
        self.errors = []
        # Addresses and statuses, once the domain Network is enabled; also of answers that the browser keeps from the page.
        self.answers, self.requests = [], {}
        browser.pages[session] = self
        for domain in ("Page", "Runtime", "Log"):
            self.send(f"{domain}.enable")
        self.send("Page.addScriptToEvaluateOnNewDocument", {"source": WATCH})
        self.resize(width, height, mobile)
        self.media(scheme)

    def send(self, method, parameters=None):
        return self.browser.send(method, parameters, self.session)

    def take(self, method, parameters):
        if method == "Runtime.exceptionThrown":
            details = parameters["exceptionDetails"]
            self.errors.append(details.get("exception", {}).get("description") or details["text"])
        elif method == "Runtime.consoleAPICalled" and parameters["type"] in ("error", "assert"):
            self.errors.append("console: " + " ".join(str(argument.get("value", argument.get("description"))) for argument in parameters["args"]))
        elif method == "Network.requestWillBeSent":
            self.requests[parameters["requestId"]] = parameters["request"]["url"]
        elif method == "Network.responseReceivedExtraInfo":
            self.answers.append((self.requests.get(parameters["requestId"], ""), parameters["statusCode"]))
        elif method == "Log.entryAdded" and parameters["entry"]["level"] == "error":
            self.errors.append(f"{parameters['entry']['text']} {parameters['entry'].get('url', '')}")

    def resize(self, width, height, mobile=False):
        self.send("Emulation.setDeviceMetricsOverride", {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile})

    def media(self, scheme, motion="no-preference"):
        self.send("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}, {"name": "prefers-reduced-motion", "value": motion}]})

    def goto(self, address):
        self.send("Page.navigate", {"url": address})
        self.wait("document.readyState === 'complete'", what=f"{address} to load")

    def eval(self, script, as_user=False):
        """The value of an expression, which may be a promise; `as_user` where only what the reader does is allowed."""
        answer = self.send("Runtime.evaluate", {"expression": script, "awaitPromise": True, "returnByValue": True, "userGesture": as_user})
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"].get("exception", {}).get("description") or answer["exceptionDetails"]["text"])
        return answer["result"].get("value")

    def wait(self, script, timeout=15, what=None):
        """Waits until an expression is true, and gives its value; an element, which has none outside of the page, is `True`."""
        value = f"(value => value instanceof Node ? true : value)({script})"
        return wait_until(lambda: self.eval(value), timeout, what or script)

    def key(self, key, shift=False):
        """Presses a key as a keyboard does: `key` is its name, as in `event.key`."""
        codes = {"Enter": 13, "Escape": 27, "ArrowLeft": 37, "ArrowRight": 39, "Home": 36, "End": 35, "Tab": 9}
        event = {"key": key, "modifiers": 8 if shift else 0, "windowsVirtualKeyCode": codes.get(key, ord(key[0].upper()))}
        text = {"Enter": "\r"}.get(key, key if len(key) == 1 else "")
        self.send("Input.dispatchKeyEvent", {**event, "type": "keyDown" if text else "rawKeyDown", "text": text})
        self.send("Input.dispatchKeyEvent", {**event, "type": "keyUp"})

    def type(self, text):
        for character in text:
            self.key(character)

    def mouse(self, kind, x, y):
        """`Moved`, `Pressed` or `Released` at a place."""
        held = kind != "Moved"
        self.send("Input.dispatchMouseEvent", {"type": f"mouse{kind}", "x": x, "y": y, "button": "left" if held else "none", "clickCount": int(held)})

    def drag(self, start, end):
        self.mouse("Moved", *start)
        self.mouse("Pressed", *start)
        for step in range(1, 5):
            self.send("Input.dispatchMouseEvent", {"type": "mouseMoved", "x": start[0] + (end[0] - start[0]) * step / 4, "y": end[1], "button": "left", "buttons": 1})
        self.mouse("Released", *end)

    def violations(self):
        return self.eval("window.violations")

    def screenshot(self, path, full=False):
        parameters = {"format": "png"}
        if full:
            size = self.send("Page.getLayoutMetrics")["cssContentSize"]
            parameters |= {"captureBeyondViewport": True, "clip": {**{key: size[key] for key in ("x", "y", "width", "height")}, "scale": 1}}
        pathlib.Path(path).write_bytes(base64.b64decode(self.send("Page.captureScreenshot", parameters)["data"]))

    def hide(self, is_hidden=True, at_start=False):
        """Tells the page that it is behind another one, or before it; `at_start` the pages that it will show."""
        answer = f"""Object.defineProperty(document, 'hidden', {{ configurable: true, get: () => {str(is_hidden).lower()} }});
            document.dispatchEvent(new Event('visibilitychange'));"""
        if not is_hidden:
            # One that is behind others draws nothing.
            self.send("Page.bringToFront")
        if at_start:
            self.send("Page.addScriptToEvaluateOnNewDocument", {"source": answer})
        else:
            self.eval(answer)

    def close(self):
        self.browser.send("Target.closeTarget", {"targetId": self.target})
        self.browser.pages.pop(self.session, None)


def wait_until(condition, timeout, what):
    """Asks again until there is an answer that is true."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {timeout} s for {what}")
        time.sleep(0.05)
