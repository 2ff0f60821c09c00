"""Builds the demo district (示范区): eight streets of twelve grids, on no real map."""

from __future__ import annotations

from random import Random
from typing import Any

from yiwang.demo.plan import SIMULATED, Account, City, Device

WEST, SOUTH = 125.00, 29.00
"""A corner in the open sea: no real place is meant."""
GRID_LON, GRID_LAT = 0.0075, 0.015
COLUMNS, ROWS = 16, 6
STREET_COLUMNS, STREET_ROWS = 4, 3
UNDERPASSES, CAR_PARKS, SPACES = 93, 20, 7000
PREMISES = {"normal": 1580, "district": 78914}
"""Premises by scale; each has three detectors. 259 other devices make 5,000 and 237,000."""

_STREETS = (
    ("晨光", "Chenguang"),
    ("云帆", "Yunfan"),
    ("青禾", "Qinghe"),
    ("松涛", "Songtao"),
    ("映月", "Yingyue"),
    ("听雨", "Tingyu"),
    ("望山", "Wangshan"),
    ("流萤", "Liuying"),
)
_UNITS = (
    ("drainage", "排水管理所", "Drainage Office", "drainage"),
    ("traffic", "交通警察大队", "Traffic Police", "traffic_police"),
    ("flood", "防汛指挥部办公室", "Flood Control Office", "flood_control"),
    ("upkeep", "设备运维中心", "Device Maintenance", "device_maintenance"),
    ("microfire", "微型消防站", "Micro Fire Station", "micro_fire_station"),
    ("fire", "消防救援站", "Fire and Rescue", "fire_rescue"),
    ("fireinsp", "消防监督科", "Fire Inspection", "fire_inspection"),
    ("environment", "生态环境局", "Environment Bureau", "environment;environment_enforcement"),
    ("parking", "停车运营公司", "Parking Operator", "parking_operator"),
    ("river", "河长制办公室", "River Chief Office", "river_chief_office"),
)
_CATEGORIES = ("小商店", "小餐饮", "小旅馆", "小学校或幼儿园", "小医院", "小美容洗浴", "小生产加工")


def build(seed: int = 1, scale: str = "normal") -> City:
    """The same district for the same seed. ``scale``: normal (5,000 devices) or district
    (237,000)."""
    random = Random(f"{seed}:city")
    city = City()
    points = _lattice(random)
    city.records["areas"] = _areas(points)
    city.records["organisations"] = _organisations()
    _people(city)
    city.records["places"] = []
    _underpasses(city, random, points)
    _car_parks(city, random)
    _stations(city, random)
    _premises(city, random, PREMISES[scale])
    return city


def _lattice(random: Random) -> dict[tuple[int, int], tuple[float, float]]:
    """Corners of the grids; neighbours share theirs, so that no gap is between them."""
    return {
        (column, row): (
            round(WEST + (column + random.uniform(-0.18, 0.18)) * GRID_LON, 6),
            round(SOUTH + (row + random.uniform(-0.18, 0.18)) * GRID_LAT, 6),
        )
        for column in range(COLUMNS + 1)
        for row in range(ROWS + 1)
    }


def _outline(
    points: dict[tuple[int, int], tuple[float, float]], column: int, row: int, wide: int, high: int
) -> dict[str, Any]:
    south = [(c, row) for c in range(column, column + wide)]
    east = [(column + wide, r) for r in range(row, row + high)]
    north = [(c, row + high) for c in range(column + wide, column, -1)]
    west = [(column, r) for r in range(row + high, row - 1, -1)]
    ring = [list(points[key]) for key in (*south, *east, *north, *west)]
    return {"type": "Polygon", "coordinates": [ring]}


