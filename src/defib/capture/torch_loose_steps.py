"""Steps of networks whose weights belong to no module, told to the session as steps of a module."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, final

import torch

from defib.adapters.torch.program import Node
from defib.adapters.torch.tape import Tape
from defib.capture.torch_loose import LooseWeights, Step, is_plain, leaves_of, named
from defib.capture.torch_study import Entry, Study

if TYPE_CHECKING:
    from defib.capture.torch_session import Session


@final
class LooseSteps:
    """Asked about every backward pass that no call of a module came before.

    The first one tells of a network only; from then on what torch computes between two backward passes is recorded.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self.networks: dict[frozenset[int], LooseWeights] = {}
        self.last: LooseWeights | None = None
        self.compiled = False
        """Whether the program compiled anything: under a mode of ours it would be traced anew."""

    @property
    def taping(self) -> bool:
        """Whether steps are recorded from one backward pass to the next."""
        return self.last is not None and not self.last.failed

    @property
    def failed(self) -> bool:
        """Whether the steps of some network could not be read."""
        return any(one.failed for one in self.networks.values())

    def step(self, nodes: Sequence[Node], loss: Any) -> Step:
        """The step as a call of a module; no call where it is none of loose weights, or the first one."""
        if self.session.functional or not isinstance(loss, torch.Tensor) or self.compiled:
            return [], None
        if self.session.sharded:  # weights in pieces, which are said not to be followed
            return [], None
        if self.taping and self.last is not None and not self._wanted(self.last):
            return self.last.unrecorded()
        self.last = self._network(loss)
        if self.last is not None:
            self.last.n_backward += 1
        found = None if self.last is None or not nodes else self.last.step(nodes, loss)
        return ([], None) if found is None else found

    def _wanted(self, network: LooseWeights) -> bool:
        study = self.session.alone.get(id(network.module))
        return study is None or study.wants_tape or study.rows.wants_keys

    def _network(self, loss: Any) -> LooseWeights | None:
        leaves = leaves_of(loss)
        key = frozenset(id(one) for one in leaves)
        if not key or key in self.networks:  # ids are not given anew: the module holds the tensors
            return self.networks.get(key)
        taken = set().union(*({id(p) for p in e.module.parameters()} for e in self.session.entries.values()))
        if key & taken or not all(is_plain(one) for one in leaves):
            return None
        weights = named(leaves)
        if self.last is not None and self.last.renewed(weights):
            self.session.entries[id(self.last.module)].forget_names()
            self.networks = {one: network for one, network in self.networks.items() if network is not self.last}
            return self.networks.setdefault(key, self.last)
        made = self.networks[key] = LooseWeights(weights, loss)
        entry = self.session.entries[id(made.module)] = Entry(made.module)
        entry.snapshot()
        entry.note_modes()
        entry.stepped = True  # the weights are those before the step that comes now, and it is not recorded
        return made

    def after_backward(self) -> None:
        """The next step is recorded from its first call on."""
        if self.taping and not self.session.calls:
            self.session.tape_off()
            self.session.tape = Tape()
            self.session.tape_on()

    def evaluations(self, nodes: Sequence[Node]) -> Iterator[Step]:
        """Calls of the networks since the last backward pass."""
        for one in self.networks.values():
            yield from one.evaluations(nodes)

    def complete(self, study: Study) -> None:
        """Count the step before the recorded ones, and say how the network was read."""
        network = next((one for one in self.networks.values() if one.module is study.module), None)
        if network is None:
            return
        study.n_backward += 1
        study.n_steps += bool(study.n_steps)
        study.losses.put_first(network.first_loss)
        names = network.module.title
        study.notes.append(
            f"the weights ({names}) belong to no torch.nn.Module: what they do to the rows was read from what ran, "
            "from the second step on; where a fix says model.parameters(), write the list of them"
        )
