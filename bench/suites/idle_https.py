"""Memory of idle HTTPS connections

Each connection was answered one request (204, no content) and is kept alive. PSS of the target's
process tree while all stand, beyond what it was before the first one; what the kernel holds for
sockets is not in it. One worker, P-256, a process that has not served before.
"""
import itertools
import subprocess

import lab as bench

TARGETS = ["hsmfront", "nginx", "haproxy", "nghttpx"]
FIGURES = {"kib_each": "PSS beyond the start, KiB per connection"}
SECONDS = 0
FRESH = True
ROUNDS = 1  # memory does not depend on what else happens on the machine
MODES = {"1.1": "https", "2": "h2"}  # of idle_sessions
CASES = [bench.case(f"{count:,}, HTTP/{http}, TLS {tls}", connections=count, http=http, tls=tls,
                    goal=1.0)
         for (count, tls), http in itertools.product(
             ((1000, "1.3"), (5000, "1.3"), (10000, "1.3"), (10000, "1.2")), ("1.1", "2"))]
QUICK = CASES[:1]


def hold(lab, port, count, mode, tls):
    """Opens `count` connections with bench/clients/idle_sessions.cpp; they stand when this
    returns, and until its process is stopped."""
    clients = lab.start(lab.build / "bench/idle_sessions", port, count, mode, tls,
                        log="clients.log", stdout=subprocess.PIPE, text=True)
    answer = clients.stdout.readline().strip()
    if answer != f"ready {count}":
        lab.stop(clients)
        raise RuntimeError(f"the connections do not stand: {answer}")
    return clients


def memory_figures(lab, target, count, mode, tls):
    before = target.memory()
    clients = hold(lab, target.address, count, mode, tls)
    held = target.memory()
    lab.stop(clients)
    return {"pss_before_kib": before["Pss"], "pss_held_kib": held["Pss"],
            "private_before_kib": before["Private_Dirty"], "private_held_kib": held["Private_Dirty"],
            "kib_each": (held["Pss"] - before["Pss"]) / count}


def measure(lab, target, case, seconds):
    return memory_figures(lab, target, case.connections, MODES[case.http], case.tls)
