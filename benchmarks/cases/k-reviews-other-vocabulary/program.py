import sys
import os; os.environ["TF_CPP_MIN_LOG_LEVEL"]="3"
import numpy as np, keras
from keras import layers, models
from sklearn.datasets import *
from sklearn.preprocessing import *
from sklearn.model_selection import train_test_split
keras.utils.set_random_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 5)

txt=["good nice great fine","bad awful poor sad","great nice film","poor boring sad film"]*60; lab=np.array([1,0,1,0]*60)
tv=layers.TextVectorization(max_tokens=50,output_sequence_length=6); tv.adapt(txt)
m=models.Sequential([layers.Embedding(50,8),layers.GlobalAveragePooling1D(),layers.Dense(8,activation='relu'),layers.Dense(1,activation='sigmoid')])
m.compile(keras.optimizers.Adam(.02),'binary_crossentropy'); m.fit(np.array(tv(np.array(txt))),lab,epochs=15,verbose=0)
tv2=layers.TextVectorization(max_tokens=50,output_sequence_length=6,vocabulary=['zzz'])
new=["good film","bad film","awful","nice great","sad","fine nice"]
print(m.predict(np.array(tv2(np.array(new)))))
