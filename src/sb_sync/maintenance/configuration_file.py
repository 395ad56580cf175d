"""The configuration file: values by section and key, as JSON or YAML."""

from __future__ import annotations

import json
from typing import Any, Dict, List, Mapping, Tuple

from sb_sync.refusal import Refused

__all__ = ["FORMATS", "dump", "read"]

FORMATS = ("json", "yaml")
MAX_BYTES = 1024 * 1024
NO_YAML = "YAML needs PyYAML: pip install 'sb-sync[yaml]', or take --format json."


def read(path: str, file_format: str) -> Dict[str, Dict[str, Any]]:
    """Return the values of a file by section and key, of which only the shape is checked.

    Raises `Refused` where it cannot be read, is not of its format, or has another shape.
    """
    try:
        with open(path, "rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror}.") from error
    if len(content) > MAX_BYTES:
        raise Refused(f"{path} is larger than {MAX_BYTES} bytes.")
    parse = _parse_json if file_format == "json" else _parse_yaml
    try:
        document = parse(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise Refused(f"{path} is not {file_format.upper()}: {error}.") from error
    faults = _find_faults(document)
    if faults:
        raise Refused(faults)
    return {section: dict(keys or {}) for section, keys in document.items()}


def dump(document: Mapping[str, Mapping[str, Any]], file_format: str) -> str:
    """Return values as the text of a file. Raises `Refused` for YAML where PyYAML is not installed."""
    if file_format == "json":
        return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    text: str = _import_yaml().safe_dump(document, allow_unicode=True, sort_keys=False)
    return text


def _find_faults(document: Any) -> List[str]:
    if not isinstance(document, dict):
        return ["The file must hold sections, each with its keys."]
    return [
        f"{section!s:.100}: must hold keys with their values."
        for section, keys in document.items()
        if not isinstance(section, str) or not isinstance(keys, (dict, type(None)))
    ]


def _parse_json(text: str) -> Any:
    return json.loads(text, object_pairs_hook=_refuse_repetitions)


def _refuse_repetitions(pairs: List[Tuple[str, Any]]) -> Dict[str, Any]:
    found: Dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"{name!r:.100} stands there twice")
        found[name] = value
    return found


def _parse_yaml(text: str) -> Any:
    """Parse YAML of plain values. Neither objects nor aliases, with which a small file fills any memory."""
    yaml = _import_yaml()

    class Loader(yaml.SafeLoader):  # type: ignore[name-defined,misc]  # known only at run time
        def compose_node(self, parent: Any, index: Any) -> Any:
            if self.check_event(yaml.events.AliasEvent):
                raise ValueError("aliases (*name) are not taken")
            return super().compose_node(parent, index)

        def construct_mapping(self, node: Any, deep: bool = False) -> Any:
            names = [self.construct_object(name, deep=True) for name, _ in node.value]
            if any(not isinstance(name, str) for name in names) or len(set(names)) < len(names):
                raise ValueError("keys must be texts, each of them once")
            return super().construct_mapping(node, deep=deep)

    try:
        return yaml.load(text, Loader=Loader)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error


def _import_yaml() -> Any:
    try:
        import yaml
    except ImportError as error:
        raise Refused(NO_YAML) from error
    return yaml
