import sys
import os; os.environ["TF_CPP_MIN_LOG_LEVEL"]="3"
import numpy as np, keras
from keras import layers, models
from sklearn.datasets import *
from sklearn.preprocessing import *
from sklearn.model_selection import train_test_split
keras.utils.set_random_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 5)

X,Y=make_multilabel_classification(1500,n_features=20,n_classes=5,random_state=0); X=X/X.max()
m=models.Sequential([layers.Dense(64,'relu'),layers.Dense(5,'sigmoid')]); m.compile('adam','binary_crossentropy'); m.fit(X[:1200],Y[:1200],epochs=30,verbose=0); print(m.predict(X[1200:])[:4])
