"""TLS handshakes

16 clients connect, shake hands, say close_notify, await the end of the connection, and begin again;
X25519, AES-128-GCM, one worker. P-256 and RSA (2048 bits) are the certificates' keys, in a file or in
SoftHSM; nginx_pkcs11 and stunnel_pkcs11 reach the token by OpenSSL's engine, nginx in its event loop.
Resumed handshakes use one session for all of them, by ticket.
"""
import itertools

import lab as bench

TARGETS = ["hsmfront", "nginx", "haproxy", "nghttpx", "hitch", "stunnel", "nginx_pkcs11",
           "stunnel_pkcs11"]
FIGURES = {"cpu_ms": "CPU of the proxy, ms per handshake", "rate": "handshakes per second",
           "p99_ms": "99th percentile from connect to the end of the handshake, ms"}
SECONDS = 3
PLOT_WITHOUT = ["stunnel", "stunnel_pkcs11"]
CASES = [
    bench.case(f"{title}, TLS {tls}, {place}", key=key, tls=tls, store=store, resume=0, goal=1.0,
               external=f"full, TLS {tls}" if (key, store) == ("ec", "file") else "")
    for (store, place), (key, title), tls in itertools.product(
        [("file", "file"), ("token", "SoftHSM")], [("ec", "P-256"), ("rsa", "RSA")], ["1.3", "1.2"])
] + [bench.case(f"resumed, TLS {tls}", tls=tls, resume=1, goal=1.0, external=f"resumed, TLS {tls}")
     for tls in ("1.3", "1.2")]
QUICK = [case for case in CASES if case.tls == "1.3"]


def measure(lab, target, case, seconds):
    figures = lab.load(target, "https_load", "handshakes", f"tls={case.tls}",
                       f"resume={case.resume}", "concurrency=16", f"seconds={seconds}")
    done = figures["handshakes"]
    if not done or figures["failed"] > 0.001 * done:
        raise RuntimeError(f"{target.name}: {figures['failed']:.0f} handshakes failed")
    if figures["resumed"] != case.resume * done:
        raise RuntimeError(f"{target.name}: {figures['resumed']:.0f} of {done:.0f} were resumed")
    figures["rate"] = done / figures["seconds"]
    return bench.per(figures, "cpu_ms", 1e3, "handshakes")
