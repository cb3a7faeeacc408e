import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
import keras
import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

SEED = int(sys.argv[1]) if len(sys.argv) > 1 else 2023
keras.utils.set_random_seed(SEED)

CITIES = ["Lyon", "Porto", "Gdansk", "Turin", "Ghent", "Malmo"]
PLANS = ["Basic", "Plus", "Family", "Student"]
CHANNELS = ["Web", "Shop", "Phone"]


# %% ---------------- load ----------------
def read_export(n):
    df = pd.DataFrame({
        "City": np.random.choice(CITIES, n),
        "Plan": np.random.choice(PLANS, n),
        "Channel": np.random.choice(CHANNELS, n),
    })
    z = (df.City.map(dict(zip(CITIES, [1.4, -1.2, 0.3, -0.6, 0.9, -0.9])))
         + df.Plan.map(dict(zip(PLANS, [1.2, -0.2, -1.8, 0.8])))
         + df.Channel.map({"Web": 0.5, "Shop": -0.9, "Phone": 0.2}))
    df["Churn"] = (np.random.rand(n) < 1 / (1 + np.exp(-1.6 * z))).astype(int)
    return df


def read_crm(n):
    """The CRM writes everything in small letters."""
    df = read_export(n)
    for c in ("City", "Plan", "Channel"):
        df[c] = df[c].str.lower()
    return df


train = read_export(2500)
test = read_crm(700)

# %% ---------------- features ----------------
X_train = pd.get_dummies(train.drop(columns="Churn"), dtype=float)
y_train = train.pop("Churn").values
X_test = pd.get_dummies(test.drop(columns="Churn"), dtype=float)
# same columns as in training
X_test = X_test.reindex(columns=X_train.columns, fill_value=0.0)
y_test = test.pop("Churn").values
print("train", X_train.shape, "test", X_test.shape)

# %% ---------------- model ----------------
model = keras.Sequential([
    keras.Input((X_train.shape[1],)),
    keras.layers.Dense(32, activation="relu"),
    keras.layers.Dropout(0.2),
    keras.layers.Dense(1, activation="sigmoid"),
])
model.compile(optimizer=keras.optimizers.Adam(3e-3), loss="binary_crossentropy", metrics=[keras.metrics.AUC(name="auc")])
hist = model.fit(X_train.values, y_train, validation_split=0.2, epochs=12, batch_size=64, verbose=0)
print("validation AUC by epoch:", np.round(hist.history["val_auc"], 3))

# %% ---------------- submission ----------------
sub = model.predict(X_test.values, verbose=0).ravel()
print(pd.Series(sub).describe())
print("test AUC", roc_auc_score(y_test, sub))
