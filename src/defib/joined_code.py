"""Several changes written as one program: what each says about the same call is said once.

Each intervention writes what it needs to be complete. Two of them pasted one under the other would compile, fit or loop
twice, and the second call would take back what the first did.
"""

from __future__ import annotations

import ast
from collections.abc import Container, Sequence
from dataclasses import dataclass, field

CALLS = ("model.set_params", "model.compile", "model.fit")
"""Calls that a program makes once, in this order."""
AS_IT_STANDS = frozenset({"X_train", "y_train", "model.optimizer", "model.loss"})
"""Arguments by which a piece says nothing of its own."""
LOOP = "for inputs, targets in loader:"
OPTIMIZER = "optimizer = "
LOSS = "loss = criterion("
NAMED = "loss = criterion(prediction, target)"


def joined(pieces: Sequence[str], recorded: Container[str] = ()) -> str:
    """The pieces as one program; ``recorded``: arguments that only repeat what the user's program has.

    >>> print(joined(["model.fit(X_train, y_train / 9)", "model.fit(X_train, y_train, epochs=9)  # was 3"]))
    model.fit(X_train, y_train / 9, epochs=9)  # was 3
    """
    if len(pieces) == 1:
        return pieces[0]
    if any(_called(line) for piece in pieces for line in piece.splitlines()):
        return _in_order(pieces, recorded)
    kept = [
        block
        for piece in _loss_inside(_of_named(_one_optimizer(_one_loop(pieces), recorded)))
        if (block := piece.strip("\n"))
    ]
    return "\n\n".join(kept)


@dataclass
class _Call:
    """One call with the arguments of all the pieces that make it."""

    name: str
    positional: list[str] = field(default_factory=list)
    named: dict[str, str] = field(default_factory=dict)
    comments: list[str] = field(default_factory=list)

    def add(self, line: str, recorded: Container[str]) -> None:
        """Take this piece's arguments over, but those by which it says nothing."""
        call, comment = _called(line), line.partition("  # ")[2]
        assert call is not None
        for i, one in enumerate(map(ast.unparse, call.args)):
            if i >= len(self.positional):
                self.positional.append(one)
            elif one not in AS_IT_STANDS and one not in recorded:
                self.positional[i] = one
        for keyword in call.keywords:
            value = ast.get_source_segment(line, keyword.value) or ast.unparse(keyword.value)
            says = value not in AS_IT_STANDS and value not in recorded
            if keyword.arg is not None and (says or keyword.arg not in self.named):
                self.named[keyword.arg] = value
        if comment and comment not in self.comments:
            self.comments.append(comment)

    def __str__(self) -> str:
        arguments = ", ".join([*self.positional, *(f"{name}={value}" for name, value in self.named.items())])
        return f"{self.name}({arguments})" + (f"  # {'; '.join(self.comments)}" if self.comments else "")


def _called(line: str) -> ast.Call | None:
    """The call of `CALLS` that this whole line is."""
    if not line.startswith(CALLS):
        return None
    try:
        statement = ast.parse(line).body[0]
    except SyntaxError:
        return None
    call = statement.value if isinstance(statement, ast.Expr) else None
    return call if isinstance(call, ast.Call) and ast.unparse(call.func) in CALLS else None


def _in_order(pieces: Sequence[str], recorded: Container[str]) -> str:
    """What stands before a piece's calls, the calls, what stands after them: predictions, say."""
    calls: dict[str, _Call] = {}
    before, after = list[str](), list[str]()
    for piece in pieces:
        seen = not any(_called(line) for line in piece.splitlines()) and _uses_the_trained(piece)
        for line in piece.splitlines():
            call = _called(line)
            if call is None:
                (after if seen else before).append(line)
                continue
            seen, name = True, ast.unparse(call.func)
            calls.setdefault(name, _Call(name)).add(line, recorded)
    first = [str(calls[name]) for name in CALLS[:1] if name in calls]
    rest = [str(calls[name]) for name in CALLS[1:] if name in calls]
    return "\n".join([*first, *_each_once(before), *rest, *_each_once(after)])


