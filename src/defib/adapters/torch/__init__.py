"""PyTorch: any ``torch.nn.Module`` as a Subject."""

from __future__ import annotations

from defib.adapters.torch.memory import subject_from_model
from defib.adapters.torch.subject import TorchSubject

__all__ = ["TorchSubject", "subject_from_model"]
