"""A stage for the stories of packs: the real platform on a temporary home, its clock moved."""

from __future__ import annotations

import shutil
import struct
import tempfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from yiwang.app import Platform
from yiwang.cases import lists
from yiwang.cases import service as cases
from yiwang.contracts.observations import Incoming
from yiwang.kernel.clock import MINUTE, ManualClock
from yiwang.kernel.settings import Settings
from yiwang.packs.library import Library
from yiwang.packs.model import Pack
from yiwang.packs.storybook import Done, Observed, Reported, Story
from yiwang.registry import editing
from yiwang.registry import service as registry
from yiwang.rules import service as rules
from yiwang.security.actions import Caller
from yiwang.security.model import Identity
from yiwang.sensing import service as sensing
from yiwang.sensing.devices import NewDevice

STEP = MINUTE
"""Longest stretch of story time that passes without a look at what is due."""
MARGIN = 0.5
"""Degrees around the story's places that its one grid covers."""


class PlatformStage:
    """Implements ``packs.stories.Stage``."""

    def __init__(self, pack: Pack, story: Story) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="yiwang-story-"))
        self._pack = pack
        self._clock = ManualClock(story.start)
        settings = Settings(home=self._folder / "home", mqtt_port=0)
        library = Library(settings.home, self._alone(pack))
        self._platform = Platform(settings, self._clock, library=library)
        self._caller = self._platform.caller("story")
        self._places = self._put_places(story)
        self._organisations = self._put_organisations()
        self._things: dict[int, str] = {}
        self._streams = self._put_devices(story)
        self._settle()

    # What stands ready

    def _alone(self, pack: Pack) -> Path:
        """A folder of packs with this one only, under whatever name its folder has."""
        folder = self._folder / "packs"
        folder.mkdir()
        (folder / pack.name).symlink_to(pack.folder, target_is_directory=True)
        return folder

    def _put_places(self, story: Story) -> dict[str, int]:
        lon = [place.lon for place in story.places.values()] or [0.0]
        lat = [place.lat for place in story.places.values()] or [0.0]
        west, east = min(lon) - MARGIN, max(lon) + MARGIN
        south, north = min(lat) - MARGIN, max(lat) + MARGIN
        ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
        shape = {"type": "Polygon", "coordinates": [ring]}
        areas = [
            {"level": level, "code": level, "name_zh": level, "parent": parent, "geometry": shape}
            for level, parent in (("district", None), ("street", "district"), ("grid", "street"))
        ]
        editing.put(self._caller, "areas", areas, story.file)
        rows = [
            {
                "kind": place.kind,
                "code": code,
                "name_zh": place.name.get("zh-CN", code),
                "name_en": place.name.get("en", ""),
                "lon": place.lon,
                "lat": place.lat,
                "attributes": dict(place.attributes),
            }
            for code, place in story.places.items()
        ]
        editing.put(self._caller, "places", rows, story.file)
        return {
            code: place.id
            for code, wanted in story.places.items()
            if (place := registry.place_by_code(self._caller, wanted.kind, code)) is not None
        }

    def _put_organisations(self) -> dict[int, str]:
        """One organisation and one person on duty for every function of the pack."""
        functions = self._pack.cases.roles
        organisations = [
            {"code": name, "name_zh": name, "name_en": name, "functions": [name]}
            for name in functions
        ]
        people = [
            {"code": name, "name": name, "organisation": name, "user": f"handler.{name}"}
            for name in functions
        ]
        duties = [
            {"code": name, "role": "handler", "person": name, "organisation": name}
            for name in functions
        ]
        for noun, rows in (
            ("organisations", organisations),
            ("people", people),
            ("duties", duties),
        ):
            if rows:
                editing.put(self._caller, noun, rows, "story")
        return {registry.number_of(self._caller, "organisations", name): name for name in functions}

    def _put_devices(self, story: Story) -> dict[tuple[str, str], int]:
        for kind in {device.kind for device in story.devices.values()}:
            devices = [
                self._device(story, code)
                for code, device in story.devices.items()
                if device.kind == kind
            ]
            made = sensing.register_devices(self._caller, f"{self._pack.name}.{kind}", devices)
            self._things.update({thing: code for code, thing in made.items()})
        return {
            (self._things[channel.thing], channel.property): channel.datastream
            for channel in sensing.channels(self._caller)
        }

    def _device(self, story: Story, code: str) -> NewDevice:
        place = story.devices[code].place
        at = story.places.get(place)
        return NewDevice(
            code,
            code,
            lon=at.lon if at else None,
            lat=at.lat if at else None,
            place=self._places.get(place),
        )

    # What happens

    def advance(self, to: int) -> None:
        while self._clock.now() < to:
            self._clock.set(min(to, self._clock.now() + STEP))
            self._pass_time()

    def _settle(self) -> None:
        self._platform.settle()
        self._pass_time()

    def _pass_time(self) -> None:
        self._platform.maintain()
        self._platform.settle()

    def observe(self, observations: Sequence[Observed], start: int) -> None:
        heard = [one for one in observations if one.value is not None]
        if heard:
            incoming = Incoming(
                source="story",
                datastream=np.array([self._streams[one.device, one.property] for one in heard]),
                time=np.array([start + one.at for one in heard], np.int64),
                result=np.array([one.value for one in heard], np.float64),
                received=self._clock.now(),
            )
            self._platform.sensing.intake.accept(incoming)
        self._settle()

    def report(self, reported: Reported) -> None:
        given = cases.Report(
            f"{self._pack.name}.{reported.case_class}",
            reported.text,
            place=self._places[reported.place],
        )
        cases.report(self._as("citizen"), given)
        self._settle()

    def act(self, number: Any, done: Done) -> None:
        caller = self._as(done.by, int(number))
        photos = [
            cases.add_photo(caller, int(number), _picture(index)) for index in range(done.photos)
        ]
        to = self._target(done.to)
        cases.take(
            caller, int(number), done.step, cases.Given(done.reason, done.text, to, tuple(photos))
        )
        self._settle()

    def _target(self, name: str) -> Mapping[str, object]:
        """The organisation of a function, where a step names whom it goes to."""
        number = next((id for id, function in self._organisations.items() if function == name), 0)
        return {"organisation": number} if number else {}

    def _as(self, role: str, number: int | None = None) -> Caller:
        """A person of a role: of the organisation that has the case, in the one grid."""
        organisation, name = None, f"story.{role}"
        if role == "department_handler" and number is not None:
            shown = cases.show(self._caller, number, "en")
            organisation = shown["organisation"]
            function = self._organisations.get(organisation, "")
            name = f"handler.{function}" if function else name
        grid = registry.number_of(self._caller, "areas", "grid")
        grids = frozenset({grid}) if role == "grid_worker" else frozenset()
        person = Identity("user", 0, name, frozenset({role}), None, organisation, grids)
        return replace(self._caller, identity=person)

    # What is found

    def findings(self) -> Sequence[Mapping[str, Any]]:
        codes = {number: code for code, number in self._places.items()}
        found, _ = rules.findings(self._caller, rules.Filter(), limit=1000)
        return [
            {
                "rule": one["rule"],
                "place": codes.get(one["place"]),
                "device": self._things.get(one["thing"]),
                "state": one["state"],
                "severity": one["severity"],
            }
            for one in found
        ]

    def cases(self) -> Sequence[Mapping[str, Any]]:
        codes = {number: code for code, number in self._places.items()}
        prefix = f"{self._pack.name}."
        found, _ = cases.listing(self._caller, lists.Filter(), 1000, None, "en")
        return [
            {
                "no": one["no"],
                "class": one["case_class"].removeprefix(prefix),
                "place": codes.get(one["place"]),
                "state": one["state"],
                "kind": one["kind"],
                "severity": one["severity"],
                "dispatched_to": self._organisations.get(one["organisation"]),
                "sources": one["sources"],
                "overdue": one["overdue"],
            }
            for one in found
        ]

    def close(self) -> None:
        self._platform.close()
        shutil.rmtree(self._folder, ignore_errors=True)


def _picture(shade: int) -> bytes:
    """A one-pixel PNG, grey by number: evidence that stands for a real photo."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        crc = zlib.crc32(data, zlib.crc32(kind))
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc)

    head = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    pixel = zlib.compress(bytes([0, shade % 256]))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixel) + chunk(b"IEND", b"")
