import sys
import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.model_selection import cross_val_predict
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

# Every customer found one of three coupons in the parcel. Can we tell from the order which one it was?
seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
rng = np.random.default_rng(seed)
n = 900
orders = pd.DataFrame({
    "basket": rng.lognormal(3.6, 0.7, n).round(2),
    "items": rng.poisson(3, n) + 1,
    "warehouse": rng.choice(["Leipzig", "Lyon", "Poznan"], n),
    "weekday": rng.integers(0, 7, n),
})
coupon = pd.Series(rng.choice(["5EUR", "10PCT", "SHIPFREE"], n, p=[0.5, 0.3, 0.2]))

prep = make_column_transformer((StandardScaler(), ["basket", "items", "weekday"]), (OneHotEncoder(), ["warehouse"]))
net = make_pipeline(prep, MLPClassifier((12,), alpha=0.5, learning_rate_init=0.003, max_iter=60, random_state=seed))
net.fit(orders[:700], coupon[:700])
proba = net.predict_proba(orders[700:])
found = np.searchsorted(net.classes_, coupon[700:])
print(net.classes_, proba[:5].round(2))
print("accuracy", net.score(orders[700:], coupon[700:]), "share of 5EUR", (coupon[700:] == "5EUR").mean())
