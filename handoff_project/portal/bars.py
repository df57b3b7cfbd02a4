"""Pairs of bars, week by week, as places in an SVG: across in per cent, down in pixels."""

from dataclasses import dataclass

HEIGHT = 140  # pixels of the tallest bar
TOP = 20  # pixels above it, for its number
GAP = 0.6  # per cent between the bars of a pair, and twice that around it
LABELLED = 3  # every third week has its day below it, the last one always


@dataclass(frozen=True)
class Bar:
    """One bar; `x` and `width` in per cent, as the SVG writes them."""

    side: str
    count: int
    x: str
    y: int
    height: int


@dataclass(frozen=True)
class Pair:
    """The bars of one week; `label` is where its day stands, and how, if it has one."""

    week: dict
    bars: list[Bar]
    middle: str
    label: tuple[str, str] | None


@dataclass(frozen=True)
class Chart:
    """All pairs, from zero up to `most`."""

    pairs: list[Pair]
    most: int
    width: str
    top: int = TOP
    bottom: int = TOP + HEIGHT


def chart(weeks, sides):
    """Return the Chart of the weeks' counts, `sides` being the keys of a pair in order."""
    most = max((week[side] for week in weeks for side in sides), default=0)
    slot = 100 / len(weeks)
    width = (slot - 2 * GAP - GAP * len(sides)) / len(sides)

    def bar(number, place, side):
        height = round(HEIGHT * weeks[number][side] / most) if most else 0
        x = number * slot + 2 * GAP + place * (width + GAP)
        return Bar(side, weeks[number][side], f"{x:.2f}%", TOP + HEIGHT - height, height)

    pairs = [
        Pair(
            week,
            [bar(number, place, side) for place, side in enumerate(sides)],
            f"{(number + 0.5) * slot:.2f}%",
            _label(number, len(weeks)),
        )
        for number, week in enumerate(weeks)
    ]
    return Chart(pairs, most, f"{width:.2f}%")


def _label(number, count):
    """Return the place and the anchor of a week's label; those at the ends stay inside."""
    if (count - 1 - number) % LABELLED:
        return None
    if number == 0:
        return "0%", "start"
    if number == count - 1:
        return "100%", "end"
    return f"{(number + 0.5) * 100 / count:.2f}%", "middle"
