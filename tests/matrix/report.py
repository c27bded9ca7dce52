"""What a run of the matrix found: a summary for the terminal, TSV, and Markdown for the README."""
import cells
from known import known


def verdict(cell, outcome):
    """passed, known (fails as listed), failed, or unlisted (passes although listed)."""
    if known(cell):
        return "unlisted" if outcome.passed else "known"
    return "passed" if outcome.passed else "failed"


def summary(outcomes, notes, seconds):
    """Prints what is not as expected and the counts; returns the number of wrong cells."""
    counts = dict.fromkeys(("passed", "known", "failed", "unlisted"), 0)
    for cell, outcome in outcomes.items():
        found = verdict(cell, outcome)
        counts[found] += 1
        if found == "failed":
            print(f"FAILED {cell}: after {outcome.after}: {outcome.reason}")
        elif found == "unlisted":
            print(f"PASSED, but listed as failing: {cell}: {known(cell).cause}")
    print(*notes, sep="\n", end="\n" if notes else "")
    print(f"{len(outcomes)} cells in {seconds:.0f} s: {counts['passed']} passed, "
          f"{counts['known']} failed as known, {counts['failed']} failed, "
          f"{counts['unlisted']} passed although listed as failing")
    return counts["failed"] + counts["unlisted"]


def tsv(outcomes):
    lines = ["\t".join([*cells.DIMENSIONS, "verdict", "after", "seconds", "reason"])]
    for cell, outcome in outcomes.items():
        reason = outcome.reason.replace("\t", " ")
        lines.append("\t".join([*cell, verdict(cell, outcome), outcome.after,
                                f"{outcome.seconds:.2f}", reason]))
    return "\n".join(lines) + "\n"


def markdown(outcomes):
    return ""
