"""SVG plots of results by gnuplot."""
import shutil
import subprocess

import report

COLOURS = ["#0b6e4f", "#8fb8de", "#f2b872", "#c6a5d6", "#b9b9b9", "#e59b9b", "#9fd0c3"]

HEAD = """set terminal svg size {width},{height} dynamic font 'sans-serif,13' background '#ffffff'
set output '{out}'
set title "{title}" font ',15' noenhanced
set border 3 lc rgb '#888888'
set tics nomirror noenhanced textcolor rgb '#333333'
set grid ytics back lt 1 lc rgb '#dddddd'
set key outside bottom center horizontal noenhanced
set datafile separator '\\t'
set datafile missing '-'
"""


def write_plots(directory, suites, results):
    """A plot of each suite's main figure; paths by suite. Without gnuplot there are none."""
    if shutil.which("gnuplot") is None:
        print("no plots: gnuplot is not installed")
        return {}
    plots = {}
    for name, rows in results.items():
        figure, caption = next(iter(suites[name].FIGURES.items()))
        outside = getattr(suites[name], "PLOT_WITHOUT", [])  # those that would dwarf the others
        summary = report.Summary(
            suites[name], [row for row in rows if row["target"] not in outside], figure)
        if outside:
            caption += f" (without {', '.join(outside)})"
        if summary.cases:
            plots[name] = directory / f"{name}.svg"
            draw = lines if getattr(suites[name], "PLOT", "bars") == "lines" else bars
            draw(plots[name], summary, caption)
    ratios = report.glance(suites, results)
    if ratios:
        plots["glance"] = directory / "glance.svg"
        ladder(plots["glance"], ratios)
    return plots


def ladder(path, ratios):
    """Each ratio to the cheapest peer as a bar, lowest first."""
    ratios = sorted(ratios, key=lambda each: each[5])
    script = HEAD.format(width=760, height=70 + 19 * len(ratios), out=path,
                         title="hsmfront beside the cheapest peer (1: the same)")
    labels = [f"{name}: {case}" for name, case, *_ in ratios]
    rows = [f"{len(ratios) - place}\t{each[5]:.3f}\t{1 if each[5] <= 1 else 2}"
            for place, each in enumerate(ratios)]
    tics = ", ".join(f'"{label}" {len(ratios) - place}' for place, label in enumerate(labels))
    script += ("unset key\nset grid noytics xtics\nset xrange [0:*]\n"
               f"set yrange [0.3:{len(ratios) + 0.7}]\nset ytics ({tics})\nset style fill solid\n"
               "set arrow from 1,graph 0 to 1,graph 1 nohead lc rgb '#333333' dt 2\n"
               "$data << END\n" + "\n".join(rows) + "\nEND\n"
               f"plot $data using 2:1:(0):2:($1-0.36):($1+0.36):($3 == 1 ? {int(COLOURS[0][1:], 16)} : "
               f"{int(COLOURS[2][1:], 16)}) with boxxyerror lc rgb variable, "
               "$data using ($2 + 0.02):1:(sprintf('%.2f', $2)) with labels left font ',11'\n")
    subprocess.run(["gnuplot"], input=script, text=True, check=True)


def data_block(summary):
    lines = ["\t".join(["case", *summary.targets])]
    for case in summary.cases:
        medians = (summary.median(case, target) for target in summary.targets)
        lines.append("\t".join([case, *("-" if each is None else f"{each:.6g}" for each in medians)]))
    return "$data << END\n" + "\n".join(lines) + "\nEND\n"


def bars(path, summary, caption):
    width = max(640, 90 * len(summary.cases) + 14 * len(summary.cases) * len(summary.targets))
    script = HEAD.format(width=width, height=420, out=path, title=caption) + data_block(summary)
    script += ("set style data histogram\nset style histogram clustered gap 1.5\n"
               "set style fill solid border rgb '#ffffff'\nset yrange [0:*]\n")
    if len(summary.cases) > 5:
        script += "set xtics rotate by -25\n"
    draw(script, summary, lambda column: f"using {column}:xtic(1)")


def lines(path, summary, caption):
    """Cases are numbers, such as connections."""
    script = HEAD.format(width=640, height=420, out=path, title=caption) + data_block(summary)
    script += "set logscale x\nset yrange [0:*]\nset style data linespoints\n"
    draw(script, summary, lambda column: f"using (column(1)):{column}", "lw 2 pt 7 ps 0.6")


def draw(script, summary, using, style=""):
    # The first line of the data is the targets' names.
    series = [f"$data every ::1 {using(place + 2)} title '{target}' "
              f"lc rgb '{COLOURS[place % len(COLOURS)]}' {style}"
              for place, target in enumerate(summary.targets)]
    subprocess.run(["gnuplot"], input=f"{script}plot {', '.join(series)}\n", text=True, check=True)
