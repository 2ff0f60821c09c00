"""GDAL reads our results over HTTP, unchanged, as a GIS does."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.main_line.server import Server, command

KIND = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement"


def _gauge(number: int) -> dict[str, Any]:
    place = {"type": "Point", "coordinates": [121.4 + number / 10, 31.2]}
    return {
        "name": f"gauge {number}",
        "description": "in the river",
        "properties": {"owner": "水务"},
        "Locations": [
            {
                "name": f"bridge {number}",
                "description": "",
                "encodingType": "application/geo+json",
                "location": place,
            }
        ],
        "Datastreams": [
            {
                "name": "level",
                "description": "",
                "observationType": KIND,
                "unitOfMeasurement": {"name": "metre", "symbol": "m", "definition": ""},
                "Sensor": {
                    "name": "radar",
                    "description": "",
                    "encodingType": "text/plain",
                    "metadata": "",
                },
                "ObservedProperty": {"name": "level", "definition": "", "description": ""},
                "Observations": [{"result": 1.5 + number}],
            }
        ],
    }


@pytest.mark.slow
def test_gdal_reads_places_and_observations(tmp_path: Path) -> None:
    server = Server(tmp_path / "home")
    with server.running():
        made = command("user", "token", "admin", "--label", "gis", "--home", server.home)
        token = made.stdout.strip()
        admin = server.admin()
        for number in (1, 2, 3):
            assert admin.post("/v1.1/Things", json=_gauge(number)).status_code == 201

        def layer(query: str) -> str:
            ogrinfo = shutil.which("ogrinfo")
            assert ogrinfo, "GDAL is not installed; run: make setup"
            done = subprocess.run(
                [ogrinfo, "-ro", "-al", f"{server.url}/v1.1/{query}"],
                env={**os.environ, "GDAL_HTTP_HEADERS": f"Authorization: Bearer {token}"},
                capture_output=True,
                text=True,
                check=False,
                timeout=60,
            )
            assert done.returncode == 0, done.stderr
            return done.stdout

        places = layer("Locations?$resultFormat=GeoJSON")
        assert "using driver `GeoJSON' successful" in places
        assert "Feature Count: 3" in places and "POINT (121.5 31.2)" in places
        assert "bridge 2" in places and 'ID["EPSG",4326]' in places
        observed = layer("Observations?$resultFormat=GeoJSON&$expand=FeatureOfInterest")
        assert "Feature Count: 3" in observed and "result (Real) = 3.5" in observed
        assert "POINT (121.7 31.2)" in observed
