"""The compatibility matrix: FTPS clients through hsmfront to FTP servers, in every mode.

Each cell is one session: log in, upload, list, download, compare. Exit code 0: every cell did what
it should, that is passed, or failed where known.py says so. With --direct, where servers fail that
hsmfront does not, only cells of known.py that pass are wrong.
"""
import argparse
import concurrent.futures
import os
import pathlib
import sys
import tempfile
import time

import backends
import cells
import clients
import report
from front import Front, make_material
from harness import PortBlock
from known import known, race

FILE_SIZE = 300_000  # more than socket buffers take at once, little enough for some 2,000 cells
RACE_ATTEMPTS = 5
HOSTS = {"ipv4": "127.0.0.1", "ipv6": "::1"}


def absolute(path):
    """Servers and clients run in folders of their own."""
    return pathlib.Path(path).resolve()


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hsmfront", type=absolute,
                        help="the binary, where the environment does not name one (HSMFRONT_PROGRAM)")
    parser.add_argument("--cache", type=absolute,
                        default=backends.HERE.parents[1] / ".cache/matrix",
                        help="the folder that prepare.sh filled")
    parser.add_argument("--short", action="store_true",
                        help="a subset with every pair of values of two dimensions that can work, "
                             "and one cell for each cause of failure")
    parser.add_argument("--direct", action="store_true",
                        help="the cells against the servers' own TLS, without hsmfront")
    parser.add_argument("--known", action="store_true", help="only cells that known.py lists")
    parser.add_argument("--jobs", type=int, default=(os.cpu_count() or 1) + 1)
    parser.add_argument("--limit", type=int, default=1500,
                        help="seconds; cells that are left then count as failed")
    parser.add_argument("--report", type=absolute, help="folder for matrix.md and matrix.tsv")
    parser.add_argument("--keep", type=absolute, help="folder to work in and to leave")
    for name, values in cells.DIMENSIONS.items():
        parser.add_argument("--" + name.replace("_", "-"), action="append", choices=values)
    return parser.parse_args()


class Stage:
    """The servers that the cells run against."""

    def __init__(self, options, directory):
        self.options, self.directory = options, directory
        self.material = make_material(directory / "material")
        self.ca = self.material / "ca/ca.pem"
        self.block = PortBlock()
        self.backends, self.fronts = {}, {}

    def start(self, chosen):
        """Starts what the chosen cells need; stop() is due even if this fails."""
        for cell in chosen:
            (self.start_direct if self.options.direct else self.start_front)(cell)
        for front in self.fronts.values():
            front.await_ready()

    def start_front(self, cell):
        if self.backend_key(cell) not in self.backends:
            self.backends[self.backend_key(cell)] = self.start_backend(cell.backend, cell.backend)
        key = self.front_key(cell)
        if key not in self.fronts:
            self.fronts[key] = Front(
                self.options.hsmfront.resolve(), self.directory / "-".join(("front", *key)),
                self.material, self.backends[self.backend_key(cell)], cell)

    @staticmethod
    def front_key(cell):
        return (cell.backend, cell.reuse, cell.backend_data)

    def start_direct(self, cell):
        key = self.backend_key(cell)
        if key not in self.backends:
            tls = backends.Tls(self.material / "files/rsa.pem", self.material / "files/rsa.key",
                               cell.security == "implicit", cell.reuse == "require")
            self.backends[key] = self.start_backend(cell.backend, "-".join(key),
                                                    HOSTS[cell.family], tls)

    def start_backend(self, name, directory, host=HOSTS["ipv4"], tls=None):
        return backends.Backend(name, self.directory / directory, self.block.next(),
                                self.options.cache / "servers", host, tls)

    def backend_key(self, cell):
        if not self.options.direct:
            return (cell.backend,)
        reuse = "require" if cell.reuse == "require" else "any"
        return (cell.backend, cell.security, cell.family, reuse)

    def run(self, name, cell):
        backend = self.backends[self.backend_key(cell)]
        front = self.fronts.get(self.front_key(cell))
        port = front.port(cell) if front else backend.port
        directory = self.directory / f"cell{name}"
        directory.mkdir()
        file = directory / f"file{name}.bin"
        file.write_bytes(os.urandom(FILE_SIZE))
        if not clients.uploads(cell):
            backend.place(file)
        outcome = clients.run(cell, self.options.cache, HOSTS[cell.family], port, self.ca, file,
                              directory)
        if outcome.passed and (backend.root / file.name).read_bytes() != file.read_bytes():
            outcome = outcome._replace(passed=False, reason="the backend has another file")
        if outcome.passed and front and (objection := front.objection(cell, file.name)):
            outcome = outcome._replace(passed=False, reason=objection)
        if not outcome.passed and front:
            outcome = outcome._replace(reason=f"{outcome.reason} {front.lines_about(file.name)}")
        return outcome

    def stop(self):
        """Ends all servers; returns complaints about fronts that did not end well."""
        complaints = []
        for key, front in self.fronts.items():
            code = front.process.stop()
            if code != 0 or "Sanitizer:" in front.process.log():
                complaints.append(f"hsmfront for {' '.join(key)} ended with {code}:\n"
                                  + "\n".join(front.process.log().splitlines()[-40:]))
        for backend in self.backends.values():
            backend.process.stop()
        return complaints


