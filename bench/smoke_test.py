#!/usr/bin/env python3
"""bench/run measures and writes its report: smoke_test.py BUILD-DIRECTORY"""
import pathlib
import subprocess
import sys
import tempfile

RUN = pathlib.Path(__file__).resolve().parent / "run"


def main():
    with tempfile.TemporaryDirectory(prefix="hsmfront-bench-smoke.") as directory:
        out = pathlib.Path(directory)
        subprocess.run(
            [RUN, "--no-install", "--no-build", "--build", sys.argv[1], "--quick", "--suite", "http",
             "--case", "128 B", "--target", "hsmfront", "nginx", "--rounds", "1", "--out", out],
            check=True, timeout=100)
        header, *rows = [line.split("\t") for line in (out / "http.tsv").read_text().splitlines()]
        measured = {(row[1], row[2]) for row in rows}
        wanted = {(case, target) for case in ("HTTP/1.1 128 B", "HTTP/2 128 B")
                  for target in ("hsmfront", "nginx")}
        assert measured == wanted, f"measured: {measured}"
        requests = header.index("requests")
        assert all(float(row[requests]) > 0 for row in rows), "no requests were answered"
        report = (out / "report.md").read_text()
        assert "| HTTP/1.1 128 B |" in report and "× nginx" in report, report


main()
