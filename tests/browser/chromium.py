"""Opens a page in headless Chromium and prints what its window.results come to, a line each:
chromium.py URL CA-FILE DIRECTORY

The browser trusts the CA of CA-FILE, keeps everything in DIRECTORY and can reach localhost only. It
is driven through the DevTools protocol on a pipe: JSON messages that end with NUL.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys


def trust(ca, home):
    """Chromium on Linux takes root certificates from the user's NSS database."""
    database = home / ".pki" / "nssdb"
    database.mkdir(parents=True)
    for arguments in (["-N", "--empty-password"], ["-A", "-t", "C,,", "-n", "ca", "-i", ca]):
        subprocess.run(["certutil", "-d", f"sql:{database}", *arguments], check=True)


class Browser:
    def __init__(self, home):
        commands_in, self.commands = os.pipe()
        answers, answers_out = os.pipe()
        program = shutil.which("chromium-headless-shell") or "chromium"
        words = [program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                 "--no-first-run", "--disable-background-networking", "--disable-component-update",
                 "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost",
                 f"--user-data-dir={home / 'profile'}", "--remote-debugging-pipe", "about:blank"]
        redirections = f"3<&{commands_in} 4>&{answers_out}"
        self.process = subprocess.Popen(
            ["bash", "-c", f'exec "$@" {redirections}', "bash", *words],
            pass_fds=(commands_in, answers_out), env=dict(os.environ, HOME=str(home)),
            stdin=subprocess.DEVNULL, stderr=open(home / "chromium.log", "wb"))
        os.close(commands_in)
        os.close(answers_out)
        self.answers = os.fdopen(answers, "rb")
        self.pending = b""
        self.calls = 0
        self.events = set()

    def message(self):
        """The next answer or event; events are noted."""
        while b"\0" not in self.pending:
            piece = self.answers.read1(1 << 16)
            if not piece:
                raise EOFError("the browser has ended")
            self.pending += piece
        text, _, self.pending = self.pending.partition(b"\0")
        message = json.loads(text)
        self.events.add(message.get("method"))
        return message

    def call(self, method, session=None, **parameters):
        self.calls += 1
        request = {"id": self.calls, "method": method, "params": parameters}
        if session:
            request["sessionId"] = session
        os.write(self.commands, json.dumps(request).encode() + b"\0")
        while (answer := self.message()).get("id") != self.calls:
            pass
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def await_event(self, method):
        while method not in self.events:
            self.message()

    def open(self, url):
        """The session of a new page, once it has loaded."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.call("Page.enable", session)
        answer = self.call("Page.navigate", session, url=url)
        if "errorText" in answer:
            raise RuntimeError(f"{url}: {answer['errorText']}")
        self.await_event("Page.loadEventFired")
        return session

    def evaluate(self, session, expression):
        answer = self.call("Runtime.evaluate", session, expression=expression, awaitPromise=True,
                           returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def close(self):
        self.call("Browser.close")
        self.process.wait(20)


def main():
    url, ca, directory = sys.argv[1:]
    home = pathlib.Path(directory)
    trust(ca, home)
    browser = Browser(home)
    results = browser.evaluate(browser.open(url), "window.results")
    browser.close()
    for name, result in results.items():
        print(f"{name}: {result}")


if __name__ == "__main__":
    main()
