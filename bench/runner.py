"""Runs suites, the targets interleaved (A B C A B C …), and shows how far it is."""
import contextlib
import importlib
import shutil
import subprocess
import sys
import time

import lab as bench


def suite_module(name):
    return importlib.import_module("suites." + name.replace("-", "_"))


def peer_module(name):
    return importlib.import_module("peers." + name)


def suite_names():
    files = (bench.ROOT / "bench/suites").glob("[a-z]*.py")
    return sorted(path.stem.replace("_", "-") for path in files)


def installed(name):
    program = peer_module(name).PROGRAM
    return program is None or shutil.which(program) is not None


class Progress:
    """On a terminal a bar with the time that remains, otherwise a line for each step."""

    WIDTH = 30

    def __init__(self, steps, stream=sys.stderr):
        self.steps = max(steps, 1)
        self.done = 0
        self.started = time.monotonic()
        self.stream = stream
        self.terminal = stream.isatty()

    def step(self, text):
        """`text` is what is being done now."""
        share = self.done / self.steps
        passed = time.monotonic() - self.started
        left = f"{passed / share - passed:4.0f} s left" if share else "   … s left"
        if self.terminal:
            bar = ("█" * int(share * self.WIDTH)).ljust(self.WIDTH, "░")
            line = f"{bar} {share:4.0%} {left}  {text}"
            self.stream.write("\r\033[K" + line[:shutil.get_terminal_size().columns - 1])
        else:
            self.stream.write(f"[{self.done + 1}/{self.steps}, {left.strip()}] {text}\n")
        self.stream.flush()
        self.done += 1

    def say(self, text):
        """A line that stays."""
        self.stream.write(("\r\033[K" if self.terminal else "") + text + "\n")

    def finish(self):
        if self.terminal:
            self.stream.write("\r\033[K")


def commit():
    """{"commit": of the source that is measured}, empty where there is no git."""
    with contextlib.suppress(OSError):
        done = subprocess.run(["git", "-C", bench.ROOT, "rev-parse", "--short", "HEAD"],
                              capture_output=True, text=True)
        if done.returncode == 0:
            return {"commit": done.stdout.strip()}
    return {}


class Plan:
    """What is measured: pairs of a suite's module and its cases, each with the names of targets."""

    def __init__(self, options):
        self.rounds = options.rounds
        self.seconds = options.seconds
        self.commit = commit()
        self.external = [name for name in options.target if ":" in name]
        named = [name for name in options.target if ":" not in name]
        self.suites = []
        for name in options.suite:
            suite = suite_module(name)
            quick = getattr(suite, "QUICK", suite.CASES) if options.quick else suite.CASES
            cases = [case for case in quick if options.case in case.name]
            self.suites.append((name, suite, [
                (case, self.targets(suite, case, named)) for case in cases]))

    def targets(self, suite, case, named):
        if self.external and case.external:
            return self.external
        wanted = [] if self.external and not named else named or suite.TARGETS
        return [name for name in suite.TARGETS
                if name in wanted and installed(name) and peer_module(name).can(case)]

    def steps(self):
        return sum(len(targets) * self.rounds_of(suite)
                   for _, suite, cases in self.suites for _, targets in cases)

    def rounds_of(self, suite):
        return min(self.rounds, getattr(suite, "ROUNDS", self.rounds))


def run(lab, plan):
    """Rows of figures, a list for each suite's name. A target that fails is left out of the case."""
    progress = Progress(plan.steps())
    results = {}
    for name, suite, cases in plan.suites:
        results[name] = [row for case, targets in cases
                         for row in run_case(lab, plan, progress, name, suite, case, targets)]
    progress.finish()
    return results


def run_case(lab, plan, progress, name, suite, case, names):
    fresh = getattr(suite, "FRESH", False)  # a process that has not served yet, each time
    rows, standing, broken = [], {}, set()
    for number in range(1, plan.rounds_of(suite) + 1):
        for target_name in names:
            progress.step(f"{name}: {case.name}: {target_name}, round {number}")
            if target_name in broken:
                continue
            target = None
            try:
                target = standing.pop(target_name, None) or start(lab, case, target_name)
                figures = suite.measure(lab, target, case, plan.seconds or suite.SECONDS)
            except Exception as error:  # one peer that fails must not cost the whole run
                progress.say(f"{name}: {case.name}: {target_name} is left out: {error}")
                broken.add(target_name)
                if target:
                    stop(lab, target)
                continue
            rows.append({"suite": name, "case": case.external if target.process is None else case.name,
                         "target": target_name, "round": number, **figures, **plan.commit})
            if fresh:
                stop(lab, target)
            else:
                standing[target_name] = target
    for target in standing.values():
        stop(lab, target)
    return rows


def start(lab, case, name):
    return bench.Target(name, name) if ":" in name else peer_module(name).start(lab, case)


def stop(lab, target):
    if target.process:
        lab.stop(target.process)
