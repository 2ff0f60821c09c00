"""What the service root says of the standard: the requirements that are served (18-088, 9.2.1).

Each is one of 18-088 by its name there. A requirement class stands beside its requirements
where clients look for either.
"""

from __future__ import annotations

_SENSING = "http://www.opengis.net/spec/iot_sensing/1.1/req"
_FROST = "https://fraunhoferiosb.github.io/FROST-Server/extensions"

WRITING = tuple(
    f"{_SENSING}/create-update-delete/{name}"
    for name in (
        "create-entity",
        "link-to-existing-entities",
        "deep-insert",
        "deep-insert-status-code",
        "update-entity",
        "update-entity-put",
        "update-entity-jsonpatch",
        "delete-entity",
        "historical-location-auto-creation",
        "historical-location-manual-creation",
    )
)
"""Every requirement of the class create-update-delete."""

EXTENSIONS = (
    f"{_FROST}/JsonBatchRequest.html",
    f"{_FROST}/GeoJSON-ResultFormat.html",
    "https://github.com/INSIDE-information-systems/SensorThingsAPI/blob/master/"
    "CSV-ResultFormat/CSV-ResultFormat.md",
)
"""What other servers offer too, by the names they gave it. Batches are JSON here; those of
18-088, clause 11, are MIME messages of several parts, so that ``batch-request`` is not claimed."""

SERVED = (
    f"{_SENSING}/datamodel",
    f"{_SENSING}/resource-path/resource-path-to-entities",
    f"{_SENSING}/request-data",
    f"{_SENSING}/create-update-delete",
    *WRITING,
    f"{_SENSING}/multi-datastream",
    f"{_SENSING}/data-array/data-array",
    *EXTENSIONS,
)

OVER_MQTT = (
    f"{_SENSING}/create-observations-via-mqtt/observations-creation",
    f"{_SENSING}/receive-updates-via-mqtt/receive-updates",
)
"""What is served where the MQTT listener is open (18-088, clauses 13 and 14)."""
