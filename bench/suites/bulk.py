"""Bulk transfers over HTTPS

Content of 256 MiB again and again on one connection, HTTP/1.1, TLS 1.3 with AES-128-GCM, one worker.
Hitch and stunnel pass bytes on and know nothing of HTTP.
"""
import lab as bench

TARGETS = ["hsmfront", "nginx", "haproxy", "nghttpx", "hitch", "stunnel"]
FIGURES = {"cpu_s_gib": "CPU of the proxy, s per GiB", "mib_s": "MiB per second"}
SECONDS = 3
CASES = [
    bench.case("download", path="/256m", upload=0, external="download", goal=0.85),
    bench.case("upload", path="/upload", upload=256 << 20, goal=0.85),
]


def measure(lab, target, case, seconds):
    figures = lab.load(target, "https_load", "requests", f"path={lab.path(target, case)}",
                       f"upload={case.upload}", "connections=1", f"seconds={seconds}")
    figures["mib_s"] = figures["bytes"] / figures["seconds"] / (1 << 20)
    return bench.per(figures, "cpu_s_gib", 1 << 30, "bytes")
