"""A department asks for a resource, its provider grants it, and the department reads its rows."""

from __future__ import annotations

import pyarrow as pa
from playwright.sync_api import expect

from tests.browser.conftest import City, Enter
from tests.browser.test_quality import opened
from yiwang.sharing.catalogue import service
from yiwang.sharing.catalogue.model import Entry, Item
from yiwang.sharing.sources.model import Column

ITEMS = (
    Item(name="泵站编号", column="station", key=True, length=20),
    Item(name="值班电话", column="phone", length=20, label="mobile", grade="general_3"),
)


def _resource(city: City, organisation: int) -> int:
    """A resource in force that is shared on a condition, with one row."""
    entry = Entry(
        name="泵站值班",
        class_code="209",
        organisation=organisation,
        provider_code="11310000MB2F30135U",
        summary="各泵站的值班电话。",
        share_condition="用于防汛",
        dataset="browser_pumps",
        items=ITEMS,
    )
    with opened(city) as (caller, datasets):
        columns = [Column("station", "C", 20), Column("phone", "C", 20)]
        datasets.create("browser_pumps", columns, ["station"])
        rows = {"station": ["P-07"], "phone": ["13800138001"]}
        datasets.replace("browser_pumps", [pa.RecordBatch.from_pydict(rows)])
        id = service.add(caller, entry)
        service.submit(caller, id)
        service.publish(caller, id)
        return id


def test_asked_granted_and_read(city: City, enter: Enter) -> None:
    provider = city.call("GET", "/api/registry/organisations?limit=1")["items"][0]["id"]
    unit = {"code": "U-ASKS", "name_zh": "停车所", "name_en": "Parking"}
    user = city.call("POST", "/api/registry/organisations", unit)["id"]
    city.add_user("asks", "data_steward", user)
    city.add_user("gives", "data_steward", provider)
    id = _resource(city, provider)

    page = enter("asks").page
    page.goto(f"{city.base}/catalogue/entry/{id}")
    page.get_by_role("button", name="申请使用").click()
    page.get_by_label("用途").fill("引导车辆绕行")
    page.get_by_role("button", name="提交申请").click()
    expect(page.get_by_role("row", name="泵站值班")).to_contain_text("待答复")

    giver = enter("gives").page
    giver.goto(f"{city.base}/sharing/requests/answer")
    giver.get_by_role("row", name="泵站值班").get_by_role("button", name="授权", exact=True).click()
    dialog = giver.get_by_role("dialog")
    with giver.expect_response(lambda answer: answer.url.endswith("/answer")) as answered:
        dialog.get_by_role("button", name="确定").click()
    assert answered.value.ok, answered.value.text()
    expect(dialog).to_be_hidden()
    expect(giver.get_by_role("row", name="泵站值班")).to_contain_text("已授权")

    page.goto(f"{city.base}/sharing/requests/grants")
    page.get_by_role("row", name="泵站值班").get_by_role("button", name="查看数据").click()
    drawer = page.locator(".ant-drawer")
    expect(drawer).to_contain_text("P-07")
    expect(drawer).not_to_contain_text("13800138001")

    giver.goto(f"{city.base}/sharing/requests/grants")
    row = giver.get_by_role("row", name="泵站值班").filter(has_text="有效")
    row.get_by_role("button", name="收窄").click()
    dialog = giver.get_by_role("dialog")
    dialog.get_by_label("值班电话", exact=True).first.uncheck()
    dialog.get_by_label("理由").fill("已无需电话")
    dialog.get_by_role("button", name="确定").click()
    expect(dialog).to_be_hidden()
    given = city.call("GET", f"/api/sharing/grants?resource={id}")["items"]
    assert [(one["in_force"], one["terms"]["fields"]) for one in given] == [
        (True, ["station"]),
        (False, ["station", "phone"]),
    ]
