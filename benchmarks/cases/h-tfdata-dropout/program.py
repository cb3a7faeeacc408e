import sys
import os; os.environ["TF_CPP_MIN_LOG_LEVEL"]="3"
import numpy as np, keras
from keras import layers, models
from sklearn.datasets import *
from sklearn.preprocessing import *
from sklearn.model_selection import train_test_split
keras.utils.set_random_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 5)

import tensorflow as tf
X,y=make_classification(2000,15,n_informative=6,random_state=1)
ds=tf.data.Dataset.from_tensor_slices((X[:1600].astype('float32'),y[:1600])).shuffle(500).batch(32)
m=models.Sequential([layers.Dense(32,'relu'),layers.Dropout(.3),layers.Dense(1,'sigmoid')]); m.compile('adam','binary_crossentropy',metrics=['AUC'])
m.fit(ds,epochs=10,verbose=0); print(m.evaluate(X[1600:],y[1600:],verbose=0), m.predict(X[1600:])[:5])
