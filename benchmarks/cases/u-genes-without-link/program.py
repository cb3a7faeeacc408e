import sys
import numpy as np
from sklearn.model_selection import cross_val_predict
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

# handedness (0 left, 1 right, 2 both) from 25 blood values
rs = np.random.RandomState(int(sys.argv[1]) if len(sys.argv) > 1 else 25)
blood = rs.lognormal(1.0, 0.4, size=(700, 25))
hand = rs.choice(3, 700, p=[0.2, 0.65, 0.15])
clf = make_pipeline(StandardScaler(), MLPClassifier((12,), alpha=3.0, early_stopping=True, max_iter=60, random_state=rs))
share = cross_val_predict(clf, blood, hand, cv=4, method='predict_proba')
for h, name in enumerate(['left', 'right', 'both']):
    print(name, 'predicted', (share.argmax(1) == h).sum(), 'there are', (hand == h).sum())
print('accuracy', (share.argmax(1) == hand).mean())
