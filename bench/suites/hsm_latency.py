"""Slow HSM: handshakes meanwhile, and requests on connections that stand

SoftHSM behind a PKCS#11 module that takes 1, 5, 10 or 20 ms longer for each signature, in parallel.
64 clients do full handshakes (P-256, TLS 1.3) one after the other; 8 connections opened before are
asked for 128 B, together 200 times a second. Latency counts from the time at which a request was due.
Two workers. hsmfront has 8 signers, so that 8 ÷ latency is the most that the token allows. nginx and
stunnel reach the token by OpenSSL's engine: in the event loop, and in a thread for each connection.
"""
import lab as bench

TARGETS = ["hsmfront", "nginx_pkcs11", "stunnel_pkcs11"]
FIGURES = {"p99_ms": "Requests on connections that stand: 99th percentile of the latency, ms",
           "rate": "Full handshakes per second",
           "quiet_p99_ms": "The same 99th percentile without handshakes, ms"}
SECONDS = 4
CASES = [bench.case(f"{latency} ms", latency_ms=latency, store="token", workers=2, path="/128",
                    external="while 64 clients shake hands" if latency == 10 else "")
         for latency in (1, 5, 10, 20)]
QUICK = [case for case in CASES if case.latency_ms == 10]


def requests(lab, target, case, seconds):
    return bench.Client(lab, target, "https_load", "requests", f"path={lab.path(target, case)}",
                        "connections=8", "rate=200", f"seconds={seconds}")


def measure(lab, target, case, seconds):
    quiet = requests(lab, target, case, seconds / 2)
    quiet.begin()
    quiet_figures = quiet.figures()
    quiet.close()
    standing = requests(lab, target, case, seconds)
    crowd = bench.Client(lab, target, "https_load", "handshakes", "concurrency=64",
                         f"seconds={seconds}")
    standing.begin()
    crowd.begin()
    figures, handshakes = standing.figures(), crowd.figures()
    for client in (standing, crowd):
        client.close()
    return figures | {"quiet_p99_ms": quiet_figures["p99_ms"],
                      "handshakes": handshakes["handshakes"], "failed": handshakes["failed"],
                      "rate": handshakes["handshakes"] / handshakes["seconds"]}
