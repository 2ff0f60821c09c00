"""Work plans over HTTP: /api/work-plans… and /api/plan-tasks…"""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from yiwang.cases.tasks import changing, plans, progress, sheet, views
from yiwang.cases.tasks.drafts import Draft
from yiwang.cases.tasks.errors import BadFile, BadTasks
from yiwang.cases.tasks.plans import PlanGiven
from yiwang.cases.tasks.progress import Progress
from yiwang.kernel import clock
from yiwang.kernel.text import choose, phrase
from yiwang.web import calls, paging, render
from yiwang.web.errors import STATUS, BadBody, BadParameter, problem

_KINDS = {"xlsx": sheet.XLSX, "csv": "text/csv; charset=utf-8"}


class PlanBody(msgspec.Struct, forbid_unknown_fields=True):
    """``title`` by language; ``tasks`` as the columns of the template."""

    title: dict[str, str]
    starts: date
    ends: date
    basis: str = ""
    owner: str | int | None = None
    case_class: str = ""
    rhythm: str = ""
    tasks: list[dict[str, Any]] = []
    reason: str = ""
    version: int | None = None

    def given(self, tasks: list[dict[str, Any]] | None = None) -> PlanGiven:
        return PlanGiven(
            self.title,
            self.starts,
            self.ends,
            self.basis,
            self.owner,
            self.case_class,
            self.rhythm,
            self.tasks if tasks is None else tasks,
        )


class TasksBody(msgspec.Struct, forbid_unknown_fields=True):
    tasks: list[dict[str, Any]]
    reason: str = ""


class ChangeBody(msgspec.Struct, forbid_unknown_fields=True):
    """``change``: the columns that change; ``version`` is that of the plan."""

    change: dict[str, Any]
    reason: str = ""
    version: int | None = None


class ReasonBody(msgspec.Struct, forbid_unknown_fields=True):
    reason: str = ""
    version: int | None = None


class ProgressBody(msgspec.Struct, forbid_unknown_fields=True):
    """``milestones`` are numbers of those that are done; ``evidence`` names of photos."""

    percent: int
    text: str
    period: str = ""
    reached: float | None = None
    milestones: list[int] = []
    evidence: list[str] = []


def routes() -> list[Route]:
    one, task = "/api/work-plans/{id:int}", "/api/plan-tasks/{id:int}"
    return [
        Route("/api/work-plans", listing, methods=["GET"]),
        Route("/api/work-plans", make, methods=["POST"]),
        Route("/api/work-plans/template.{kind}", template, methods=["GET"]),
        Route(one, show, methods=["GET"]),
        Route(one, change, methods=["PATCH"]),
        Route(one + ".xlsx", download, methods=["GET"]),
        Route(one + "/tasks", add_tasks, methods=["POST"]),
        Route(one + "/start", start, methods=["POST"]),
        Route(one + "/end", end, methods=["POST"]),
        Route("/api/plan-tasks", mine, methods=["GET"]),
        Route(task, show_task, methods=["GET"]),
        Route(task, change_task, methods=["PATCH"]),
        Route(task, remove_task, methods=["DELETE"]),
        Route(task + "/reports", report, methods=["POST"]),
        Route("/api/cases/{no:int}/plan-task", of_case, methods=["GET"]),
    ]


async def listing(request: Request) -> Response:
    """The plans of which the caller may see something, the newest first."""
    page = paging.wanted(request, 200)
    caller, lang = request.state.caller, _language(request)
    found = await calls.run(views.listing, caller, lang, page.number() or 0, page.limit)
    return render.json(paging.listing(found, page.limit, [found[-1]["id"]] if found else None))


async def make(request: Request) -> Response:
    """A plan with all its tasks: JSON, or a form of ``plan`` (JSON) and ``file`` (the template
    filled in, Excel or CSV). With ?preview=true the tasks that it would have, and nothing is
    written. What is wrong is told with row and column of each."""
    body, rows, first = await _plan_asked(request)
    caller, given = request.state.caller, body.given(rows)
    try:
        if _preview(request):
            found = await calls.run(plans.preview, caller, given, first)
            return render.json({"tasks": [_draft(each) for each in found]})
        id = await calls.run(plans.make, caller, given, first)
    except BadTasks as bad:
        return _faults(request, bad)
    shown = await calls.run(views.show, caller, id, _language(request))
    return render.json(shown, 201, {"location": f"/api/work-plans/{id}"})


async def template(request: Request) -> Response:
    """The empty file of tasks, ``xlsx`` or ``csv``, in the language asked for."""
    kind = request.path_params["kind"]
    if kind not in _KINDS:
        path = request.url.path
        raise BadParameter(path, name="kind", value=kind, wanted=", ".join(_KINDS))
    content = await calls.run(sheet.template, kind, _language(request))
    return _file(content, f"tasks.{kind}", _KINDS[kind])


async def show(request: Request) -> Response:
    """A plan with its tasks, units and history."""
    return await _shown(request)


async def change(request: Request) -> Response:
    """What is said of the plan, anew; ``tasks`` are not looked at."""
    asked = await render.body(request, PlanBody)
    args = (request.path_params["id"], asked.given([]), asked.reason, asked.version)
    await calls.run(plans.change, request.state.caller, *args)
    return await _shown(request)


async def download(request: Request) -> Response:
    """The plan as an Excel workbook: tasks and units as on the page."""
    caller, id, lang = request.state.caller, request.path_params["id"], _language(request)
    found = await calls.run(views.show, caller, id, lang)
    calendar = caller.calendar
    content = await calls.run(sheet.progress, found, lang, calendar.zone)
    return _file(content, f"work-plan-{id}.xlsx", sheet.XLSX)