def selected(options):
    """The cells to run, and a note about what cannot run on this machine."""
    chosen = {name: getattr(options, name) for name in cells.DIMENSIONS}
    candidates = cells.all_cells(chosen)
    notes = []
    for name in cells.DIMENSIONS["backend"]:
        reason = backends.unavailable(name)
        if reason:
            notes.append(f"left out: backend {name}: {reason}")
            candidates = [cell for cell in candidates if cell.backend != name]
    if options.direct:
        candidates = [cell for cell in candidates if backends.can_do_directly(cell)]
    if options.known:
        candidates = [cell for cell in candidates if report.fails(cell, options.direct)]
    if options.short:
        working = [cell for cell in candidates if not known(cell)]
        exceptions = {known(cell).cause: cell for cell in candidates if known(cell)}
        candidates = cells.pairwise(working) + list(exceptions.values())
    return candidates, notes


def run_all(stage, chosen, options):
    """Cell to outcome. Cells that the time limit leaves undone count as failed."""
    deadline = time.monotonic() + options.limit

    def one(number, cell):
        outcome = clients.Outcome(False, "nothing", "not run: out of time", 0.0)
        for attempt in range(RACE_ATTEMPTS if race(cell) else 1):
            if outcome.passed or time.monotonic() > deadline:
                break
            outcome = stage.run(f"{number}-{attempt}", cell)
        return outcome

    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        futures = {cell: pool.submit(one, number, cell) for number, cell in enumerate(chosen)}
        return {cell: future.result() for cell, future in futures.items()}


def main():
    options = arguments()
    if "HSMFRONT_PROGRAM" in os.environ:
        options.hsmfront = absolute(os.environ["HSMFRONT_PROGRAM"])
    if not options.direct and not options.hsmfront:
        sys.exit("--hsmfront or --direct is needed")
    if not (options.cache / "compiled.stamp").exists():  # the last step of prepare.sh
        sys.exit(f"{options.cache} is not complete: run tests/matrix/prepare.sh")
    chosen, notes = selected(options)
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="hsmfront-matrix-") as temporary:
        directory = options.keep or pathlib.Path(temporary)
        directory.mkdir(parents=True, exist_ok=True)
        directory.chmod(0o755)  # servers change to another user
        stage = Stage(options, directory.resolve())
        try:
            stage.start(chosen)
            outcomes = run_all(stage, chosen, options)
        finally:
            complaints = stage.stop()
    wrong = report.summary(outcomes, notes, time.monotonic() - started, options.direct)
    for text in complaints:
        print(text)
    if options.report:
        options.report.mkdir(parents=True, exist_ok=True)
        (options.report / "matrix.tsv").write_text(report.tsv(outcomes, options.direct))
        (options.report / "matrix.md").write_text(report.markdown(outcomes, options.direct))
    sys.exit(1 if wrong or complaints else 0)


if __name__ == "__main__":
    main()
