"""Memory of idle FTPS sessions

Explicit FTPS, logged in, PBSZ 0, PROT P, nothing since. PSS of the target's process tree while all
stand, beyond what it was before the first one; what the kernel holds for sockets is not in it. One
worker, a process that has not served before. The backend is bench/backends/idle_ftp.py, so that
thousands of server processes do not crowd the machine. 10,000 sessions need 20,100 descriptors.
"""
import lab as bench
from suites import idle_https

TARGETS = ["hsmfront_ftps", "mod_proxy"]
FIGURES = {"kib_each": "PSS beyond the start, KiB per session"}
SECONDS = 0
FRESH = True
ROUNDS = 1  # memory does not depend on what else happens on the machine
EC, RSA = ("ec", "P-256"), ("rsa", "RSA")
CASES = [bench.case(f"{count:,}, {title}, TLS {tls}", sessions=count, key=key, tls=tls, store="token",
                    backend="idle")
         for count, (key, title), tls in (
             (1000, EC, "1.3"), (5000, EC, "1.3"), (10000, EC, "1.3"), (10000, EC, "1.2"),
             (10000, RSA, "1.3"), (10000, RSA, "1.2"))]
# A process for each session: a hundred of them tell what a thousand cost, and fit into memory.
CASES.append(bench.case("100, P-256, TLS 1.3, key in a file", sessions=100, tls="1.3", backend="idle",
                        goal=0.1))
QUICK = CASES[:1]


def measure(lab, target, case, seconds):
    return idle_https.memory_figures(lab, target, case.sessions, "explicit", case.tls)
