"""Requests over HTTPS on kept connections

32 connections, each with one request at a time, TLS 1.3 with AES-128-GCM, one worker. Every target
speaks HTTP on both sides, adds X-Forwarded-For and keeps its connections to the backend.
"""
import lab as bench

TARGETS = ["hsmfront", "nginx", "haproxy", "nghttpx"]
FIGURES = {"cpu_us": "CPU of the proxy, µs per request", "rate": "requests per second",
           "p99_ms": "99th percentile of the latency, ms"}
SECONDS = 3
CASES = [
    bench.case("HTTP/1.1 128 B", http="1.1", path="/128", external="HTTP/1.1", goal=0.9),
    bench.case("HTTP/1.1 10 KiB", http="1.1", path="/10k", goal=0.9),
    bench.case("HTTP/2 128 B", http="2", path="/128", external="HTTP/2", goal=0.9),
    bench.case("HTTP/2 10 KiB", http="2", path="/10k", goal=0.9),
]


def measure(lab, target, case, seconds):
    figures = lab.load(target, "https_load", "requests", f"http={case.http}",
                       f"path={lab.path(target, case)}", "connections=32", f"seconds={seconds}")
    figures["rate"] = figures["requests"] / figures["seconds"]
    return bench.per(figures, "cpu_us", 1e6, "requests")
