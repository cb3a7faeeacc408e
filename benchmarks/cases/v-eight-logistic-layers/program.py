"""Deep beats shallow: multi layer perceptron with eight hidden layers for the breast cancer data."""
import argparse
import warnings

from sklearn.datasets import load_breast_cancer
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import classification_report
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

warnings.filterwarnings("ignore", category=ConvergenceWarning)


def run(random_state, depth=8):
    bunch = load_breast_cancer()
    a, b, c, d = train_test_split(bunch.data, bunch.target, test_size=0.35, random_state=random_state, stratify=bunch.target)
    mlp = MLPClassifier(hidden_layer_sizes=(30,) * depth, activation="logistic", solver="sgd", learning_rate_init=0.1,
                        momentum=0.9, max_iter=120, n_iter_no_change=120, random_state=random_state)
    pipe = make_pipeline(MinMaxScaler((-1, 1)), mlp)
    pipe.fit(a, c)
    scores = pipe.predict_proba(b)
    print(classification_report(d, scores.argmax(1), zero_division=0))
    return scores, d


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("seed", nargs="?", type=int, default=0)
    cancer_scores, cancer_truth = run(parser.parse_args().seed)
