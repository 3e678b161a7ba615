"""What a model needs, recorded with it."""

from __future__ import annotations

from typing import Any

import pytest

from zaffre.core.errors import WebserviceException
from zaffre.sdk.resource_configuration import ResourceConfiguration


def test_it_travels_in_azures_keys() -> None:
    wish = ResourceConfiguration(cpu=1.5, memory_in_gb=2, gpu=0)
    assert wish.serialize() == {"cpu": 1.5, "memoryInGB": 2, "gpu": 0}
    back = ResourceConfiguration.deserialize(wish.serialize())
    assert repr(back) == "ResourceConfiguration(cpu=1.5, memory_in_gb=2, gpu=0)"
    assert ResourceConfiguration.deserialize(None) is None


@pytest.mark.parametrize("wrong", [{"cpu": -1}, {"memory_in_gb": "2"}, {"gpu": True}])
def test_what_is_no_amount_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(WebserviceException, match=next(iter(wrong))):
        ResourceConfiguration(**wrong)