def _areas(points: dict[tuple[int, int], tuple[float, float]]) -> list[dict[str, Any]]:
    made = [
        {
            "code": "SIM-D",
            "level": "district",
            "name_zh": f"示范区{SIMULATED}",
            "name_en": "Demo District (simulated)",
            "geometry": _outline(points, 0, 0, COLUMNS, ROWS),
        }
    ]
    for index, (name_zh, name_en) in enumerate(_STREETS):
        left = index % (COLUMNS // STREET_COLUMNS) * STREET_COLUMNS
        low = index // (COLUMNS // STREET_COLUMNS) * STREET_ROWS
        code = f"SIM-S{index + 1}"
        made.append(
            {
                "code": code,
                "level": "street",
                "parent": "SIM-D",
                "name_zh": f"{name_zh}街道{SIMULATED}",
                "name_en": f"{name_en} Street (simulated)",
                "geometry": _outline(points, left, low, STREET_COLUMNS, STREET_ROWS),
            }
        )
        for number in range(STREET_COLUMNS * STREET_ROWS):
            column, row = left + number % STREET_COLUMNS, low + number // STREET_COLUMNS
            made.append(
                {
                    "code": f"{code}-G{number + 1:02}",
                    "level": "grid",
                    "parent": code,
                    "name_zh": f"{name_zh}第{number + 1:02}网格",
                    "name_en": f"{name_en} Grid {number + 1:02}",
                    "geometry": _outline(points, column, row, 1, 1),
                }
            )
    return made


def _organisations() -> list[dict[str, Any]]:
    centre = {
        "code": "SIM-CENTRE",
        "kind": "centre",
        "name_zh": f"城市运行管理中心{SIMULATED}",
        "name_en": "Urban Operations Centre (simulated)",
        "functions": "centre",
    }
    return [centre] + [
        {
            "code": f"SIM-{code.upper()}",
            "kind": "department",
            "name_zh": f"{name_zh}{SIMULATED}",
            "name_en": f"{name_en} (simulated)",
            "functions": functions,
            "parent": "SIM-CENTRE",
        }
        for code, name_zh, name_en, functions in _UNITS
    ]


def _people(city: City) -> None:
    """A handler or two a department, a worker for two streets, one person at the centre and
    one at the hotline."""
    people, duties = [], []
    accounts = [Account("sim.centre", f"值班长{SIMULATED}", "command_centre", "SIM-CENTRE")]
    for code, name_zh, _, _ in _UNITS:
        for number in (1, 2) if code == "drainage" else (1,):
            user = f"sim.{code}.{number}"
            name = f"{name_zh}{number}号处置员"
            organisation = f"SIM-{code.upper()}"
            accounts.append(Account(user, name + SIMULATED, "department_handler", organisation))
            people.append({"code": user, "name": name, "organisation": organisation, "user": user})
            duties.append({"code": f"D-{user}", "role": "handler", "person": user})
    accounts.append(Account("sim.hotline.1", f"热线坐席1{SIMULATED}", "hotline_operator"))
    accounts.append(Account("sim.telephone", f"电话系统{SIMULATED}", "telephone_system"))
    for number in (1, 2):
        accounts.append(Account(f"sim.resident.{number}", f"居民{number}{SIMULATED}", "citizen"))
    for index in range(0, len(_STREETS), 2):
        user, streets = f"sim.grid.{index // 2 + 1}", (f"SIM-S{index + 1}", f"SIM-S{index + 2}")
        name = f"{_STREETS[index][0]}{_STREETS[index + 1][0]}网格员"
        grids = tuple(f"{street}-G{number:02}" for street in streets for number in range(1, 13))
        accounts.append(Account(user, name + SIMULATED, "grid_worker", "", grids))
        people.append({"code": user, "name": name, "user": user})
        duties += [
            {"code": f"D-{user}-{street}", "role": "grid_worker", "person": user, "area": street}
            for street in streets
        ]
    city.accounts = accounts
    city.records["people"] = people
    city.records["duties"] = duties


def _place(
    city: City,
    kind: str,
    code: str,
    name: tuple[str, str],
    lon: float,
    lat: float,
    attributes: dict[str, Any],
) -> None:
    city.records["places"].append(
        {
            "kind": kind,
            "code": code,
            "name_zh": f"{name[0]}{SIMULATED}",
            "name_en": f"{name[1]} (simulated)",
            "lon": round(lon, 6),
            "lat": round(lat, 6),
            "address": f"示范区{name[0]}",
            "attributes": {**attributes, "simulated": True},
        }
    )


def _device(
    city: City,
    kind: str,
    code: str,
    title: str,
    site: int,
    entrance: str = "mqtt",
    shift: float = 0.0,
) -> None:
    """A device at the place added last."""
    place = city.records["places"][-1]
    city.devices.append(
        Device(
            kind,
            code,
            f"{place['name_zh'].removesuffix(SIMULATED)}{title}{SIMULATED}",
            place["lon"] + shift,
            place["lat"] + shift,
            place["kind"],
            place["code"],
            site,
            entrance,
        )
    )


def _underpasses(
    city: City, random: Random, points: dict[tuple[int, int], tuple[float, float]]
) -> None:
    """Underpasses lie on the lines between grids, where the roads are."""
    corners = sorted(points)
    random.shuffle(corners)
    inner = [at for at in corners if 0 < at[0] < COLUMNS and 0 < at[1] < ROWS]
    edges = [(at, (at[0] + 1, at[1])) for at in inner] + [(at, (at[0], at[1] + 1)) for at in inner]
    for site in range(UNDERPASSES):
        first, second = (points[at] for at in edges[site])
        lon, lat = (first[0] + second[0]) / 2, (first[1] + second[1]) / 2
        code = f"UP-{site + 1:03}"
        name = (f"{_STREETS[site % 8][0]}{site // 8 + 1}号下穿通道", f"Underpass {site + 1}")
        attributes: dict[str, Any] = {
            "clearance_cm": random.choice((350, 400, 450, 500)),
            "lowest_point_m": round(random.uniform(1.2, 4.8), 1),
            "drains_to": f"{site % 9 + 1}号泵站",
        }
        _place(city, "underpass", code, name, lon, lat, attributes)
        _device(city, "underpass_flooding.water_level", f"WL-{site + 1:03}", "水位计", site)
        _device(city, "underpass_flooding.pump", f"PU-{site + 1:03}", "排水泵", site)
        if site % 3 == 0:
            _device(city, "underpass_flooding.rain_gauge", f"RG-{site + 1:03}", "雨量计", site)


def _spot(random: Random) -> tuple[float, float]:
    """A point well inside the district."""
    return (
        WEST + random.uniform(0.5, COLUMNS - 0.5) * GRID_LON,
        SOUTH + random.uniform(0.5, ROWS - 0.5) * GRID_LAT,
    )


def _car_parks(city: City, random: Random) -> None:
    weights = [random.uniform(0.4, 1.6) for _ in range(CAR_PARKS)]
    sizes = [round(SPACES * weight / sum(weights)) for weight in weights]
    sizes[-1] += SPACES - sum(sizes)
    for site, capacity in enumerate(sizes):
        name = (f"{_STREETS[site % 8][0]}第{site // 8 + 1}停车场", f"Car Park {site + 1}")
        attributes = {"capacity": capacity, "operator": f"停车运营公司{SIMULATED}"}
        _place(city, "car_park", f"CP-{site + 1:02}", name, *_spot(random), attributes)
        kind = "counter_on_change" if site % 4 == 3 else "counter"
        _device(city, f"smart_parking.{kind}", f"PC-{site + 1:02}", "余位计数器", site, "http")


def _stations(city: City, random: Random) -> None:
    for site in range(12):
        name = (f"{_STREETS[site % 8][0]}空气站{site // 8 + 1}", f"Air Station {site + 1}")
        attributes = {"level": "区控", "operator": f"生态环境局{SIMULATED}"}
        _place(city, "air_station", f"AS-{site + 1:02}", name, *_spot(random), attributes)
        _device(city, "air_quality.air_station", f"AQ-{site + 1:02}", "监测仪", site, "http")
    for site in range(10):
        lon = WEST + (1 + site * 1.5) * GRID_LON
        lat = SOUTH + (3 + 0.6 * ((site % 3) - 1)) * GRID_LAT
        name = (f"示范河{site + 1}号断面", f"Demo River Section {site + 1}")
        target: dict[str, Any] = {
            "river": "示范河",
            "target_class": 3 if site < 6 else 4,
            "distance_from_mouth_km": round(14.0 - 1.4 * site, 1),
        }
        _place(city, "river_section", f"RS-{site + 1:02}", name, lon, lat, target)
        _device(city, "river_pollution.river_station", f"RV-{site + 1:02}", "水质站", site)


def _premises(city: City, random: Random, count: int) -> None:
    detectors = (
        ("smoke_detector", "SD", "烟感", 0.0),
        ("heat_detector", "HD", "温感", 0.00003),
        ("electric_monitor", "EM", "电气火灾监控", 0.00006),
    )
    for site in range(count):
        street = _STREETS[random.randrange(8)]
        category = random.choice(_CATEGORIES)
        name = (f"{street[0]}{category}{site + 1}", f"Premises {site + 1}")
        attributes: dict[str, Any] = {
            "category": category,
            "people_sleep_here": random.choice(("yes", "no", "unknown")),
            "rated_current_a": random.choice((32, 40, 63)),
        }
        _place(city, "premises", f"PR-{site + 1:06}", name, *_spot(random), attributes)
        for kind, letters, title, shift in detectors:
            code = f"{letters}-{site + 1:06}"
            _device(city, f"small_premises_fire.{kind}", code, title, site, "mqtt", shift)
