"""The code of a fix for a program of Flax Linen: interventions write Flax NNX."""

from __future__ import annotations

import ast
import re

from defib.program_text import Program

LAYERS = (
    (r"nnx\.Linear\([^,()]+, ([^,()]+)((?:, [^()]*(?:\(\))?)*), rngs=rngs\)", r"{nn}.Dense(\1\2)"),
    (r"nnx\.BatchNorm\([^,()]+, rngs=rngs\)", r"{nn}.BatchNorm(use_running_average=not train)"),
    (r"nnx\.Dropout\(([^,()]+), rngs=rngs\)", r"{nn}.Dropout(\1, deterministic=not train)"),
    (r"nnx\.(relu|leaky_relu|initializers)\b", r"{nn}.\1"),
)
"""What stands in NNX, and in Linen: layers there take no inputs and no random state."""
OPTIMIZER = (
    r"optimizer = nnx\.Optimizer\(model, (.+), wrt=nnx\.Param\)(.*)",
    r"tx = \1\2\nopt_state = tx.init(params)  # its state anew",
)
"""The optimizer as optax alone has it."""


def as_linen(code: str, program: Program) -> str:
    """The layers as Linen writes them, and optax' own optimizer, where the program has no NNX; other code as it is.

    >>> linen = Program("a.py", (), ast.parse("import flax.linen as nn"))
    >>> as_linen("nnx.Linear(64, 32, kernel_init=nnx.initializers.he_normal(), rngs=rngs)", linen)
    'nn.Dense(32, kernel_init=nn.initializers.he_normal())'
    >>> as_linen("optimizer = nnx.Optimizer(model, optax.adam(0.1), wrt=nnx.Param)  # was 1", linen).splitlines()
    ['tx = optax.adam(0.1)  # was 1', 'opt_state = tx.init(params)  # its state anew']
    >>> as_linen("nnx.Linear(64, 32, rngs=rngs)", Program("a.py", (), ast.parse("from flax import nnx")))
    'nnx.Linear(64, 32, rngs=rngs)'
    """
    if any(isinstance(one, ast.Attribute) and one.attr == "nnx" for one in ast.walk(program.tree)):
        return code
    if _imported(program, "nnx"):
        return code
    code = re.sub(*OPTIMIZER, code)
    bound = {name.asname or name.name for name in _imported(program, "linen")}
    if len(bound) != 1:
        return code
    for nnx, linen in LAYERS:
        code = re.sub(nnx, linen.replace("{nn}", next(iter(bound))), code)
    return code


def _imported(program: Program, module: str) -> list[ast.alias]:
    """``import flax.linen as nn`` and ``from flax import linen as nn``."""
    nodes = list(ast.walk(program.tree))
    whole = [one for node in nodes if isinstance(node, ast.Import) for one in node.names]
    parts = [one for node in nodes if isinstance(node, ast.ImportFrom) and node.module == "flax" for one in node.names]
    return [one for one in whole if one.name == f"flax.{module}"] + [one for one in parts if one.name == module]
