"""DF803 cached-or-aliased-output: the answers shown are not those that the trained network gives for these rows.

## What it is
One buffer filled by every prediction and kept many times; a cache whose key leaves out the row; an answer stored at the
first call and returned ever after; predictions made before the training, or by a copy that was taken then.

## Why every prediction is the same
All entries of the list are one array, which holds the last answer. Or the network was asked once. It tells the rows
apart when it is asked again.

## Evidence for
- Bit-equal outputs for different rows, while the network, asked again for the same rows, answers each differently; they
  are its answer for the first row (a cache) or for the last one (a buffer).
- A loop of the program that fills one buffer and appends it; a cache that answered all calls but one by itself; a loop
  that asks with another argument each turn, in which the network was asked once, and whose entries are all that answer.
- Outputs that a change of all weights does not change.
- A clone of the network whose attribute is emptied before each call tells the rows apart; asked in turn, with what the
  first call left there, it gives later rows the first one's encoding (a cache under the shape of the rows, a flag).
- Check: `np.shares_memory(results[0], results[1])`; change a weight and predict again.

## Evidence against
- Asked again, the network gives the same constant: then it is the network.
- Outputs that differ in their last digits: nothing that is stored does that.
- What a call leaves behind changes with every call (the state of a recurrent network), or changes no row's answer.

## Look-alikes
- learning-rate-too-high (DF501): the network itself is constant, and a smaller step cures it; no step cures a cache.
- identical-rows (DF903): the rows that reached the network were the same (features out of a cache, say).
- display-or-metric (DF904): each answer is its own row's, and is rounded or cut.

## Example
```python
out = np.empty(1)
for row in X_test:
    out[:] = model.predict(row[None])[0]
    results.append(out)                           # the same array each time
```

## Fix
Keep `out.copy()` (`out.clone()` in PyTorch); put the row into the cache's key; predict after the training, with the
network that was trained.

## Known problems
Followed within the program's files: a cache in another process, in a browser or in a library is not seen. A dictionary
of one's own is seen where the answers end up in a variable of the module, not in one of a function that has returned.

## References
- Results of several runs are all equal, one internal array: https://github.com/BrainJS/brain.js/pull/127
- The same answers for any list of that length: https://github.com/ThilinaRajapakse/simpletransformers/issues/203
- Python, functools.lru_cache: https://docs.python.org/3/library/functools.html#functools.lru_cache
"""

from __future__ import annotations

from defib.causes import Cause
from defib.causes._signs import count, maybe, num
from defib.diagnosis import Assessment, by_itself, inconclusive, ruled_out, supported
from defib.evidence import Book, Missing
from defib.probes.alone import AloneFacts
from defib.probes.remembered import MemoryFacts
from defib.probes.shown import APART, ShownFacts


def _assess(book: Book) -> Assessment:
    memory = maybe(book, MemoryFacts)
    if memory is not None and memory.of_others:
        return _remembered(memory)
    return _of_shown(book)


def _of_shown(book: Book) -> Assessment:
    facts = book.get(ShownFacts)
    spread = facts.again_spread
    numbers = {"rows": float(facts.n_rows)} | ({} if spread is None else {"spread_asked_again": spread})
    if facts.cache is not None and facts.cache.kind == "entries":
        one = facts.cache
        because = (
            f"all {one.hits + 1:,} entries of {one.code} ({one.line}) are the one answer that the network was asked"
        )
        return _found(f"{because} for, of one row; it tells other rows apart", numbers | {"hits": float(one.hits)})
    if facts.cache is not None:
        asked, cache = facts.cache.hits + facts.cache.misses, facts.cache
        because = f"{cache.code} ({cache.line}) asked the network once and answered {cache.hits:,} of {asked:,} calls"
        return _found(
            f"{because} from its cache: they all had the same arguments", numbers | {"hits": float(cache.hits)}
        )
    if spread is None:
        raise Missing("ShownFacts", "two rows or more that were predicted")
    if facts.survives_training:
        return _found("the outputs are bit-equal before and after the training, although the weights moved", numbers)
    if spread <= APART:
        return ruled_out("asked again for the same rows, the network gives one answer too", layer=None, **numbers)
    if facts.recorded_equal and not _asked_otherwise(book, facts):
        return _bit_equal(facts, spread, numbers)
    if facts.alias is not None:
        because = (
            f"{facts.alias.code} in {facts.alias.line} keeps one buffer {facts.n_rows:,} times, which holds the last"
        )
        return _found(f"{because} output only; the outputs themselves differ (spread {num(spread)})", numbers)
    if facts.overwritten:
        kept = count(facts.overwritten, "output")
        because = f"the program kept at least {kept} that the network overwrote with its next ones, in the same memory"
        return _found(f"{because}; the answers themselves differ (spread {num(spread)})", numbers)
    if facts.of_initial_weights:
        because = "the outputs are those of the weights before the training; asked now, the network gives others"
        return _found(f"{because} (spread {num(spread)})", numbers)
    return ruled_out("the outputs are the network's own for these rows", layer=None, **numbers)


def _asked_otherwise(book: Book, facts: ShownFacts) -> bool:
    """The program asked in another way, in which the network itself may answer all rows alike."""
    alone = maybe(book, AloneFacts)
    return facts.in_training_mode or (alone is not None and alone.difference > 0)


def _bit_equal(facts: ShownFacts, spread: float, numbers: dict[str, float]) -> Assessment:
    """Outputs recorded as equal, of rows that the trained network tells apart when it is asked again."""
    if facts.by_another:
        because = "the recorded outputs are bit-equal, those of the trained network are not: another instance answered"
        return inconclusive(because, weight=0.3, layer=None, **numbers)
    whose = {"first": ", all the one for the first row", "last": ", all the one for the last row", None: ""}
    because = f"{count(facts.n_rows, 'recorded output')} are bit-equal{whose[facts.equals]}; asked again for the"
    return _found(f"{because} same rows, the network tells them apart (spread {num(spread)})", numbers)


def _remembered(memory: MemoryFacts) -> Assessment:
    kept = " and ".join(memory.where)
    numbers = {"rows": float(memory.n_rows), "spread_in_turn": memory.spread_in_turn}
    spreads = f"(spread {num(memory.spread_in_turn)}; {num(memory.spread_afresh)} with {kept} emptied before each call)"
    because = (
        f"in evaluation mode {kept} keeps what one call computed of its rows, and later calls, with other rows, are"
    )
    return _found(f"{because} answered from it {spreads}", numbers | {"spread_afresh": memory.spread_afresh})


def _found(because: str, numbers: dict[str, float]) -> Assessment:
    return by_itself(supported(because, weight=0.96, layer=None, **numbers))


CAUSE = Cause(
    code="DF803",
    name="cached-or-aliased-output",
    stage="serving",
    assess=_assess,
    fixes=("copy-outputs",),
    contrast={},
    explains=("DF902", "DF105"),
    look_alikes=("DF501", "DF903", "DF904"),
    when_varied=True,
)
