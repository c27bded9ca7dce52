"""What a run of the matrix found: a summary for the terminal, TSV, and Markdown for the README."""
import collections

import cells
from known import RECIPES, known, race


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


LABELS = {"curl": "curl (OpenSSL)", "curl-gnutls": "libcurl (GnuTLS)", "lftp": "lftp (GnuTLS)",
          "ftplib": "Python ftplib", "basic-ftp": "basic-ftp (npm)", "wget": "GNU Wget (GnuTLS)",
          "net-ftp": "Perl Net::FTP", "java": "Java Commons Net", "go": "Go jlaffaye/ftp"}
# Columns of the table: what differs between clients. Each sums up over all other dimensions.
COLUMNS = [(f"{data} {tls}{' require' if required else ''}", data, tls, required)
           for data in cells.DIMENSIONS["data"] for tls in cells.DIMENSIONS["tls"]
           for required in (False, True)]


def markdown(outcomes, direct):
    """Clients as rows. An entry is a tick where every cell passed, else passed/all, with numbers of
    footnotes; a dash where the client cannot do it or no cell was run."""
    lines = ["| client | " + " | ".join(title for title, *_ in COLUMNS) + " |",
             "|---" * (len(COLUMNS) + 1) + "|"]
    footnotes = []
    for client in cells.DIMENSIONS["client"]:
        row = [LABELS[client]]
        for _, data, tls, required in COLUMNS:
            some = {cell: outcome for cell, outcome in outcomes.items()
                    if (cell.client, cell.data, cell.tls) == (client, data, tls)
                    and (cell.reuse == "require") == required}
            row.append(entry_of(some, footnotes, direct))
        lines.append("| " + " | ".join(row) + " |")
    lines += [""] + [f"{number}. {text}." for number, text in enumerate(footnotes, 1)]
    return "\n".join(lines) + "\n"


def entry_of(some, footnotes, direct):
    if not some:
        return "–"
    numbers = []
    for cell in some:
        for text in remarks(cell, direct):
            if text not in footnotes:
                footnotes.append(text)
            if footnotes.index(text) + 1 not in numbers:
                numbers.append(footnotes.index(text) + 1)
    passed = sum(outcome.passed for outcome in some.values())
    count = "✓" if passed == len(some) else f"{passed}/{len(some)}"
    return count + (f" ({', '.join(map(str, numbers))})" if numbers else "")


def remarks(cell, direct):
    """What a reader must know about the cell."""
    entries = [fails(cell, direct), race(cell)]
    texts = [entry.cause for entry in entries if entry]
    if cell.reuse == "require" and cell.client in RECIPES:
        texts.append(RECIPES[cell.client])
    return texts
