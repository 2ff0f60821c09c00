"""The open data portal without an account, and a request for data that is granted."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pyarrow as pa
from playwright.sync_api import Browser, expect

from tests.browser.conftest import City, Enter
from yiwang.sharing.sources.datasets import Datasets
from yiwang.sharing.sources.model import Column

ROWS = [
    {"station": f"S{number:02}", "level": 12.5 + number, "lon": 116.1 + number / 100, "lat": 39.1}
    for number in range(30)
]
ITEMS = [
    {"name": "站点", "column": "station", "type": "C", "key": True, "opened": True},
    {"name": "水位", "column": "level", "type": "N", "opened": True},
    {"name": "经度", "column": "lon", "type": "N", "opened": True},
    {"name": "纬度", "column": "lat", "type": "N", "opened": True},
]


def _publish(city: City) -> tuple[int, str]:
    """A resource that is in force and released, with its rows; its number and name."""
    datasets = Datasets(f"sqlite:///{city.home / 'datasets.db'}", ZoneInfo("Asia/Shanghai"))
    columns = [
        Column(one["column"], one["type"], 20 if one["type"] == "C" else None) for one in ITEMS
    ]
    datasets.create("levels", columns, ("station",))
    datasets.upsert("levels", pa.RecordBatch.from_pylist(ROWS))
    datasets.close()
    organisation = city.call("GET", "/api/registry/organisations")["items"][0]["id"]
    entry = {
        "name": "河道水位",
        "class_code": "209",
        "organisation": organisation,
        "provider_code": "11310000MB2F30135U",
        "summary": "各河道的水位，每日更新。",
        "share_condition": "用于防汛",
        "open_type": "unconditional",
        "update_cycle": "daily",
        "dataset": "levels",
        "keywords": ["防汛"],
        "items": ITEMS,
    }
    made = city.call("POST", "/api/sharing/resources", entry)
    path = f"/api/sharing/resources/{made['id']}"
    city.call("POST", f"{path}/steps/submit", {})
    city.add_user("opener", "data_bureau")
    with city.signed_in("opener") as bureau:
        bureau.post(f"{path}/steps/publish", json={}).raise_for_status()
        given = {"licence": "cc-by-4.0", "text": "无涉密和个人信息"}
        released = bureau.post(f"{path}/opening", json=given)
        assert released.status_code == 201, released.text
    return made["id"], made["code"].replace("/", "-")


def test_everybody_reads_and_a_department_asks(city: City, browser: Browser, enter: Enter) -> None:
    id, name = _publish(city)
    context = browser.new_context(locale="zh-CN", viewport={"width": 1280, "height": 1000})
    page = context.new_page()
    page.goto(f"{city.base}/open")
    page.get_by_role("link", name="河道水位").click()
    expect(page).to_have_url(f"{city.base}/open/{name}")
    expect(page.get_by_role("cell", name="S00", exact=True)).to_be_visible()
    expect(page.get_by_text("共 30 行")).to_be_visible()
    expect(page.get_by_role("img", name="水位")).to_be_visible()
    with page.expect_download() as downloading:
        page.get_by_role("link", name="CSV").click()
    assert downloading.value.suggested_filename == f"{name}.csv"
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", name="Open data portal")).to_be_visible()
    context.close()

    added = {"code": "PARK", "kind": "department", "name_zh": "停车中心", "name_en": "Parking"}
    number = city.call("POST", "/api/registry/organisations", added)["id"]
    city.add_user("parker", "data_steward", number)
    user = enter("parker").page
    user.goto(f"{city.base}/catalogue/entry/{id}")
    user.get_by_role("button", name="申请使用").click()
    user.get_by_label("用途").fill("河道巡查")
    user.get_by_role("button", name="提交申请").click()
    expect(user.get_by_text("待答复", exact=True)).to_be_visible()
