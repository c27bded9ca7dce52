"""Cost of a request as connections grow

HTTP/1.1, 128 B, TLS 1.3; all connections are kept, and requests go to them in turn, at most 32 at a
time: what is not busy must cost nothing. The rows are numbers of connections.
"""
import lab as bench

TARGETS = ["hsmfront", "nginx", "haproxy", "nghttpx"]
FIGURES = {"cpu_us": "CPU of the proxy, µs per request, by connections",
           "p99_ms": "99th percentile of the latency, ms"}
SECONDS = 3
PLOT = "lines"
CASES = [bench.case(str(count), connections=count, path="/128") for count in (1, 100, 1000, 10000)]
QUICK = []


def measure(lab, target, case, seconds):
    figures = lab.load(target, "https_load", "requests", f"path={case.path}",
                       f"connections={case.connections}",
                       f"in_flight={min(case.connections, 32)}", f"seconds={seconds}")
    figures["rate"] = figures["requests"] / figures["seconds"]
    return bench.per(figures, "cpu_us", 1e6, "requests")
