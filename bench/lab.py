"""What suites and peers stand on: keys, backend, processes that are always stopped, CPU and memory
as /proc tells, load clients."""
import contextlib
import os
import pathlib
import resource
import signal
import socket
import string
import subprocess
import sys
import tempfile
import time
import types

ROOT = pathlib.Path(__file__).resolve().parent.parent
PEERS = ROOT / "bench/peers"
MODULE = "/usr/lib/softhsm/libsofthsm2.so"
PIN = "123456"  # as tests/harness/make_material.sh sets it
TICKS = os.sysconf("SC_CLK_TCK")

# What a case may say, and what it says when it does not; a suite may add words of its own.
DEFAULTS = {
    "key": "ec",  # ec (P-256) | rsa (2048 bits)
    "store": "file",  # file | token (SoftHSM)
    "tls": "1.3",  # of the client; targets allow 1.2 and 1.3
    "http": "1.1",  # 1.1 | 2
    "workers": 1,
    "latency_ms": 0,  # added to each signature of the token
    "goal": None,  # ratio hsmfront ÷ best peer that is wanted
    "external": "",  # its name where the target is only an address; "": not for those
}


def case(name, **words):
    """One thing that a suite measures: its name in reports and what targets and clients do."""
    return types.SimpleNamespace(**(DEFAULTS | words | {"name": name}))


def eventually(condition, limit=60):
    deadline = time.monotonic() + limit
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


# Below the ports that clients are given; each is tried once.
candidate_ports = iter(range(20000 + os.getpid() % 8000, 32000))


def free_ports(count):
    """Ports of the loopback interface that nobody was given before."""
    found = []
    for port in candidate_ports:
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


def process_tree(pid):
    """The process and all that descend from it."""
    children = {}
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(entry.name))
    found = [pid]
    for each in found:
        found += children.get(each, [])
    return found


def cpu_seconds(pid):
    """User and system time of a process tree, with that of children that have ended."""
    ticks = 0
    for each in process_tree(pid):
        with contextlib.suppress(OSError):
            fields = pathlib.Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
            ticks += sum(int(field) for field in fields[11:15])  # utime stime cutime cstime
    return ticks / TICKS


def memory(pid):
    """Fields of /proc/PID/smaps_rollup in KiB, summed over the process tree: Rss, Pss,
    Private_Dirty, …"""
    fields = {}
    for each in process_tree(pid):
        text = ""
        with contextlib.suppress(OSError):  # it has ended meanwhile
            text = pathlib.Path(f"/proc/{each}/smaps_rollup").read_text()
        for line in text.splitlines():
            name, _, rest = line.partition(":")
            words = rest.split()
            if len(words) == 2 and words[1] == "kB":
                fields[name] = fields.get(name, 0) + int(words[0])
    return fields


class Target:
    """What a suite loads: a process tree of ours, or only an address (`process` is None then, and
    there is neither CPU nor memory)."""

    def __init__(self, name, address, process=None):
        self.name = name
        self.address = address  # PORT of 127.0.0.1, or HOST:PORT
        self.process = process

    def cpu(self):
        """User and system time so far, in seconds."""
        return cpu_seconds(self.process.pid) if self.process else None

    def memory(self):
        return memory(self.process.pid)


class Client:
    """A load client (bench/clients/measurement.hpp): it stands, is told to begin, and answers."""

    def __init__(self, lab, target, *words):
        self.lab = lab
        self.target = target
        self.name = " ".join(str(word) for word in words[:2])
        self.log = lab.directory / f"client-{len(lab.children)}.log"
        self.process = lab.start(lab.build / "bench" / words[0], *words[1:], f"to={target.address}",
                                 "wait=1", log=self.log.name, stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE, text=True)
        self.line("ready")

    def line(self, beginning):
        text = self.process.stdout.readline().strip()
        if not text.startswith(beginning):
            error = self.log.read_text().strip()
            self.lab.stop(self.process)
            raise RuntimeError(f"{self.target.name}: {self.name}: {error or text or 'no answer'}")
        return text

    def begin(self):
        self.process.stdin.write("go\n")
        self.process.stdin.flush()

    def figures(self):
        """Waits for the end of the load; the connections stand until `close`."""
        pairs = (pair.split("=") for pair in self.line("").split())
        return {name: float(value) for name, value in pairs}

    def close(self):
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        self.process.wait(60)
        self.lab.stop(self.process)


