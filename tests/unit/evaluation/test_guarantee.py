import math

import numpy as np
import pytest

from evaluation.guarantee import auc_cap, guarantee, posterior, tpr_cap
from evaluation.report import Disclosure, Status
from evaluation.statement import PrivacyStatement


def test_caps_are_those_of_the_study() -> None:
    assert auc_cap(1.0) == pytest.approx(0.7311, abs=1e-4)
    assert tpr_cap(0.01, 1.0, 0.0) == pytest.approx(0.0272, abs=1e-4)
    assert posterior(0.01, 1.0) == pytest.approx(0.0267, abs=1e-4)
    assert auc_cap(800.0) == 1.0


@pytest.mark.parametrize(("epsilon", "delta"), [(0.0, 0.1), (1.0, 0.05), (3.0, 1e-5), (0.5, 0.0)])
def test_the_auc_cap_is_the_area_under_the_tpr_cap(epsilon: float, delta: float) -> None:
    grid = np.linspace(0, 1, 20_001)
    area = np.trapezoid([tpr_cap(f, epsilon, delta) for f in grid], grid)
    assert auc_cap(epsilon, delta) == pytest.approx(area, abs=1e-4)


def _lights(**fields: object) -> list[Status]:
    document = {"epsilon": 1.0, "delta": 1e-5, "provenance": {"a": "declared"}} | fields
    return [metric.status for metric in guarantee(PrivacyStatement.from_dict(document)).metrics]


def test_lights_follow_the_policy() -> None:
    assert _lights() == [Status.GREEN, Status.GREEN]
    assert _lights(epsilon=4.0)[0] is Status.AMBER
    assert _lights(epsilon=11.0)[0] is Status.RED
    assert _lights(epsilon=None)[0] is Status.RED
    assert _lights(provenance={"a": "declared", "b": "raw"})[1] is Status.RED
    assert _lights(provenance={})[1] is Status.GREY


def test_everything_in_it_may_be_released() -> None:
    section = guarantee(PrivacyStatement.from_dict({"epsilon": math.log(3), "delta": 0.0}))
    assert {metric.disclosure for metric in section.metrics} == {Disclosure.RELEASABLE}
    assert section.tables[0].rows[0] == ("1%", "2.9%")
