"""HTTP for every domain."""

from __future__ import annotations

from starlette.convertors import IntegerConvertor, register_url_convertor


class Number(IntegerConvertor):
    """A number in a path, such as ``{id:int}``. One of more digits than a database holds is of no
    page (404), instead of an error there."""

    regex = "[0-9]{1,18}"


register_url_convertor("int", Number())
