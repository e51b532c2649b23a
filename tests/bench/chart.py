"""chart -- the rates, each beside its floor or peer, as one SVG drawing."""

import statistics
from xml.sax.saxutils import escape

WIDTH, LABEL, BAR, GAP, RIGHT = 900, 300, 14, 12, 90
OWN, FLOOR = "#1f5f8b", "#c9ced3"


def drawing(figures, title):
    """One pair of bars for each figure that has a floor and is a rate."""
    shown = [figure for figure in figures if figure.floor and figure.unit == "/s"]
    greatest = max((max(*figure.values, *figure.floor) for figure in shown), default=1)
    height = 60 + len(shown) * (2 * BAR + GAP)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}"'
        ' font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
        f'<text x="10" y="20" font-size="14">{escape(title)}</text>',
        '<text x="10" y="38" fill="#555">events a second, medians; light: floor or peer</text>',
    ]
    for i, figure in enumerate(shown):
        top = 50 + i * (2 * BAR + GAP)
        lines.append(f'<text x="{LABEL - 8}" y="{top + BAR + 4}" text-anchor="end">'
                     f"{escape(figure.what)}</text>")
        for j, (values, colour) in enumerate(((figure.values, OWN), (figure.floor, FLOOR))):
            median = statistics.median(values)
            width = (WIDTH - LABEL - RIGHT) * median / greatest
            y = top + j * BAR
            lines.append(f'<rect x="{LABEL}" y="{y}" width="{width:.1f}" height="{BAR - 1}"'
                         f' fill="{colour}"/>')
            lines.append(f'<text x="{LABEL + width + 4:.1f}" y="{y + BAR - 3}">'
                         f"{median:,.0f}</text>")
    return "\n".join([*lines, "</svg>"]) + "\n"
