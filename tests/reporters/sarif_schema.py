"""The part of SARIF 2.1.0 that we write, as JSON Schema: stricter than the standard's own, which allows much more.

Written from the text of the standard (OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0"); the
numbers are its sections. What is not listed here is not allowed, so that a new property must be looked up first.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema

OFFICIAL = Path(__file__).parent / "official" / "sarif-2.1.0-rtm.5.json"


@cache
def _official() -> Any:
    return jsonschema.Draft4Validator(json.loads(OFFICIAL.read_text()), format_checker=jsonschema.FormatChecker())


def validate(log: Any) -> None:
    """Hold a log to the official schema, and to our own, which allows less; raises `jsonschema.ValidationError`."""
    _official().validate(log)
    jsonschema.Draft7Validator(SARIF).validate(log)


def _object(required: list[str], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": required, "properties": properties, "additionalProperties": False}


TEXT = {"type": "string"}
PROPERTY_BAG = {"type": "object", "properties": {"tags": {"type": "array", "uniqueItems": True, "items": TEXT}}}  # 3.8
MULTIFORMAT = _object(["text"], text=TEXT, markdown=TEXT)  # 3.12
MESSAGE = _object(["text"], text=TEXT, markdown=TEXT)  # 3.11
ARTIFACT_LOCATION = _object(  # 3.4
    ["uri"],
    uri={"type": "string", "pattern": r"^[A-Za-z0-9._~:/?#@!$&'()*+,;=%\[\]-]+$"},
    uriBaseId=TEXT,
)
REGION = _object(["startLine"], startLine={"type": "integer", "minimum": 1})  # 3.30
PHYSICAL_LOCATION = _object(["artifactLocation"], artifactLocation=ARTIFACT_LOCATION, region=REGION)  # 3.29
LOCATION = _object(["physicalLocation"], physicalLocation=PHYSICAL_LOCATION)  # 3.28
RULE = _object(  # 3.49
    ["id"], id=TEXT, name=TEXT, shortDescription=MULTIFORMAT, help=MULTIFORMAT, properties=PROPERTY_BAG
)
DRIVER = _object(["name"], name=TEXT, version=TEXT, rules={"type": "array", "uniqueItems": True, "items": RULE})  # 3.19
SUPPRESSION = _object(["kind"], kind={"enum": ["inSource", "external"]}, justification=TEXT)  # 3.35
RESULT = _object(  # 3.27
    ["message"],
    ruleId=TEXT,
    ruleIndex={"type": "integer", "minimum": -1},
    level={"enum": ["none", "note", "warning", "error"]},
    message=MESSAGE,
    locations={"type": "array", "items": LOCATION},
    suppressions={"type": "array", "uniqueItems": True, "items": SUPPRESSION},
    partialFingerprints={"type": "object", "additionalProperties": TEXT},
    properties=PROPERTY_BAG,
)
RUN = _object(  # 3.14
    ["tool"],
    tool=_object(["driver"], driver=DRIVER),  # 3.18
    columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
    results={"type": "array", "items": RESULT},
)
SARIF = _object(  # 3.13
    ["version", "runs"],
    version={"enum": ["2.1.0"]},
    runs={"type": "array", "items": RUN},
    **{"$schema": {"type": "string", "format": "uri"}},
)
