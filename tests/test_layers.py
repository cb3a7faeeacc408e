"""Imports go one way. An AST walk over the package; what a layer may not import is data.

Frameworks only below ``adapters/`` and ``capture/``; nothing below imports what stands above it;
``print`` only where people are spoken to; reporters measure nothing.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[1] / "src" / "defib"
FRAMEWORKS = frozenset({"torch", "keras", "tensorflow", "tf_keras", "jax", "flax", "optax", "lightning", "skorch"})
MAY_KNOW_FRAMEWORKS = ("adapters", "capture")
MAY_PRINT = ("cli", "reporters")

FORBIDDEN: dict[str, tuple[str, ...]] = {
    "errors": ("defib",),
    "symptom": ("defib",),
    "recipe": ("defib",),
    "evidence": ("defib.adapters", "defib.capture", "defib.causes", "defib.trials", "defib.reporters", "defib.cli"),
    "subject": ("defib.adapters", "defib.capture", "defib.probes", "defib.causes", "defib.trials", "defib.reporters"),
    "measures": ("defib.adapters", "defib.capture", "defib.causes", "defib.trials", "defib.reporters", "defib.cli"),
    "diagnosis": ("defib.adapters", "defib.capture", "defib.probes", "defib.causes", "defib.trials", "numpy"),
    "adapters": (
        "defib.probes",
        "defib.causes",
        "defib.interventions",
        "defib.trials",
        "defib.reporters",
        "defib.integrations",
        "defib.cli",
    ),
    "capture": (
        "defib.probes",
        "defib.causes",
        "defib.interventions",
        "defib.trials",
        "defib.reporters",
        "defib.integrations",
        "defib.cli",
    ),
    "probes": ("defib.adapters", "defib.capture", "defib.causes", "defib.trials", "defib.reporters", "defib.cli"),
    "causes": ("defib.adapters", "defib.capture", "defib.subject", "defib.trials", "defib.reporters", "defib.cli"),
    "interventions": (
        "defib.adapters",
        "defib.capture",
        "defib.subject",
        "defib.trials",
        "defib.reporters",
        "defib.cli",
    ),
    "trials": ("defib.adapters", "defib.capture", "defib.reporters", "defib.cli"),
    "reporters": ("defib.adapters", "defib.capture", "defib.subject", "defib.probes", "defib.cli", "numpy", "sklearn"),
    "integrations": ("defib.adapters", "defib.probes", "defib.causes", "defib.interventions", "defib.cli"),
    "cli": ("defib.adapters", "defib.probes", "defib.causes", "defib.interventions"),
}
"""Layer (file or folder below ``defib``) → what it may not import."""
ALLOWED = frozenset({("diagnosis", "defib.symptom")})
RUN_TIME_ONLY_IN_FUNCTIONS = ("numpy", "scipy", "sklearn", "defib.diagnose", "defib.trials", "defib.probes")
"""What ``cli`` imports only inside functions, so that ``defib --help`` is quick and a script comes first."""


def files() -> tuple[Path, ...]:
    return tuple(sorted(SOURCE.rglob("*.py")))


def layer(path: Path, root: Path = SOURCE) -> str:
    return path.relative_to(root).parts[0].removesuffix(".py")


def imports(tree: ast.AST, *, typing_too: bool = False) -> Iterator[str]:
    """Full names of what is imported; blocks under ``if TYPE_CHECKING`` import nothing."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test) and not typing_too:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        else:
            yield from imports(node, typing_too=typing_too)


def inside(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def framework_violations(tree: ast.AST, where: str) -> list[str]:
    if where in MAY_KNOW_FRAMEWORKS:
        return []
    return [name for name in imports(tree, typing_too=True) if name.partition(".")[0] in FRAMEWORKS]


def layer_violations(tree: ast.AST, where: str) -> list[str]:
    found = []
    for name in imports(tree):
        for package in FORBIDDEN.get(where, ()):
            own = inside(name, f"defib.{where}") or (where, name) in ALLOWED
            if inside(name, package) and not own:
                found.append(name)
    return found


def prints(tree: ast.AST, where: str) -> list[str]:
    if where in MAY_PRINT:
        return []
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [ast.unparse(call) for call in calls if isinstance(call.func, ast.Name) and call.func.id == "print"]


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(SOURCE)))
def test_imports_go_one_way(path: Path) -> None:
    tree = ast.parse(path.read_text())
    where = layer(path)
    assert framework_violations(tree, where) == []
    assert layer_violations(tree, where) == []
    assert prints(tree, where) == []


@pytest.mark.parametrize("path", sorted((SOURCE / "cli").glob("*.py")), ids=lambda path: path.name)
def test_the_command_line_imports_what_is_slow_inside_functions(path: Path) -> None:
    top = ast.Module([node for node in ast.parse(path.read_text()).body if not isinstance(node, ast.FunctionDef)], [])
    slow = [name for name in imports(top) for package in RUN_TIME_ONLY_IN_FUNCTIONS if inside(name, package)]
    assert slow == []


@pytest.mark.parametrize("name", FORBIDDEN)
def test_the_rules_name_layers_that_exist(name: str) -> None:
    assert (SOURCE / name).is_dir() or (SOURCE / f"{name}.py").is_file()


@pytest.mark.parametrize(
    ("where", "text"),
    [
        ("probes", "import torch.nn"),
        ("diagnose", "def f():\n    from keras import layers"),
        ("causes", "if TYPE_CHECKING:\n    import tensorflow as tf"),
    ],
)
def test_a_framework_above_the_adapters_is_found(where: str, text: str) -> None:
    assert framework_violations(ast.parse(text), where)
    assert not framework_violations(ast.parse(text), "adapters")


@pytest.mark.parametrize(
    ("where", "text"),
    [
        ("reporters", "import numpy as np"),
        ("reporters", "def f():\n    try:\n        import numpy.linalg\n    finally:\n        pass"),
        ("causes", "from defib.trials import judge"),
        ("causes", "from defib import trials"),
        ("trials", "from defib.adapters.torch import x"),
        ("symptom", "import defib.errors"),
    ],
)
def test_an_import_against_the_arrow_is_found(where: str, text: str) -> None:
    assert layer_violations(ast.parse(text), where)


def test_an_import_for_types_only_is_none() -> None:
    assert not layer_violations(ast.parse("if TYPE_CHECKING:\n    import numpy"), "reporters")


def test_a_print_is_found() -> None:
    assert prints(ast.parse("def f():\n    print(1)"), "trials")
    assert not prints(ast.parse("print(1)"), "cli")


def test_the_walk_sees_the_package() -> None:
    assert len(files()) > 40
    assert {"cli", "capture", "adapters", "probes", "causes", "reporters"} <= {layer(path) for path in files()}
