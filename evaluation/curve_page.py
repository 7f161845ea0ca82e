"""The page of a utility-versus-epsilon curve, from its JSON alone: charts, each with its table, and the warning."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from evaluation.charts import draw
from evaluation.render import fill

Json = dict[str, Any]

_HEADER = ("Epsilon", "Trained on synthetic", "Trained on real", "Difference")
_DISTANCE = ("Epsilon", "Above noise", "Distance", "Noise alone")


def html(document: Json) -> str:
    """The page. Guarantees: every text is escaped; equal JSON gives equal bytes; nothing else is read."""
    points = document["points"]
    names = [target["name"] for target in points[0]["targets"]] if points else []
    charts = [_target(points, place) for place in range(len(names))]
    return fill("curve.html", **{**document, "points": points, "charts": [*charts, _distance(points)]})


def _target(points: Sequence[Json], place: int) -> Json:
    """How well one target is predicted, by epsilon."""
    found = [point["targets"][place] for point in points]
    name, score = found[0]["name"], found[0]["score"]
    data = _data(
        f"curve-target-{place}",
        f"Predicting {name}: {score} on persons who were held out",
        "Each point is a model trained on a table made at that epsilon; the bar is its 95 % interval. Dashed: a model "
        "trained on equally many real rows.",
        points,
        [("Trained on synthetic", target["synthetic"]) for target in found],
        ("Trained on real", [_value(target["real"]) for target in found]),
        axis=score,
    )
    why = next((target["refusal"] for target in found if target["refusal"]), "")
    return _chart(data, _HEADER, [_row(point, target) for point, target in zip(points, found, strict=True)], why)


def _row(point: Json, target: Json) -> list[str]:
    difference = _shown(target["difference"], signed=True)
    return [_epsilon(point), _shown(target["synthetic"]), _shown(target["real"]), difference]


def _distance(points: Sequence[Json]) -> Json:
    """How far pairs of columns are off, by epsilon."""
    bar = [_value(point["held_out"]) for point in points]
    data = _data(
        "curve-distance",
        "Mean 2-way distance to the training rows, above sampling noise",
        "Total variation, averaged over pairs of columns, less what sampling alone gives; 0 is a fresh sample of the "
        "same people. Dashed: real rows that were held out.",
        points,
        [("Synthetic", point["distance"]) for point in points],
        ("Held-out real rows", bar),
        axis="distance above noise",
    )
    rows = [
        [
            _epsilon(point),
            _shown(point["distance"]),
            _plain(point["distance"], "total"),
            _plain(point["distance"], "noise"),
        ]
        for point in points
    ]
    return _chart(data, _DISTANCE, rows, "" if any(point["distance"] for point in points) else "nothing to compare")


def _data(
    id_: str,
    title: str,
    description: str,
    points: Sequence[Json],
    figures: Sequence[tuple[str, Json | None]],
    bar: tuple[str, Sequence[float | None]],
    *,
    axis: str,
) -> Json:
    """What ``charts.draw`` takes for a chart of the kind "curve"."""
    series = [
        {"name": figures[0][0] if figures else "", "values": [_value(figure) for _, figure in figures]},
        {"name": "from", "values": _ends(figures, 0)},
        {"name": "to", "values": _ends(figures, 1)},
    ]
    if any(value is not None for value in bar[1]):
        series.append({"name": bar[0], "values": list(bar[1])})
    return {
        "id": id_,
        "kind": "curve",
        "title": title,
        "description": description,
        "labels": [_epsilon(point) for point in points],
        "series": series,
        "options": {"axis": axis},
    }


def _ends(figures: Sequence[tuple[str, Json | None]], end: int) -> list[float | None]:
    """The lower (0) or the upper (1) ends of the intervals."""
    return [None if figure is None else figure["ci"][end] for _, figure in figures]


def _chart(data: Json, header: Sequence[str], rows: Sequence[Sequence[str]], why: str) -> Json:
    """A chart with its table; without a single value only the reason why."""
    is_empty = all(value is None for value in data["series"][0]["values"])
    svg = "" if is_empty else Markup(draw(data))  # noqa: S704  made by charts, which escapes every text
    return {**data, "svg": svg, "header": header, "rows": [] if is_empty else rows, "why": why}


def _epsilon(point: Json) -> str:
    return f"{point['epsilon']:g}"


def _value(figure: Json | None) -> float | None:
    return None if figure is None else figure["value"]


def _shown(figure: Json | None, *, signed: bool = False) -> str:
    """A value with its interval."""
    if figure is None or figure["value"] is None:
        return "–"
    how = "+.3f" if signed else ".3f"
    value, low, high = (format(part, how).replace("-", "−") for part in (figure["value"], *figure["ci"]))
    return f"{value} [{low}, {high}]"


def _plain(figure: Json | None, key: str) -> str:
    return "–" if figure is None else f"{figure[key]:.3f}"
