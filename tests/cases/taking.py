"""Steps of a case in one line, and units for it to go to."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cases.conftest import City
from yiwang.cases import errors, service
from yiwang.cases.service import Given
from yiwang.registry import editing
from yiwang.security.actions import Caller


def take(caller: Caller, no: int, step: str, **given: Any) -> str:
    return service.take(caller, no, step, Given(**given)).state


def why(caller: Caller, no: int, step: str, **given: Any) -> object:
    with pytest.raises(errors.StepError) as caught:
        take(caller, no, step, **given)
    assert not caught.value.message("en").count("{") and caught.value.message("zh-CN")
    return caught.value.fields["why"]


def unit(city: City, code: str, **raw: Any) -> int:
    body = {"code": code, "kind": "department", "name_zh": code, "name_en": code} | raw
    number: int = editing.add(city.platform, "organisations", body).id
    return number
