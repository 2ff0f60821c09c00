"""YAML documents read with their line numbers, so that every error can name file and line.

A reader takes the keys it knows out of a ``Section`` and then calls ``finish``: a key nobody
took is an error that names the nearest known one. Nothing is taken silently.
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import yaml
from yaml.constructor import SafeConstructor

from yiwang.kernel.errors import Kind, YiwangError
from yiwang.kernel.text import phrase

T = TypeVar("T")
_MISSING: Any = object()
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's reader where it is there: ten times as fast, with the same line numbers."""


class DocumentError(YiwangError):
    code: ClassVar[str] = "kernel.document"
    kind: ClassVar[Kind] = Kind.INVALID


class BadYaml(DocumentError):
    code: ClassVar[str] = "kernel.bad_yaml"


class UnknownKey(DocumentError):
    code: ClassVar[str] = "kernel.unknown_key"


class MissingKey(DocumentError):
    code: ClassVar[str] = "kernel.missing_key"


class WrongType(DocumentError):
    code: ClassVar[str] = "kernel.wrong_type"


class NotAllowed(DocumentError):
    code: ClassVar[str] = "kernel.not_allowed"


_NAMES = {str: "text", int: "whole_number", float: "number", bool: "true_or_false"}


class Section:
    """One mapping of a document. Keys are taken one by one; ``where`` names file and line."""

    def __init__(self, values: dict[str, Any], lines: dict[Any, int], file: str, path: str) -> None:
        self._values = values
        self._lines = lines
        self._file = file
        self._path = path
        self._asked: list[str] = []

    @property
    def where(self) -> str:
        return f"{self._file}, line {self._lines.get('', 1)}"

    def place(self, key: object) -> str:
        """``file, line n`` of one key of this section."""
        return f"{self._file}, line {self._lines.get(key, self._lines.get('', 1))}"

    def has(self, key: str) -> bool:
        self._asked.append(key)
        return key in self._values

    def keys(self) -> list[str]:
        return list(self._values)

    def raw(self, key: str, default: Any = _MISSING) -> Any:
        """A value as plain Python data. Raises MissingKey without a default."""
        self._asked.append(key)
        if key in self._values:
            return _plain(self._values[key])
        if default is _MISSING:
            raise MissingKey(self.where, key=key, section=self._path or phrase("the_document"))
        return default

    def take(self, key: str, kind: type[T], default: Any = _MISSING) -> T:
        """A value of one type; a whole number serves as float. Raises WrongType, MissingKey."""
        value = self.raw(key, default)
        if value is default:
            return value  # type: ignore[no-any-return]
        if kind is float and isinstance(value, int) and not isinstance(value, bool):
            return float(value)  # type: ignore[return-value]
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            wanted = phrase(_NAMES[kind]) if kind in _NAMES else kind.__name__
            raise WrongType(self.place(key), key=key, value=value, wanted=wanted)
        return value

    def text(self, key: str, default: Any = _MISSING) -> str:
        return self.take(key, str, default)

    def choice(self, key: str, options: tuple[str, ...], default: Any = _MISSING) -> str:
        """One of a few words. Raises NotAllowed naming them."""
        value = self.text(key, default)
        if value is not default and value not in options:
            raise NotAllowed(self.place(key), key=key, value=value, options=", ".join(options))
        return value

    def section(self, key: str) -> Section:
        """A mapping below this one, empty where it is absent."""
        self._asked.append(key)
        value = self._values.get(key)
        if value is None:
            return Section({}, {"": self._lines.get(key, 1)}, self._file, f"{self._path}{key}.")
        if not isinstance(value, _Mapping):
            raise WrongType(self.place(key), key=key, value=_plain(value), wanted=phrase("mapping"))
        return Section(value.values, value.lines, self._file, f"{self._path}{key}.")

    def sections(self) -> Iterator[tuple[str, Section]]:
        """Every key of this section, each a mapping."""
        for key in self.keys():
            yield key, self.section(key)

    def items(self, key: str) -> list[Section]:
        """A list of mappings, empty where it is absent."""
        self._asked.append(key)
        value = self._values.get(key)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(item, _Mapping) for item in value):
            wanted = phrase("mappings")
            raise WrongType(self.place(key), key=key, value=_plain(value), wanted=wanted)
        return [
            Section(item.values, item.lines, self._file, f"{self._path}{key}[{index}].")
            for index, item in enumerate(value)
        ]

    def finish(self) -> None:
        """Raises UnknownKey for the first key that nobody took."""
        for key in self._values:
            if key not in self._asked:
                near = get_close_matches(str(key), self._asked, 1)
                known = near[0] if near else ", ".join(sorted(set(self._asked)))
                raise UnknownKey(self.place(key), key=key, near=known)


class _Mapping:
    def __init__(self, values: dict[str, Any], lines: dict[Any, int]) -> None:
        self.values = values
        self.lines = lines


def load(path: Path, shown: str = "") -> Section:
    """Read one YAML file whose top is a mapping. Raises BadYaml with file and line."""
    return parse(path.read_text(encoding="utf-8"), shown or str(path))


def parse(text: str, file: str) -> Section:
    try:
        node = yaml.compose(text, Loader=_LOADER)
        value = _Mapping({}, {"": 1}) if node is None else _build(node, file)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "unreadable"
        raise BadYaml(f"{file}, line {mark.line + 1 if mark else 1}", problem=problem) from error
    except RecursionError:
        raise BadYaml(f"{file}, line 1", problem=phrase("nested_in_itself")) from None
    if not isinstance(value, _Mapping):
        raise WrongType(
            f"{file}, line 1", key=phrase("the_document"), value=value, wanted=phrase("mapping")
        )
    return Section(value.values, value.lines, file, "")


def _build(node: yaml.Node, file: str) -> Any:
    if isinstance(node, yaml.MappingNode):
        values: dict[str, Any] = {}
        lines: dict[Any, int] = {"": node.start_mark.line + 1}
        for key_node, value_node in node.value:
            key = str(_scalar(key_node, file))
            line = key_node.start_mark.line + 1
            if key in values:
                raise BadYaml(f"{file}, line {line}", problem=phrase("key_twice", key=key))
            values[key] = _build(value_node, file)
            lines[key] = line
        return _Mapping(values, lines)
    if isinstance(node, yaml.SequenceNode):
        return [_build(item, file) for item in node.value]
    return _scalar(node, file)


def _scalar(node: yaml.Node, file: str) -> Any:
    where = f"{file}, line {node.start_mark.line + 1}"
    if not isinstance(node, yaml.ScalarNode):
        raise BadYaml(where, problem=phrase("key_of_one_word"))
    try:
        return SafeConstructor().construct_object(node)
    except (ValueError, yaml.YAMLError) as error:
        raise BadYaml(where, problem=phrase("unreadable", value=node.value)) from error


def _plain(value: Any) -> Any:
    if isinstance(value, _Mapping):
        return {key: _plain(item) for key, item in value.values.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value