def _uses_the_trained(piece: str) -> bool:
    return "model(" in piece or "model.predict" in piece


def _each_once(lines: Sequence[str]) -> list[str]:
    """A comment that two pieces make is made once."""
    return [line for i, line in enumerate(lines) if not (line.startswith("#") and line in lines[:i])]


def _one_loop(pieces: Sequence[str]) -> list[str]:
    """The training loop of one piece, the longest; a loop over epochs holds one over batches."""
    loops = [piece for piece in pieces if LOOP in piece]
    best = max(loops, key=lambda piece: ("for epoch" in piece, len(piece)), default="")
    return [piece if piece == best or LOOP not in piece else _without_loop(piece) for piece in pieces]


def _without_loop(piece: str) -> str:
    lines = [line for line in piece.splitlines() if line != "model.train()"]
    kept, inside = list[str](), False
    for line in lines:
        inside = line.startswith(("for epoch", LOOP)) or (inside and line[:1].isspace())
        kept += [] if inside else [line]
    return "\n".join(kept)


def _of_named(pieces: Sequence[str]) -> list[str]:
    """One loss of two: what one piece compares by name is what the other one makes; each alone would undo the other."""
    named = [i for i, piece in enumerate(pieces) if NAMED in piece]
    other = _the_other_loss(pieces, named)
    if len(named) != 1 or other is None:
        return list(pieces)
    compared = other.compared.partition("  # ")[0].rstrip().removesuffix(")")
    return [*other.rest, f"{other.before}\nprediction, target = {compared}", pieces[named[0]], other.after]


def _loss_inside(pieces: Sequence[str]) -> list[str]:
    """The loss of another piece in place of the loop's own, behind what it needs and before what follows from it."""
    loops = [i for i, piece in enumerate(pieces) if LOOP in piece]
    lines = pieces[loops[0]].splitlines() if loops else []
    own = [i for i, line in enumerate(lines) if line.lstrip().startswith(LOSS)]
    other = _the_other_loss(pieces, loops)
    if len(own) != 1 or other is None:
        return list(pieces)
    indent = lines[own[0]].partition(LOSS)[0]
    lines[own[0]] = f"{indent}{LOSS}{other.compared}"
    return [other.before, *other.rest, "\n".join(lines), other.after]


@dataclass(frozen=True)
class _OtherLoss:
    """The one piece with a loss of its own, cut at that line."""

    before: str
    compared: str
    """What stands behind the bracket."""
    after: str
    rest: tuple[str, ...]
    """The pieces that are neither it nor the ones that it is to be joined with."""


def _the_other_loss(pieces: Sequence[str], joined_with: Container[int]) -> _OtherLoss | None:
    """Of the pieces but these; ``None`` where none of them has a loss, or several have."""
    others = [i for i, piece in enumerate(pieces) if i not in joined_with and f"\n{LOSS}" in f"\n{piece}"]
    if len(others) != 1:
        return None
    before, _, line = f"\n{pieces[others[0]]}".partition(f"\n{LOSS}")
    compared, _, after = line.partition("\n")
    rest = tuple(piece for i, piece in enumerate(pieces) if i != others[0] and i not in joined_with)
    return _OtherLoss(before, compared, after, rest)


def _one_optimizer(pieces: Sequence[str], recorded: Container[str]) -> list[str]:
    """Of several lines that make the optimizer the one that says something new."""
    made = [line for piece in pieces for line in piece.splitlines() if line.startswith(OPTIMIZER)]
    news = [line for line in made if line.removeprefix(OPTIMIZER).partition("  # ")[0] not in recorded]
    kept = (news or made)[-1:]
    return [
        "\n".join(line for line in piece.splitlines() if not line.startswith(OPTIMIZER) or line in kept)
        for piece in pieces
    ]
