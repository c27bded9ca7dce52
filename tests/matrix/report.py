"""What a run of the matrix found: a summary for the terminal, TSV, and Markdown for the README."""
import collections

import cells
from known import known


def fails(cell, direct):
    """The entry of known.py that says that the cell fails in this kind of run, or None."""
    entry = known(cell)
    return entry if entry and (entry.directly or not direct) else None


def verdict(cell, outcome, direct):
    """passed, known (fails as listed), failed, or unlisted (passes although listed)."""
    if fails(cell, direct):
        return "unlisted" if outcome.passed else "known"
    return "passed" if outcome.passed else "failed"


def summary(outcomes, notes, seconds, direct):
    """Prints what is not as expected and the counts; returns the number of wrong cells."""
    counts = collections.Counter()
    for cell, outcome in outcomes.items():
        found = verdict(cell, outcome, direct)
        counts[found] += 1
        if found == "failed":
            print(f"FAILED {cell}: after {outcome.after}: {outcome.reason}")
        elif found == "unlisted":
            print(f"PASSED, but listed as failing: {cell}: {known(cell).cause}")
    for note in notes:
        print(note)
    print(f"{len(outcomes)} cells in {seconds:.0f} s: {counts['passed']} passed, "
          f"{counts['known']} failed as known, {counts['failed']} failed, "
          f"{counts['unlisted']} passed although listed as failing")
    return counts["unlisted"] + (0 if direct else counts["failed"])


def tsv(outcomes, direct):
    lines = ["\t".join([*cells.DIMENSIONS, "verdict", "after", "seconds", "reason"])]
    for cell, outcome in outcomes.items():
        reason = outcome.reason.replace("\t", " ")
        lines.append("\t".join([*cell, verdict(cell, outcome, direct), outcome.after,
                                f"{outcome.seconds:.2f}", reason]))
    return "\n".join(lines) + "\n"


# Columns of the table: what differs between clients. Each sums up over all other dimensions.
COLUMNS = [(f"{data}, TLS {tls}{', required' if required else ''}", data, tls, required)
           for data in cells.DIMENSIONS["data"] for tls in cells.DIMENSIONS["tls"]
           for required in (False, True)]


def markdown(outcomes, direct):
    """Clients as rows; "passed/all", a footnote number where cells fail as known, a dash where a
    client cannot do it at all."""
    lines = ["| client | " + " | ".join(title for title, *_ in COLUMNS) + " |",
             "|---" * (len(COLUMNS) + 1) + "|"]
    causes = []
    for client in cells.DIMENSIONS["client"]:
        row = [client]
        for _, data, tls, required in COLUMNS:
            some = {cell: outcome for cell, outcome in outcomes.items()
                    if (cell.client, cell.data, cell.tls) == (client, data, tls)
                    and (cell.reuse == "require") == required}
            row.append(entry_of(some, causes, direct))
        lines.append("| " + " | ".join(row) + " |")
    lines += [""] + [f"{number}. {cause}." for number, cause in enumerate(causes, 1)]
    return "\n".join(lines) + "\n"


def entry_of(some, causes, direct):
    if not some:
        return "–"
    passed = sum(outcome.passed for outcome in some.values())
    notes = []
    for cell in some:
        entry = fails(cell, direct)
        if entry and entry.cause not in causes:
            causes.append(entry.cause)
        if entry and str(causes.index(entry.cause) + 1) not in notes:
            notes.append(str(causes.index(entry.cause) + 1))
    return f"{passed}/{len(some)}" + (f" ({', '.join(notes)})" if notes else "")
