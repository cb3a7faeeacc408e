import sys
import os; os.environ["TF_CPP_MIN_LOG_LEVEL"]="3"
import numpy as np, keras
from keras import layers, models
from sklearn.datasets import *
from sklearn.preprocessing import *
from sklearn.model_selection import train_test_split
keras.utils.set_random_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 5)

X,y=load_breast_cancer(return_X_y=True); X=scale(X)
m=models.Sequential([layers.Dense(16,activation='relu',input_shape=(30,)),layers.Dense(1,activation='softmax')])
m.compile('adam','categorical_crossentropy',metrics=['accuracy'])
m.fit(X[:400],y[:400],epochs=8,verbose=0)
print(m.predict(X[400:])[:8])