async def add_tasks(request: Request) -> Response:
    """More tasks, as JSON or as a form of ``file`` and ``reason``; ?preview=true as above."""
    caller, id = request.state.caller, request.path_params["id"]
    try:
        if _is_form(request):
            form = await _form(request)
            rows, reason, first = form.rows, form.fields.get("reason", ""), sheet.FIRST_ROW
        else:
            asked = await render.body(request, TasksBody)
            rows, reason, first = asked.tasks, asked.reason, 1
        if _preview(request):
            found = await calls.run(plans.preview_tasks, caller, id, rows, first)
            return render.json({"tasks": [_draft(each) for each in found]})
        await calls.run(plans.add_tasks, caller, id, rows, reason, first)
    except BadTasks as bad:
        return _faults(request, bad)
    return await _shown(request)


async def start(request: Request) -> Response:
    """Open the cases of all tasks; a plan that runs stays as it is."""
    await calls.run(plans.start, request.state.caller, request.path_params["id"])
    return await _shown(request)


async def end(request: Request) -> Response:
    """The plan is over."""
    asked = await render.body(request, ReasonBody)
    await calls.run(plans.end, request.state.caller, request.path_params["id"], asked.reason)
    return await _shown(request)


async def mine(request: Request) -> Response:
    """The open tasks of the caller's own unit."""
    found = await calls.run(views.mine, request.state.caller, _language(request))
    return render.json({"items": found, "next": None})


async def show_task(request: Request) -> Response:
    """A task with its milestones and reports."""
    caller, id = request.state.caller, request.path_params["id"]
    return render.json(await calls.run(views.task, caller, id, _language(request)))


async def change_task(request: Request) -> Response:
    """Change some columns of a task."""
    asked = await render.body(request, ChangeBody)
    args = (request.path_params["id"], asked.change, asked.reason, asked.version)
    try:
        await calls.run(changing.change, request.state.caller, *args)
    except BadTasks as bad:
        return _faults(request, bad)
    return await show_task(request)


async def remove_task(request: Request) -> Response:
    """Take a task out of its plan; its case is voided."""
    asked = await render.body(request, ReasonBody)
    args = (request.path_params["id"], asked.reason, asked.version)
    await calls.run(changing.remove, request.state.caller, *args)
    return Response(status_code=204)


async def report(request: Request) -> Response:
    """Report progress; the task after it."""
    asked = await render.body(request, ProgressBody)
    given = Progress(
        asked.percent,
        asked.text,
        asked.period,
        asked.reached,
        tuple(asked.milestones),
        tuple(asked.evidence),
    )
    await calls.run(progress.report, request.state.caller, request.path_params["id"], given)
    return await show_task(request)


async def of_case(request: Request) -> Response:
    """The task that a case carries out, or null."""
    caller, no = request.state.caller, request.path_params["no"]
    return render.json(await calls.run(views.of_case, caller, no, _language(request)))


class _Form(msgspec.Struct):
    fields: dict[str, str]
    rows: list[dict[str, Any]]


async def _form(request: Request) -> _Form:
    """The texts and the rows of the file of a form. Raises BadBody, BadFile, BadTasks."""
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > 2 * sheet.MOST_BYTES:
        raise BadFile(request.url.path, name="…")
    async with request.form(max_files=1, max_fields=5) as form:
        fields = {name: one for name, one in form.multi_items() if isinstance(one, str)}
        files = [one for _, one in form.multi_items() if isinstance(one, UploadFile)]
        if not files:
            raise BadBody(request.url.path, problem=phrase("no_file"))
        content, name = await files[0].read(sheet.MOST_BYTES + 1), files[0].filename or ""
    if len(content) > sheet.MOST_BYTES:
        raise BadFile(name, name=name)
    return _Form(fields, await calls.run(sheet.read, content, name))


async def _plan_asked(request: Request) -> tuple[PlanBody, list[dict[str, Any]] | None, int]:
    """The plan, the rows of its file if it came with one, and how the rows count."""
    if not _is_form(request):
        return await render.body(request, PlanBody), None, 1
    form = await _form(request)
    try:
        body = msgspec.json.decode(form.fields.get("plan", "").encode(), type=PlanBody)
    except msgspec.DecodeError as error:
        raise BadBody(request.url.path, problem=f"plan: {error}") from error
    return body, form.rows, sheet.FIRST_ROW


def _faults(request: Request, bad: BadTasks) -> Response:
    """The problem, with each fault: row, column, value, and why in words."""
    lang = _language(request)
    body = problem(bad, lang) | {"errors": [one.shown(lang) for one in bad.faults[:1000]]}
    content = msgspec.json.encode(body)
    return Response(content, STATUS[bad.kind], media_type="application/problem+json")


def _draft(one: Draft) -> dict[str, Any]:
    """A task as it would be."""
    milestones = [
        {"title": title, "due_at": clock.render(due_at)} for title, due_at in one.milestones
    ]
    values = one.values() | {"row": one.row, "milestones": milestones}
    return values | {"due_at": clock.render(one.due_at)}


async def _shown(request: Request) -> Response:
    caller, id = request.state.caller, request.path_params["id"]
    return render.json(await calls.run(views.show, caller, id, _language(request)))


def _file(content: bytes, name: str, media: str) -> Response:
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=media, headers=headers)


def _is_form(request: Request) -> bool:
    return request.headers.get("content-type", "").startswith("multipart/")


def _preview(request: Request) -> bool:
    return request.query_params.get("preview", "").lower() in ("true", "1")


def _language(request: Request) -> str:
    return choose(request.headers.get("accept-language", ""))
