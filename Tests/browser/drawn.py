"""Reads the charts of a report as a person does, by the names on their axes, and holds them against the run's files."""

import math
import os
import re

from layout import check

# Units of the drawing: it is rounded to tenths of one, and the files to three digits.
TOLERANCE = 0.4

CHARTS = """
[...document.querySelectorAll('svg')].map(svg => ({
  label: svg.getAttribute('aria-label'),
  ticks: [...svg.querySelectorAll('text.tick')].map(text => [text.textContent, +text.getAttribute('x')]),
  grid: [...svg.querySelectorAll('line.grid')].map(line =>
    [...['x1', 'x2', 'y1', 'y2'].map(name => +line.getAttribute(name)), line.nextElementSibling.textContent]),
  paths: [...svg.querySelectorAll('path')].map(path => [path.getAttribute('class'), path.getAttribute('d')]),
  outages: [...svg.querySelectorAll('rect.outage')].map(rect =>
    [+rect.getAttribute('x'), +rect.getAttribute('width'), +rect.dataset.outages])
}))
"""
OUTCOMES = ["accepted", "refused", "indeterminate", "dropped"]
# By the beginning of a chart's name: the column of each line, and the columns that are stacked.
SERIES = {
    "response time by": ({"max": "max_ms", "p99": "p99_ms", "p90": "p90_ms", "p50": "p50_ms"}, []),
    "votes by": ({"due": "due"}, OUTCOMES),
    "failed votes and outages": ({}, OUTCOMES[1:]),
    "accepted votes and the tally": ({"accepted": "accepted_total", "visible": "visible_total"}, []),
    "start lag by": ({"max": "start_lag_max_us", "p99": "start_lag_p99_us"}, []),
}


def amount(text):
    digits, unit = re.fullmatch(r"([\d.]+)([kM]?)(?: \S+)?", text.strip()).groups()
    return float(digits) * {"": 1, "k": 1e3, "M": 1e6}[unit]


def seconds(text):
    if match := re.fullmatch(r"(\d+) s", text):
        return int(match[1])
    if match := re.fullmatch(r"(\d+):(\d\d)", text):
        return int(match[1]) * 60 + int(match[2])
    hours, minutes = re.fullmatch(r"(\d+) h (\d+)", text).groups()
    return int(hours) * 3600 + int(minutes) * 60


class Axis:
    """Where values stand, by two of them whose places are named."""

    def __init__(self, named, is_log=False):
        check(len(named) > 1, f"an axis with the names {named}")
        self.is_log = is_log
        (self.first, self.begin), (self.last, self.end) = [(self.scaled(value), place) for value, place in
                                                           (named[0], named[-1])]

    def scaled(self, value):
        return math.log10(value) if self.is_log else value

    def place(self, value):
        if self.is_log and value <= 10 ** self.first:
            return self.begin
        return self.begin + (self.scaled(value) - self.first) / (self.last - self.first) * (self.end - self.begin)


def values(chart):
    """The axis of values: where 0 is named, it is linear."""
    named = [(amount(text), top) for _, _, top, bottom, text in chart["grid"] if top == bottom]
    return Axis(named, is_log=named[0][0] > 0)


def nines(chart):
    """The axis of percentiles, by how many nines each has."""
    return Axis([(math.log10(100 / (100 - float(text.split()[0]))), left)
                 for left, right, _, _, text in chart["grid"] if left == right])


def same(drawn, meant, what):
    check(len(drawn) == len(meant), f"{what}: {len(drawn)} points, not {len(meant)}")
    for number, (one, other) in enumerate(zip(drawn, meant)):
        far = max(abs(a - b) for a, b in zip(one, other))
        check(far <= TOLERANCE, f"{what}: point {number} is drawn at {one}, and is {other}")


def points(path):
    return [(float(x), float(y)) for _, x, y in re.findall(r"([ML])([-\d.]+) ([-\d.]+)", path)]


def line_is(path, column, rows, time, axis, what):
    known = [place for place, row in enumerate(rows) if row[column] != ""]
    length = rows[1]["start_s"] - rows[0]["start_s"] if len(rows) > 1 else 1
    same(points(path), [(time.place(rows[place]["start_s"] + length / 2), axis.place(float(rows[place][column])))
                        for place in known], what)
    breaks = [command == "M" for command in re.findall("[ML]", path)]
    check(breaks == [place == 0 or rows[place - 1][column] == "" for place in known], f"{what} is broken elsewhere")


def bars_are(path, low, high, rows, time, axis, what):
    length = rows[1]["start_s"] - rows[0]["start_s"] if len(rows) > 1 else 1
    drawn = [tuple(map(float, bar)) for bar in re.findall(
        r"M([-\d.]+) ([-\d.]+)V([-\d.]+)H([-\d.]+)V[-\d.]+z", path)]
    meant = []
    for row, begin, end in zip(rows, low, high):
        if end > begin:
            bottom = axis.place(begin)
            meant.append((time.place(row["start_s"]), bottom, min(axis.place(end), bottom - 0.5),
                          time.place(row["start_s"] + length)))
    same(drawn, meant, what)