class Lab:
    """`with Lab(build) as lab`: a scratch directory with `keys` for targets; leaving it stops what
    was started."""

    def __init__(self, build, keys=True):
        self.build = pathlib.Path(build).resolve()
        self.keys = keys
        self.hsmfront = self.build / "proxy" / "hsmfront"
        self.stack = contextlib.ExitStack()
        self.children = []
        self.backends = {}
        self.number = 0
        self.external_path = "/"

    def __enter__(self):
        with contextlib.suppress(ValueError):  # only root may: 10,000 sessions have 20,000 sockets
            resource.setrlimit(resource.RLIMIT_NOFILE, (65536, 65536))
        self.directory = pathlib.Path(
            self.stack.enter_context(tempfile.TemporaryDirectory(prefix="hsmfront-bench.")))
        self.directory.chmod(0o755)  # peers drop their privileges and still have files to read
        self.material = self.directory / "material"
        if self.keys:
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
        if child in self.children:
            self.children.remove(child)

    def start_target(self, name, *argv, port, says="", environment=None):
        """A peer's processes as a Target, once it listens and its log has `says`."""
        log = self.directory / f"{name}-{port}.log"
        process = self.start(*argv, log=log.name, env=dict(os.environ, **(environment or {})))
        is_up = lambda: listens(port) and says in log.read_text()
        if not eventually(lambda: is_up() or process.poll() is not None, 30) or process.poll() is not None:
            self.stop(process)
            raise RuntimeError(f"{name} is not up:\n{log.read_text()[-2000:]}")
        return Target(name, port, process)

    def fresh_directory(self, name):
        """For what a peer writes; peers may change their user."""
        self.number += 1
        path = self.directory / f"{name}-{self.number}"
        path.mkdir()
        path.chmod(0o777)
        return path

    def fill(self, template, out=None, **words):
        """bench/peers/TEMPLATE with its ${WORDS} replaced, as a file of the scratch directory."""
        text = string.Template((PEERS / template).read_text()).substitute(words)
        path = self.directory / (out or template)
        path.write_text(text)
        return path

    def pair(self, key):
        """Certificate chain and key file of `key` in one PEM file."""
        files = self.material / "files"
        path = self.directory / f"{key}-pair.pem"
        path.write_text((files / f"{key}.key").read_text() + (files / f"{key}.pem").read_text())
        return path

    def path(self, target, case):
        """What to ask for: that of the case, or --path where the target is only an address."""
        return case.path if target.process else self.external_path

    def shim(self, latency_ms, environment):
        """A PKCS#11 module before SoftHSM that takes `latency_ms` longer for each signature; adds
        to the `environment` that it needs."""
        control = self.directory / f"shim-{latency_ms}"
        control.write_text(f"delay_ms={latency_ms}\n")
        environment["HSMFRONT_SHIM_CONTROL"] = str(control)
        return self.build / "tests/shim/hsmfront_pkcs11_shim.so"

    @property
    def token_environment(self):
        return {"SOFTHSM2_CONF": str(self.material / "softhsm2.conf")}

    def http_backend(self, case):
        """Port of the server that all targets stand before: nginx (bench/backends/http.conf), or
        upload_sink in cases that upload."""
        return self.upload_backend() if getattr(case, "upload", 0) else self.download_backend()

    def upload_backend(self):
        if "upload" not in self.backends:
            port, = free_ports(1)
            self.start_target("backend", self.build / "bench/upload_sink", port, port=port)
            self.backends["upload"] = port
        return self.backends["upload"]

    def download_backend(self):
        if "http" not in self.backends:
            port, = free_ports(1)
            root = self.directory / "backend"
            root.mkdir()
            for name, size in (("128", 128), ("10k", 10 << 10), ("256m", 256 << 20)):
                with open(root / name, "wb") as file:
                    for _ in range(max(1, size >> 20)):
                        file.write(b"d" * min(size, 1 << 20))
            config = self.fill("../backends/http.conf", "backend.conf", port=port, root=root,
                               directory=self.directory)
            self.start_target("backend", "nginx", "-p", self.directory, "-e", "stderr", "-c", config,
                              port=port)
            self.backends["http"] = port
        return self.backends["http"]

    def idle_ftp_backend(self):
        """Port of bench/backends/idle_ftp.py."""
        if "idle_ftp" not in self.backends:
            port, = free_ports(1)
            self.start_target("backend", sys.executable, ROOT / "bench/backends/idle_ftp.py", port,
                              port=port)
            self.backends["idle_ftp"] = port
        return self.backends["idle_ftp"]

    def load(self, target, *words):
        """Runs a load client against `target`: its figures, with the target's CPU as `cpu_s`."""
        client = Client(self, target, *words)
        before = target.cpu()
        client.begin()
        figures = client.figures()
        if before is not None:
            figures["cpu_s"] = target.cpu() - before
        client.close()
        return figures


def per(figures, name, scale, unit):
    """`figures` with `name`, the target's CPU per `unit` times `scale`, where it is known."""
    if "cpu_s" in figures and figures[unit]:
        figures[name] = figures["cpu_s"] * scale / figures[unit]
    return figures
