"""A headless Chromium, spoken to by the DevTools protocol over a pipe."""

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

PATIENCE = 60.0  # seconds, for a machine that is busy


def program():
    """Chromium, or None."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


class Browser:
    """Pages that were opened and what they said: `faults` lists exceptions, console errors and everything else in the console."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="pbgen-chromium-")
        to_browser, self.out = os.pipe()
        self.into, from_browser = os.pipe()
        words = [program(), "--headless", "--remote-debugging-pipe", "--user-data-dir=" + self.folder, "--no-first-run",
                 "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--disable-background-networking", "--disable-sync",
                 "--disable-component-update", "--force-color-profile=srgb"]
        if os.geteuid() == 0:
            words.append("--no-sandbox")

        def place_pipes():  # Chromium reads descriptor 3 and writes 4
            high = [os.dup(to_browser), os.dup(from_browser)]
            spare = [os.dup(end) for end in high]  # so that none of them is 3 or 4 itself
            os.dup2(spare[0], 3)
            os.dup2(spare[1], 4)

        with open(os.path.join(self.folder, "stderr"), "wb") as errors:
            self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=errors, stderr=errors, close_fds=False,
                                            preexec_fn=place_pipes)
        os.close(to_browser)
        os.close(from_browser)
        self.buffer = b""
        self.asked = 0
        self.session = None
        self.faults = []
        self.requests = []

    def close(self):
        try:
            self.session = None
            self.ask("Browser.close")
            self.process.wait(PATIENCE)
        except (OSError, RuntimeError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()
        os.close(self.out)
        os.close(self.into)
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    def message(self, until):
        while b"\0" not in self.buffer:
            if not select.select([self.into], [], [], max(0.0, until - time.monotonic()))[0]:
                raise RuntimeError("Chromium does not answer")
            more = os.read(self.into, 1 << 20)
            if not more:
                with open(os.path.join(self.folder, "stderr"), encoding="utf-8", errors="replace") as file:
                    raise RuntimeError("Chromium ended: " + file.read()[-2000:])
            self.buffer += more
        text, _, self.buffer = self.buffer.partition(b"\0")
        return json.loads(text)

    def take_event(self, event):
        said = event.get("params", {})
        method = event.get("method")
        if method == "Runtime.exceptionThrown":
            self.faults.append(said["exceptionDetails"].get("exception", {}).get("description", said["exceptionDetails"]["text"]))
        elif method == "Runtime.consoleAPICalled":
            self.faults.append(said["type"] + ": " + " ".join(str(part.get("value", part)) for part in said["args"]))
        elif method == "Log.entryAdded":
            self.faults.append(said["entry"]["level"] + ": " + said["entry"]["text"] + " " + said["entry"].get("url", ""))
        elif method == "Network.requestWillBeSent":
            self.requests.append(said["request"]["url"])

    def ask(self, method, **params):
        self.asked += 1
        call = {"id": self.asked, "method": method, "params": params}
        if self.session:
            call["sessionId"] = self.session
        data = json.dumps(call).encode() + b"\0"
        while data:
            data = data[os.write(self.out, data):]
        until = time.monotonic() + PATIENCE
        while True:
            answer = self.message(until)
            if answer.get("id") == self.asked:
                if "error" in answer:
                    raise RuntimeError(method + ": " + answer["error"]["message"])
                return answer["result"]
            self.take_event(answer)

    def open(self, url, width=1280, height=900, scheme="light", calm=True, mobile=False):
        """A new page in place of the last one."""
        if self.session:
            target = self.target
            self.session = None
            self.ask("Target.closeTarget", targetId=target)
        self.faults, self.requests = [], []
        self.target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.ask("Target.attachToTarget", targetId=self.target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network", "DOM"):
            self.ask(domain + ".enable")
        self.ask("Network.setCacheDisabled", cacheDisabled=True)
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=mobile)
        if mobile:
            self.ask("Emulation.setTouchEmulationEnabled", enabled=True)
        self.ask("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": scheme},
            {"name": "prefers-reduced-motion", "value": "reduce" if calm else "no-preference"}])
        self.ask("Page.navigate", url=url)

    def run(self, expression):
        """The value of an expression; a promise is waited for."""
        answer = self.ask("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(expression + ": " + str(answer["exceptionDetails"].get("exception", answer["exceptionDetails"])))
        return answer["result"].get("value")

    def wait_for(self, expression):
        """Its value as soon as that is true; what cannot be evaluated, for a page that is still loading, is not."""
        until = time.monotonic() + PATIENCE
        while not (value := self.run(f"(() => {{ try {{ return {expression} }} catch {{ return false }} }})()")):
            if time.monotonic() > until:
                raise RuntimeError("in vain waited for: " + expression + "; " + "; ".join(self.faults))
            time.sleep(0.02)
        return value

    def give_files(self, selector, paths):
        """As a person chooses them in a file field."""
        root = self.ask("DOM.getDocument")["root"]["nodeId"]
        node = self.ask("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.ask("DOM.setFileInputFiles", nodeId=node, files=[os.path.abspath(path) for path in paths])

    def press(self, key, code=None, text=None):
        for kind in ("keyDown", "keyUp"):
            more = {"text": text} if text and kind == "keyDown" else {}
            virtual = {" ": 32, "Tab": 9, "Enter": 13, "ArrowRight": 39, "ArrowLeft": 37}[key]
            self.ask("Input.dispatchKeyEvent", type=kind, key=key, code=code or key, windowsVirtualKeyCode=virtual, **more)

    def screenshot(self, path):
        height = self.run("document.documentElement.scrollHeight")
        width = self.run("innerWidth")
        shot = self.ask("Page.captureScreenshot", captureBeyondViewport=True,
                        clip={"x": 0, "y": 0, "width": width, "height": height, "scale": 1})
        with open(path, "wb") as file:
            file.write(base64.b64decode(shot["data"]))
