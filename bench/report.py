"""Results as TSV (every figure) and as a Markdown report (medians, ratios, spread)."""
import os
import pathlib
import platform
import statistics
import subprocess
import time

WORDS = ("suite", "case", "target", "commit")  # fields that are no figures


def write_tsv(path, rows):
    """All rows under the names of all their fields."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    lines = ["\t".join(names)]
    lines += ["\t".join(text(row.get(name, "")) for name in names) for row in rows]
    path.write_text("\n".join(lines) + "\n")


def read_tsv(path):
    header, *lines = path.read_text().splitlines()
    return [{name: value if name in WORDS else float(value)
             for name, value in zip(header.split("\t"), line.split("\t")) if value != ""}
            for line in lines]


def text(value):
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def short(value):
    """Three digits that count."""
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


class Summary:
    """One figure of a suite, by case and target, of each round."""

    def __init__(self, suite, rows, figure):
        self.values = {}
        for row in rows:
            if figure in row:
                rounds = self.values.setdefault((row["case"], row["target"]), {})
                rounds[row["round"]] = row[figure]
        self.cases = list(dict.fromkeys(case for case, _ in self.values))
        named = list(dict.fromkeys([*suite.TARGETS, *(row["target"] for row in rows)]))
        self.targets = [name for name in named if any(target == name for _, target in self.values)]
        self.rivals = getattr(suite, "RIVALS", self.targets)
        self.ours = next((name for name in self.targets if name.startswith("hsmfront")), None)

    def median(self, case, target):
        values = self.values.get((case, target))
        return statistics.median(values.values()) if values else None

    def spread(self, case, target):
        """(largest − smallest) ÷ median, in percent."""
        values, middle = self.values[case, target].values(), self.median(case, target)
        return 100 * (max(values) - min(values)) / middle if middle else 0

    def ratio(self, case, peer):
        """Ours ÷ the peer's: the median over the rounds, since both had the same neighbours in each.
        Nothing if they have no round in common."""
        ours, theirs = (self.values.get((case, name), {}) for name in (self.ours, peer))
        both = [ours[number] / theirs[number] for number in ours if theirs.get(number)]
        return statistics.median(both) if both else None

    def best_peer(self, case):
        """Largest ratio and the peer's name; nothing without peers."""
        ratios = [(self.ratio(case, name), name) for name in self.targets
                  if name != self.ours and name in self.rivals]
        return max((pair for pair in ratios if pair[0] is not None), default=None)

    def cell(self, case, target):
        middle = self.median(case, target)
        if middle is None:
            return "–"
        return f"{short(middle)} <sub>{self.spread(case, target):.0f} %</sub>"


def ratio_cells(summary, case, goal):
    """Ratio to the best peer, and what the goal says of it."""
    best = summary.best_peer(case)
    if not best:
        return "–", ""
    ratio, name = best
    verdict = "" if goal is None else f"{'✓' if ratio <= goal else '✗'} ≤ {goal:g}"
    return f"**{ratio:.2f}**× {name}", verdict


def table(summary, goals, main):
    titles = ["", *summary.targets] + (["ratio to the best peer", "goal"] if main else [])
    lines = ["| " + " | ".join(titles) + " |", "|---" + "|--:" * len(summary.targets) +
             ("|---|---|" if main else "|")]
    for case in summary.cases:
        cells = [case, *(summary.cell(case, target) for target in summary.targets)]
        if main:
            cells += ratio_cells(summary, case, goals.get(case))
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def glance(suites, results):
    """(suite, case, our median, peer, its median, ratio, goal) of whatever has a goal."""
    found = []
    for name, rows in results.items():
        summary = Summary(suites[name], rows, next(iter(suites[name].FIGURES))) if rows else None
        for case in suites[name].CASES if summary and summary.ours else ():
            best = summary.best_peer(case.name) if case.goal is not None else None
            if best:
                ratio, peer = best
                found.append((name, case.name, summary.median(case.name, summary.ours), peer,
                              summary.median(case.name, peer), ratio, case.goal))
    return found


def glance_table(suites, results):
    """What hsmfront costs beside the cheapest peer, a line for each goal."""
    lines = ["| work | hsmfront | cheapest peer | ratio | goal |", "|---|--:|--:|--:|---|"]
    unit = {name: next(iter(suite.FIGURES.values())).rpartition(", ")[2] for name, suite in suites.items()}
    for name, case, ours, peer, theirs, ratio, goal in glance(suites, results):
        verdict = f"{'✓' if ratio <= goal else '✗'} ≤ {goal:g}"
        lines.append(f"| {name}: {case} | {short(ours)} {unit[name]} | {peer} {short(theirs)} | "
                     f"{ratio:.2f} | {verdict} |")
    return "\n".join(lines)


def update_readme(path, suites, results):
    """Puts the table between the marks that `path` has for it."""
    begin, end = "<!-- by bench/run: begin -->\n", "<!-- by bench/run: end -->"
    before, found, rest = path.read_text().partition(begin)
    if found:
        _, found, after = rest.partition(end)
        path.write_text(before + begin + glance_table(suites, results) + "\n" + end + after)


def section(name, suite, rows, plots):
    """What the report says of one suite."""
    title, _, rest = suite.__doc__.strip().partition("\n")
    goals = {case.name: case.goal for case in suite.CASES}
    rounds = int(max(row["round"] for row in rows))
    commits = sorted({row["commit"] for row in rows if "commit" in row})
    measured = f"{rounds} round{'s' if rounds > 1 else ''}" + "".join(
        f", hsmfront at {commit}" for commit in commits)
    parts = [f"## {name}: {title}", f"{rest.strip()} {measured}."]
    if name in plots:
        parts.append(f"![{title}]({plots[name].name})")
    for place, (figure, caption) in enumerate(suite.FIGURES.items()):
        summary = Summary(suite, rows, figure)
        if summary.cases:
            main = place == 0 and summary.ours and len(summary.targets) > 1
            parts += [f"**{caption}**", table(summary, goals, main)]
    return "\n\n".join(parts)


def write_report(path, suites, results, plots):
    """`suites`: modules by name; `results`: rows by name; `plots`: files by name."""
    parts = ["# Benchmark report", machine(),
             "Medians over the rounds; small: (largest − smallest) ÷ median. A ratio is the median of each "
             "round's. Targets took turns round by round on loopback, each with one worker unless a "
             "suite says otherwise. CPU is user and system time of the target's whole process tree. "
             "Every figure of every round is in the TSV files beside this report.",
             "## At a glance", glance_table(suites, results)]
    if "glance" in plots:
        parts.append(f"![ratios]({plots['glance'].name})")
    parts += [section(name, suites[name], rows, plots) for name, rows in results.items() if rows]
    parts.append((pathlib.Path(__file__).parent / "profile.md").read_text().strip())
    path.write_text("\n\n".join(parts) + "\n")


def version(*argv):
    """The first line that a program prints about itself."""
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=10)
    except OSError:
        return None
    return next(iter((done.stdout + done.stderr).splitlines()), None)


def machine():
    model = next((line.partition(":")[2].strip()
                  for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), platform.machine())
    found = [version("openssl", "version"), version("nginx", "-v"), version("haproxy", "-v"),
             version("hitch", "--version"), version("nghttpx", "--version")]
    lines = [f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} × {model}, Linux {platform.release()}"]
    lines += [line for line in found if line]
    return "\n".join(f"- {line}" for line in lines)