def outages_are(marks, outages, time):
    check(sum(count for _, _, count in marks) == len(outages), "an outage is not drawn")
    rest = sorted(outages, key=lambda outage: outage["start_s"])
    for left, width, count in marks:
        mine, rest = rest[:count], rest[count:]
        begin = time.place(mine[0]["start_s"])
        end = max(time.place(outage["start_s"] + outage["lower_ms"] / 1000) for outage in mine)
        check(left - 3 - TOLERANCE <= begin <= left + width and end <= left + width + TOLERANCE,
              f"outages from {begin} to {end} are drawn from {left} to {left + width}")


def timeline_is_drawn(charts, rows, outages):
    """Every line and every bar, at every interval; gives how many series there were."""
    rows = [{**row, "start_s": float(row["start_s"])} for row in rows]
    clock = next(chart for chart in charts if chart["label"].startswith("seconds after"))
    time = Axis([(seconds(text), x) for text, x in clock["ticks"]])
    count = 0
    for name, (lines, stacked) in SERIES.items():
        chart = next((chart for chart in charts if chart["label"].startswith(name)), None)
        shown = dict(chart["paths"]) if chart else {}
        check(len(shown) == len(chart["paths"] if chart else []), f"{name}: a line stands twice")
        meant = {f"line {style}" for style, column in lines.items() if any(row[column] != "" for row in rows)}
        meant |= {f"bar {column}" for column in stacked if any(float(row[column]) > 0 for row in rows)}
        if chart is None:
            check(not meant or name.startswith(("failed", "accepted")), f"{name} is not drawn")
            continue
        check(set(shown) == meant, f"{name}: {sorted(shown)} are drawn, not {sorted(meant)}")
        axis = values(chart)
        for style, column in lines.items():
            if f"line {style}" in shown:
                line_is(shown[f"line {style}"], column, rows, time, axis, f"{name}: {style}")
        low = [0.0] * len(rows)
        for column in stacked:
            high = [base + float(row[column]) for base, row in zip(low, rows)]
            if f"bar {column}" in shown:
                bars_are(shown[f"bar {column}"], low, high, rows, time, axis, f"{name}: {column}")
            low = high
        if name.startswith("failed"):
            outages_are(chart["outages"], outages, time)
        count += len(shown)
    return count + freshness_is_drawn(charts, rows, time)


def freshness_is_drawn(charts, rows, time):
    ages = [float(row["freshness_ms"] or 0) for row in rows]
    chart = next((chart for chart in charts if chart["label"].startswith("freshness")), None)
    if chart is None:
        check(all(row["freshness_ms"] == "" for row in rows), "freshness is not drawn")
        return 0
    shown, axis = dict(chart["paths"]), values(chart)
    line_is(shown["line visible"], "freshness_ms", rows, time, axis, "freshness")
    bars_are(shown.get("bar visible", ""), [0.0] * len(ages), ages, rows, time, axis, "bars of freshness")
    return 1


def percentiles(path):
    """The rows of a file of HdrHistogram's percentiles: percent and milliseconds."""
    with open(path, encoding="utf-8") as file:
        cells = [line.split() for line in file if re.match(r"\s+\d", line)]
    return [(float(percent) * 100, float(value)) for value, percent, *_ in cells]


def curves_are_drawn(charts, curves, run, summary):
    """Every curve at every level, and the levels as the .hgrm files have them."""
    chart = next(chart for chart in charts if chart["label"].startswith("response and service time"))
    across, axis, shown = nines(chart), values(chart), dict(chart["paths"])
    check(len(shown) == len(chart["paths"]) == len(curves), "other curves than the page's data")
    for curve in curves:
        what = f"{curve['time']} time of {curve['phase']}"
        entry = summary["total"] if curve["phase"] == "total" else next(
            phase for phase in summary["phases"] if phase["name"] == curve["phase"])
        times = entry[f"{curve['time']}_time_ms"]
        levels = [math.log10(100 / (100 - level)) if level < 100 else math.log10(times["count"])
                  for level in curve["percentile"]]
        same(points(shown[f"line c-{curve['phase']} {curve['time']}"]),
             [(across.place(level), axis.place(value)) for level, value in zip(levels, curve["ms"])], what)
        check(levels == sorted(levels) and curve["percentile"][-1] == 100, f"{what} does not go on to its longest")
        for level, name in ((50, "p50"), (90, "p90"), (100, "max")):
            if level in curve["percentile"]:
                value = curve["ms"][curve["percentile"].index(level)]
                check(math.isclose(value, times[name], rel_tol=1e-5, abs_tol=1e-5), f"{what}: {name} is {value}")
        file = f"{run}/latency.hgrm" if curve["phase"] == "total" else f"{run}/latency.{curve['phase']}.hgrm"
        if curve["time"] != "response" or not os.path.exists(file):
            continue
        rows = percentiles(file)
        for place, (level, value) in enumerate(zip(curve["percentile"][:-1], curve["ms"])):
            # The file ends where all values are reached, and a slot stands for its largest value there.
            percent, written = rows[place] if place < len(rows) - 1 else (level, rows[-1][1])
            check(abs(percent - level) < 1e-4 and math.isclose(value, written, rel_tol=2e-3, abs_tol=2e-3),
                  f"{what}: {value} ms at {level} %, and {written} ms at {percent} % in {file}")
    return len(curves)
