"""One light service for the tests of a module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.wire.doors import Doors, light_ports, opened


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    with opened(light_ports(tmp_path_factory.mktemp("home"))) as both:
        yield both
