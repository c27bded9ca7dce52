#!/usr/bin/env python3
"""Measures hsmfront and its peers side by side on loopback: builds what that needs (bench/run has
installed it), runs the suites, and writes bench/results: SUITE.tsv (every figure), report.md and SUITE.svg.
With --target HOST:PORT it loads an installation of your own: rates and latencies, no CPU."""
import argparse
import pathlib
import signal
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import lab as bench  # noqa: E402
import plots  # noqa: E402
import report  # noqa: E402
import runner  # noqa: E402

RELEASE = HERE.parent / "build/release"


def arguments():
    parser = argparse.ArgumentParser(prog="bench/run", description=__doc__)
    parser.add_argument("--quick", action="store_true",
                        help="some cases of each suite, 2 rounds of 1 s; under 5 minutes")
    parser.add_argument("--suite", nargs="+", choices=runner.suite_names(), metavar="NAME",
                        help="default: all; --list shows them")
    parser.add_argument("--target", nargs="+", default=[], metavar="NAME|HOST:PORT",
                        help="default: all of a suite that are installed")
    parser.add_argument("--case", default="", metavar="TEXT", help="only cases whose name has TEXT")
    parser.add_argument("--path", default="/", help="what to ask of HOST:PORT (default: /)")
    parser.add_argument("--rounds", type=int, help="default: 5")
    parser.add_argument("--seconds", type=float, help="of load each; default: the suite's own")
    parser.add_argument("--out", type=pathlib.Path,
                        help="default: bench/results; build/bench if only a part is measured, so that "
                             "it does not take the place of the whole")
    parser.add_argument("--build", type=pathlib.Path, default=RELEASE,
                        help="build directory (default: build/release)")
    parser.add_argument("--no-install", action="store_true", help="do not install missing packages")
    parser.add_argument("--no-build", action="store_true", help="use programs as they are")
    parser.add_argument("--report", action="store_true",
                        help="measures nothing; report and plots of the TSV files that are there")
    parser.add_argument("--list", action="store_true", help="shows suites, cases and targets")
    options = parser.parse_args()
    options.suite = options.suite or runner.suite_names()
    options.rounds = options.rounds or (2 if options.quick else 5)
    options.seconds = options.seconds or (1 if options.quick else None)
    part = options.quick or options.target or options.case
    options.out = options.out or HERE.parent / ("build/bench" if part else "bench/results")
    return options


def show_list():
    for name in runner.suite_names():
        suite = runner.suite_module(name)
        print(f"{name}: {suite.__doc__.strip().splitlines()[0]}")
        print("  targets: " + " ".join(suite.TARGETS))
        for case in suite.CASES:
            print(f"  - {case.name}")


def only_external(options):
    return options.target != [] and all(":" in name for name in options.target)


def prepare(options):
    """Loading an installation of one's own needs only the load clients."""
    if options.no_build:
        return
    if options.build == RELEASE:  # a build for installation has no load clients
        subprocess.run(["cmake", "--preset", "release", "-DHSMFRONT_TESTS=ON"], cwd=bench.ROOT,
                       check=True, stdout=subprocess.DEVNULL)
    ours = [] if only_external(options) else ["hsmfront", "hsmfront_pkcs11_shim"]
    subprocess.run(["cmake", "--build", options.build, "--target", "bench", *ours], check=True,
                   stdout=sys.stderr)


def write(out, results):
    """The report is of all suites that have results there, from this run or from those before."""
    out.mkdir(parents=True, exist_ok=True)
    for name, rows in results.items():
        report.write_tsv(out / f"{name}.tsv", rows)
    there = {name: out / f"{name}.tsv" for name in runner.suite_names()}
    every = {name: report.read_tsv(path) for name, path in there.items() if path.exists()}
    suites = {name: runner.suite_module(name) for name in every}
    report.write_report(out / "report.md", suites, every, plots.write_plots(out, suites, every))
    if out.resolve() == HERE / "results":
        report.update_readme(HERE.parent / "README.md", suites, every)
    print(out / "report.md")


def main():
    options = arguments()
    if options.list:
        show_list()
        return 0
    if options.report:
        write(options.out, {})
        return 0
    prepare(options)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started is stopped
    plan = runner.Plan(options)
    if plan.steps() == 0:
        sys.exit("there is nothing to measure: no such case, or the targets are not installed")
    with bench.Lab(options.build, keys=not only_external(options)) as lab:
        lab.external_path = options.path
        results = {name: rows for name, rows in runner.run(lab, plan).items() if rows}
    write(options.out, results)
    return 0 if results else 1


sys.exit(main())
