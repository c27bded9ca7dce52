"""What an idle FTPS session costs the proxy: logged in, PBSZ 0, PROT P, nothing since.

The backend is bench/backends/idle_ftp.py, so that thousands of server processes do not crowd the
machine. Memory is what belongs to the proxy alone (Private_Dirty of smaps_rollup), before the first
session and while all stand; what the kernel holds for sockets is not in it.
"""
import subprocess
import sys
import time

import lab as bench

TITLES = {"sessions": "sessions", "key": "key", "tls": "TLS", "private_before": "before",
          "private_held": "held", "private_after": "after", "kib_each": "KiB each"}


def arguments(parser):
    parser.add_argument("--sessions", type=int, nargs="+", default=[1000, 5000])


def measure(lab, sessions, key, tls):
    backend_port, port = bench.free_ports(2)
    backend = lab.start(sys.executable, bench.ROOT / "bench/backends/idle_ftp.py", backend_port,
                        log="backend.log")
    if not bench.eventually(lambda: bench.listens(backend_port)):
        raise RuntimeError("the backend does not listen")
    proxy = lab.start_proxy(
        ftp=f"{{ enabled: true, alias: {key}, backend: {{ address: 127.0.0.1, port: {backend_port} }}"
            f", listen: [{{ address: 127.0.0.1, port: {port} }}], timeouts: {{ idle: 1h }} }}")
    before = bench.memory(proxy.pid)
    clients = lab.start(lab.build / "bench/idle_sessions", port, sessions, "explicit", tls,
                        log="clients.log", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    started = time.monotonic()
    answer = clients.stdout.readline().decode().strip()
    seconds = time.monotonic() - started
    if answer != f"ready {sessions}":
        raise RuntimeError(f"the sessions do not stand: {answer}")
    held = bench.memory(proxy.pid)
    clients.communicate()
    log = lab.directory / "hsmfront.log"
    bench.eventually(lambda: log.read_text().count(" reason=") >= sessions)
    after = bench.memory(proxy.pid)
    for child in (proxy, backend):
        lab.stop(child)
    return {
        "suite": "idle-ftps", "sessions": sessions, "key": key, "tls": tls,
        "private_before": before["Private_Dirty"], "private_held": held["Private_Dirty"],
        "private_after": after["Private_Dirty"], "rss_before": before["Rss"],
        "rss_held": held["Rss"], "opened_in_s": f"{seconds:.1f}",
        "kib_each": f"{(held['Private_Dirty'] - before['Private_Dirty']) / sessions:.1f}"}


def run(lab, options):
    rows = []
    for sessions in options.sessions:
        for key in ("rsa", "ec"):
            for tls in ("1.2", "1.3"):
                rows.append(measure(lab, sessions, key, tls))
                print("\t".join(str(value) for value in rows[-1].values()), flush=True)
    return rows, TITLES
