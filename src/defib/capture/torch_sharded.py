"""Modules that are not followed: those of another framework, and those in pieces over several processes.

Of FSDP, ``fully_shard`` and tensor parallel, what one process holds is no network, and to put the pieces together all
processes would have to take part, at a moment when one of them may be gone already. What can be done instead is said.
"""

from __future__ import annotations

import sys
from typing import Any

from torch import nn

SHARDED = (
    "the weights of {name} are spread over several processes (FSDP, or other sharded tensors), and defib does not "
    "follow such a training: train the same network on fewer rows with DistributedDataParallel or in one process, or "
    "give defib.diagnose(model, X, y) a plain copy of the network with the full state dict in it"
)


def is_foreign(module: Any) -> bool:
    """Keras modules (PyTorch backend) are watched by the Keras watcher."""
    return any(
        kind.__module__.split(".")[0] in ("keras", "tf_keras") for kind in type(module).__mro__
    ) or not isinstance(module, nn.Module)


def is_sharded(module: Any) -> bool:
    """Whether the module, or one inside it, is FSDP's, or has a weight that is a piece of a distributed tensor.

    Only looked at where the program has imported what does that.
    """
    wrapper = _class("torch.distributed.fsdp", "FullyShardedDataParallel")
    if wrapper is not None and any(isinstance(one, wrapper) for one in module.modules()):
        return True
    piece = _class("torch.distributed.tensor", "DTensor")
    return piece is not None and any(isinstance(one, piece) for one in module.parameters())


def _class(module: str, name: str) -> type[Any] | None:
    found = getattr(sys.modules.get(module), name, None)
    return found if isinstance(found, type) else None
