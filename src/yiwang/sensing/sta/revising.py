"""PATCH and PUT of an observation: a new version of it (18-088, 10.3)."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np

from yiwang.kernel import clock
from yiwang.kernel.text import phrase
from yiwang.sensing.model import Columns
from yiwang.sensing.sta import payload
from yiwang.sensing.sta.errors import BadValue, words

Json = dict[str, Any]


def document(found: Json) -> Json:
    """A stored observation as a client would send it; ``found`` is a row of the store."""
    exact = found["exact"] if found["exact"] is not None else payload.shown(found["result"])
    extra: Json = {} if found["extra"] is None else msgspec.json.decode(found["extra"])
    feature = extra.pop("FeatureOfInterest", None)
    made: Json = {
        "phenomenonTime": clock.render(found["time"]),
        "result": msgspec.Raw(exact.encode()),
    }
    made |= extra
    if feature is not None:
        made["FeatureOfInterest"] = {"@iot.id": feature}
    return made


def version(found: Json, sent: Any, whole: bool, now: int) -> Columns:
    """The row that an observation becomes. Raises BadValue, MissingProperty.

    ``whole``: what is not sent is taken away, but for the time and the feature of interest.
    """
    if not isinstance(sent, dict):
        raise BadValue("", name="Observation", value=str(sent)[:60], wanted=phrase("json_object"))
    before = document(found)
    if whole:
        names = ("phenomenonTime", "FeatureOfInterest")
        before = {name: before[name] for name in names if name in before}
    after = before | sent
    kept = {name: value for name, value in after.items() if value is not None or name == "result"}
    made = payload.decode(msgspec.json.encode(kept), now)
    if made.datastream not in (None, found["datastream"]):
        wanted = words("own_datastream", datastream=found["datastream"])
        raise BadValue("Datastream", name="Datastream", value=made.datastream, wanted=wanted)
    if isinstance(made.feature, dict):
        wanted = words("object_such_as")
        raise BadValue("FeatureOfInterest", name="FeatureOfInterest", value="…", wanted=wanted)
    return Columns(
        np.array([found["datastream"]], np.int64),
        np.array([made.time], np.int64),
        np.array([made.result], np.float64),
        [made.exact],
        [made.extra_text(made.feature)],
    )


def time(instant: int) -> str:
    return clock.render(instant)
