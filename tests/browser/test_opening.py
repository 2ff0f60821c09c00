"""The open data portal without an account, and a request for data that is granted."""

from __future__ import annotations

from base64 import b64encode
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


def _with_file(city: City) -> tuple[int, str]:
    """A resource of the drainage office that is shared as files, with one; its number and name."""
    organisations = city.call("GET", "/api/registry/organisations")["items"]
    provider = next(one["id"] for one in organisations if one["code"] == "U1")
    entry = {
        "name": "河道断面图",
        "class_code": "209",
        "organisation": provider,
        "provider_code": "11310000MB2F30135U",
        "summary": "各河道断面的测量成果。",
        "share_type": "unconditional",
        "share_mode": "file",
        "open_type": "unconditional",
        "update_cycle": "yearly",
        "items": ITEMS[:2],
    }
    made = city.call("POST", "/api/sharing/resources", entry)
    path = f"/api/sharing/resources/{made['id']}/steps"
    city.call("POST", f"{path}/submit", {})
    city.add_user("file_opener", "data_bureau")
    city.add_user("section_giver", "data_steward", provider)
    with city.signed_in("file_opener") as bureau:
        bureau.post(f"{path}/publish", json={}).raise_for_status()
    with city.signed_in("section_giver") as giver:
        told = {"filename": "断面 2026.csv", "resource": str(made["id"]), "note": "第一版"}
        pairs = [f"{key} {b64encode(value.encode()).decode()}" for key, value in told.items()]
        headers = {"tus-resumable": "1.0.0", "upload-length": "8"}
        headers |= {"upload-metadata": ",".join(pairs)}
        begun = giver.post("/api/sharing/files/uploads", headers=headers)
        headers = {"tus-resumable": "1.0.0", "upload-offset": "0"}
        headers |= {"content-type": "application/offset+octet-stream"}
        giver.patch(
            begun.headers["location"], headers=headers, content=b"station\n"
        ).raise_for_status()
    return made["id"], made["code"].replace("/", "-")


def test_a_file_is_looked_through_and_opened(city: City, browser: Browser, enter: Enter) -> None:
    id, name = _with_file(city)
    bureau = enter("file_opener").page
    bureau.goto(f"{city.base}/catalogue/entry/{id}")
    part = bureau.get_by_test_id("release")
    listed = bureau.get_by_test_id("file-versions")
    expect(listed.get_by_role("row", name="断面 2026.csv")).to_be_visible()
    expect(listed.get_by_role("link")).to_have_count(0)  # it has no grant
    with bureau.expect_download() as downloading:
        part.get_by_role("link", name="断面 2026.csv").click()
    assert downloading.value.path().read_bytes() == b"station\n"
    part.get_by_role("checkbox", name="断面 2026.csv 1").check()
    expect(part.get_by_text("未发现不宜开放的内容")).to_be_visible()
    part.get_by_label("审查意见").fill("已查看，无涉密和个人信息")
    part.get_by_role("button", name="开放", exact=True).click()
    expect(part.get_by_role("link", name="在开放平台查看")).to_be_visible()

    context = browser.new_context(locale="zh-CN", viewport={"width": 1280, "height": 1000})
    page = context.new_page()
    page.goto(f"{city.base}/open/{name}")
    files = page.get_by_test_id("open-files")
    expect(files.get_by_role("row", name="断面 2026.csv")).to_contain_text("8 B")
    with page.expect_download() as downloading:
        files.get_by_role("link", name="断面 2026.csv").click()
    assert downloading.value.suggested_filename == "断面 2026.csv"
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", name="Files")).to_be_visible()

    part.get_by_role("button", name="撤下").click()
    dialog = bureau.get_by_role("dialog")
    dialog.get_by_role("textbox").fill("有误")
    dialog.get_by_role("button", name="确定").click()
    expect(part.get_by_role("link", name="在开放平台查看")).to_have_count(0)
    page.reload()
    expect(page.get_by_text("is not open")).to_be_visible()
    context.close()
