"""figures -- what was measured: values of repetitions, the goal they are held against, the table.

A figure is the median of its repetitions, with the least and the greatest beside it. Where there is
a floor or a peer, the ratio is taken in each repetition, of two measurements one after the other,
and is itself a median.
"""

import statistics
from dataclasses import dataclass, field


@dataclass
class Figure:
    name: str  # the row's, as on the command line
    what: str
    unit: str  # "/s", "ms", "s", "MiB", "CPU s per 100,000", "x"
    values: list  # of the repetitions
    floor: list = field(default_factory=list)  # the same, of the floor or peer
    floor_name: str = ""
    at_least: float = None  # the goal: of the ratio where there is a floor, else of the value
    at_most: float = None
    more: dict = field(default_factory=dict)  # what else was seen: into the JSON only

    def ratios(self):
        return [value / floor for value, floor in zip(self.values, self.floor) if floor]

    def judged(self):
        """What the goal speaks of."""
        return statistics.median(self.ratios() if self.floor else self.values)

    def goal(self):
        unit = "×" if self.floor else self.unit
        if self.at_least is not None:
            return f"≥ {number(self.at_least)} {unit}"
        return f"≤ {number(self.at_most)} {unit}" if self.at_most is not None else ""

    def met(self):
        """None where there is no goal."""
        if self.at_least is not None:
            return self.judged() >= self.at_least
        return self.judged() <= self.at_most if self.at_most is not None else None

    def as_json(self):
        said = {"name": self.name, "what": self.what, "unit": self.unit, "values": self.values,
                "median": statistics.median(self.values)}
        if self.floor:
            said |= {"floor": self.floor, "floor_name": self.floor_name, "ratios": self.ratios()}
        if self.met() is not None:
            said |= {"goal": self.goal(), "met": self.met()}
        return said | ({"more": self.more} if self.more else {})


def number(value):
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def percentile(values, percent):
    """The least value that so many percent of all are not above."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]


def spread(values):
    middle = number(statistics.median(values))
    if len(values) == 1:
        return middle
    return f"{middle} ({number(min(values))}–{number(max(values))})"


HEADINGS = ["row", "what", "measured", "floor or peer", "ratio", "goal", "met"]


def cells(figure):
    met = {None: "", True: "yes", False: "NO"}[figure.met()]
    floor = f"{spread(figure.floor)} {figure.floor_name}" if figure.floor else ""
    return [figure.name, figure.what, f"{spread(figure.values)} {figure.unit}", floor,
            spread(figure.ratios()) if figure.floor else "", figure.goal(), met]


def table(figures):
    """As Markdown, which is also readable in a terminal."""
    rows = [HEADINGS, *map(cells, figures)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEADINGS))]
    lines = ["| " + " | ".join(text.ljust(width) for text, width in zip(row, widths)) + " |"
             for row in rows]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)
