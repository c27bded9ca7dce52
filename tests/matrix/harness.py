"""Ports and child processes, as tests/harness has them for the tests in C++."""
import os
import random
import signal
import socket
import subprocess
import time


class PortBlock:
    """64 consecutive ports claimed through an abstract Unix socket: free again when the process
    ends, and never shared with the tests that use tests/harness/ports.hpp (the same names)."""
    SIZE, LOWEST, HIGHEST = 64, 12000, 32000

    def __init__(self):
        starts = list(range(self.LOWEST, self.HIGHEST - self.SIZE + 1, self.SIZE))
        random.shuffle(starts)
        for first in starts:
            self.lock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                self.lock.bind(f"\0hsmfront-test-ports-{first}")
            except OSError:
                self.lock.close()
                continue
            self.first, self.used = first, 0
            return
        raise RuntimeError("no block of ports is free")

    def next(self):
        """A port of the first half that is free now, another one at each call."""
        while self.used < self.SIZE // 2:
            port = self.first + self.used
            self.used += 1
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(("127.0.0.1", port))
                    return port
                except OSError:
                    pass
        raise RuntimeError("the block of ports is used up")

    def range(self):
        """The second half, for passive ports: (first, last)."""
        return self.first + self.SIZE // 2, self.first + self.SIZE - 1


class Process:
    """A server of the test: started in the constructor, its output in a file."""

    def __init__(self, argv, output, env=None, cwd=None):
        self.output = output
        with open(output, "wb") as log:
            self.child = subprocess.Popen(
                [str(part) for part in argv], stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT, env={**os.environ, **(env or {})}, cwd=cwd,
                start_new_session=True)

    def await_port(self, host, port, limit=30):
        deadline = time.monotonic() + limit
        while time.monotonic() < deadline and self.child.poll() is None:
            try:
                socket.create_connection((host, port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.02)
        raise RuntimeError(f"{self.child.args[0]} did not start:\n{self.log()}")

    def await_text(self, text, limit=30):
        deadline = time.monotonic() + limit
        while text not in self.log():
            if time.monotonic() > deadline or self.child.poll() is not None:
                raise RuntimeError(f"{self.child.args[0]} did not say '{text}':\n{self.log()}")
            time.sleep(0.02)

    def log(self):
        with open(self.output, errors="replace") as log:
            return log.read()

    def stop(self, limit=30):
        """Ends it and the session children it forked. Returns its exit code."""
        if self.child.poll() is None:
            self.child.terminate()
        try:
            return self.child.wait(limit)
        except subprocess.TimeoutExpired:
            return None
        finally:
            try:
                os.killpg(self.child.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
