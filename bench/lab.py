"""What every suite stands on: keys in a SoftHSM2 token, processes that are always stopped, memory
as /proc tells, results as TSV and Markdown."""
import contextlib
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
MODULE = "/usr/lib/softhsm/libsofthsm2.so"
PIN = "123456"  # as tests/harness/make_material.sh sets it


def eventually(condition, limit=60):
    deadline = time.monotonic() + limit
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def free_ports(count):
    """Ports of the loopback interface, below those that clients are given."""
    found = []
    for port in range(20000, 32000):
        with socket.socket() as probe:
            with contextlib.suppress(OSError):
                probe.bind(("", port))
                found.append(port)
        if len(found) == count:
            return found
    raise RuntimeError("no ports are free")


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def memory(pid):
    """Fields of /proc/PID/smaps_rollup in KiB: Rss, Pss, Private_Dirty, …"""
    fields = {}
    for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        name, _, rest = line.partition(":")
        words = rest.split()
        if len(words) == 2 and words[1] == "kB":
            fields[name] = int(words[0])
    return fields


class Lab:
    """`with Lab(build) as lab`: a scratch directory; leaving it stops what was started."""

    def __init__(self, build):
        self.build = pathlib.Path(build).resolve()
        self.hsmfront = self.build / "proxy" / "hsmfront"
        self.stack = contextlib.ExitStack()
        self.children = []

    def __enter__(self):
        self.directory = pathlib.Path(
            self.stack.enter_context(tempfile.TemporaryDirectory(prefix="hsmfront-bench.")))
        self.material = self.directory / "material"
        subprocess.run([ROOT / "tests/harness/make_material.sh", self.material,
                        ROOT / "certs/internal-ca.sh"], check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        return self

    def __exit__(self, *_):
        for child in reversed(self.children):
            self.stop(child)
        self.stack.close()

    def start(self, *argv, log, **options):
        """A child whose output goes to the file `log` of the scratch directory."""
        with open(self.directory / log, "wb") as output:
            options.setdefault("stdout", output)
            child = subprocess.Popen([str(word) for word in argv], stderr=output, **options)
        self.children.append(child)
        return child

    def stop(self, child):
        if child.poll() is None:
            child.send_signal(signal.SIGTERM)
            try:
                child.wait(20)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()

    def start_proxy(self, ftp="", http="", extra="", log="hsmfront.log"):
        """hsmfront with the token's keys "rsa" and "ec"; `ftp` and `http` are those sections of its
        configuration, `extra` is whatever else. Returns once they are up."""
        config = self.directory / "hsmfront.yaml"
        config.write_text(
            f"hsm: {{ module: {MODULE}, token: front, pin: {{ value: \"{PIN}\" }} }}\n"
            f"certificates: {self.material}/certs\n"
            f"ftp: {ftp or '{ enabled: false }'}\nhttp: {http or '{ enabled: false }'}\n"
            f"shutdown: {{ drain: 1s }}\n{extra}\n")
        environment = dict(os.environ, SOFTHSM2_CONF=str(self.material / "softhsm2.conf"))
        proxy = self.start(self.hsmfront, "serve", "-c", config, log=log, env=environment)
        wanted = [f"protocol {name} is up" for name, on in (("ftp", ftp), ("http", http)) if on]
        text = lambda: (self.directory / log).read_text()
        if not eventually(lambda: all(line in text() for line in wanted) or proxy.poll()):
            raise RuntimeError(f"the proxy is not up:\n{text()}")
        if proxy.poll() is not None:
            raise RuntimeError(f"the proxy ended:\n{text()}")
        return proxy


def write_tsv(path, rows):
    """`rows` are dictionaries with the same keys, which become the header."""
    lines = ["\t".join(rows[0])] + ["\t".join(str(value) for value in row.values()) for row in rows]
    path.write_text("\n".join(lines) + "\n")


def write_markdown(path, rows, columns):
    """A table of some of the columns; `columns` maps them to their titles."""
    lines = ["| " + " | ".join(columns.values()) + " |", "|" + "---|" * len(columns)]
    lines += ["| " + " | ".join(str(row[name]) for name in columns) + " |" for row in rows]
    path.write_text("\n".join(lines) + "\n")


def missing_programs(*names):
    return [name for name in names if shutil.which(name) is None]
