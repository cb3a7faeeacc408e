"""Labels paired with their rows by a key."""

from __future__ import annotations

from defib.interventions._advice import advice

INTERVENTION = advice(
    "re-pair-labels",
    "pair rows and labels by a key, not by position",
    keras="""
    table = features.merge(labels, on="id", how="inner", validate="one_to_one")
    X_train, y_train = table[columns].to_numpy(), table["label"].to_numpy()
    """,
    torch="""
    table = features.merge(labels, on="id", how="inner", validate="one_to_one")
    X_train = torch.tensor(table[columns].to_numpy(), dtype=torch.float32)
    y_train = torch.tensor(table["label"].to_numpy())
    """,
    sklearn="""
    table = features.merge(labels, on="id", how="inner", validate="one_to_one")
    X_train, y_train = table[columns].to_numpy(), table["label"].to_numpy()
    """,
)
