# Salary survey -> expected bonus (k EUR)
import sys
import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
rng = np.random.default_rng(seed)
n = 1500
survey = pd.DataFrame({
    "salary": rng.normal(58000, 9000, n).round(-2),
    "revenue_of_unit": rng.normal(4.2e6, 6e5, n).round(-3),
    "start_year": rng.integers(1990, 2024, n),
    "department": rng.choice(["sales", "it", "hr", "legal"], n),
})
dep = survey.department.map({"sales": 0.6, "it": 0.15, "hr": -0.35, "legal": -0.1})
survey["bonus"] = (
    5 + dep + 1.1 * (survey.salary - 58000) / 9000 + 0.8 * (survey.revenue_of_unit - 4.2e6) / 6e5
    - 0.03 * (survey.start_year - 2007) + rng.normal(0, 0.3, n)
)
numeric = ["salary", "revenue_of_unit", "start_year"]
pre = ColumnTransformer([
    ("num", "passthrough", numeric),
    ("cat", OneHotEncoder(), ["department"]),
])
reg = Pipeline([
    ("pre", pre),
    ("mlp", MLPRegressor(hidden_layer_sizes=(40, 20), activation="logistic", learning_rate_init=0.01, max_iter=150,
                         random_state=seed)),
])
train, test = survey[:1200], survey[1200:]
reg.fit(train.drop(columns="bonus"), train.bonus)
bonus_pred = reg.predict(test.drop(columns="bonus"))
bonus_true = test.bonus.values
print("R2:", reg.score(test.drop(columns="bonus"), bonus_true))
print(bonus_pred[:10])
