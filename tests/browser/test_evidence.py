"""The log of uses and a trace in the console."""

from __future__ import annotations

from pathlib import Path

import httpx
from playwright.sync_api import expect

from tests.browser.conftest import City, Watched
from yiwang.kernel.clock import SystemClock
from yiwang.kernel.settings import Settings
from yiwang.security.evidence.log import Log, line
from yiwang.store.database import Database


def test_an_auditor_checks_the_log_and_traces_a_file(
    city: City, watched: Watched, tmp_path: Path
) -> None:
    database = Database(f"sqlite:///{city.home / 'yiwang.db'}")
    log = Log.of(Settings(home=city.home), database, SystemClock())
    now = SystemClock().now()
    with database.write() as connection:
        log.append(connection, [line(now, "token:tax", "data_read", "resource:7", {"rows": 3})])
    database.close()
    page = watched.page
    page.goto(f"{city.base}/evidence")
    shown = page.get_by_test_id("evidence-log")
    expect(shown).to_contain_text("token:tax")
    expect(shown).to_contain_text("sha256")
    shown.get_by_role("button", name="全部核对").click()
    expect(shown).to_contain_text("未发现问题")

    given = "id,income\n" + "\n".join(f"{one},{one * 7}" for one in range(100))
    query = "resource=r&receiver=civil&name=a.csv&mark=income:1&key=id"
    copy: httpx.Response = city.client.post(
        f"/api/protection/copies?{query}", content=given, headers={"X-Yiwang": "1"}
    )
    leaked = tmp_path / "leak.csv"
    leaked.write_bytes(copy.content)
    page.goto(f"{city.base}/evidence/trace")
    traced = page.get_by_test_id("evidence-trace")
    traced.locator("input[type=file]").set_input_files(leaked)
    expect(traced).to_contain_text("civil")
    expect(traced).to_contain_text("100 / 100")
