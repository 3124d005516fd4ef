"""Drop-ins: detoxify, Perspective, scikit-learn, pandas, Polars."""

import json
import math
import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from conftest import python
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import make_pipeline

import comity
import comity.pandas
import comity.polars
from comity.compat import perspective
from comity.compat.detoxify import Detoxify
from comity.sklearn import ComityTransformer

ORIGINAL = ["toxicity", "severe_toxicity", "obscene", "threat", "insult", "identity_attack"]


# ---- detoxify


def test_detoxify_has_the_keys_and_shapes_of_detoxify():
    model = Detoxify("original")
    one = model.predict("You are a fool.")
    assert list(one) == ORIGINAL
    assert all(isinstance(score, float) for score in one.values())
    assert model.predict(["You are a fool."]) == model.predict("You are a fool.")
    several = model.predict(["You are a fool.", "Thank you."])
    assert list(several) == ORIGINAL
    assert all(isinstance(scores, list) and len(scores) == 2 for scores in several.values())
    assert several["toxicity"][0] == one["toxicity"]
    assert pd.DataFrame(several, index=["a", "b"]).shape == (2, 6)
    assert one["toxicity"] == comity.score(["You are a fool."]).column("toxicity")[0].as_py()


def test_detoxify_unbiased_has_a_label_that_the_model_lacks():
    with pytest.warns(UserWarning, match="sexual_explicit"):
        model = Detoxify("unbiased-small", device="cuda")
    scores = model.predict("You are a fool.")
    expected = ["toxicity", "severe_toxicity", "obscene", "identity_attack", "insult", "threat"]
    assert list(scores) == [*expected, "sexual_explicit"]
    assert math.isnan(scores["sexual_explicit"]) and not math.isnan(scores["toxicity"])


def test_detoxify_gives_nan_for_what_is_not_scored():
    assert math.isnan(Detoxify().predict("")["toxicity"])


def test_detoxify_refuses_what_it_cannot_do():
    with pytest.raises(ValueError, match="unknown model_type"):
        Detoxify("huge")
    with pytest.raises(ValueError, match="checkpoint"):
        Detoxify(checkpoint="model.ckpt")


# ---- Perspective


def request(text, **further):
    return {"comment": {"text": text}, "requestedAttributes": {"TOXICITY": {}}, **further}


def test_perspective_answers_like_the_service():
    client = perspective.build(
        "commentanalyzer",
        "v1alpha1",
        developerKey="none",
        discoveryServiceUrl="https://commentanalyzer.googleapis.com/$discovery/rest?version=v1alpha1",
        static_discovery=False,
    )
    answer = client.comments().analyze(body=request("You are a fool.", clientToken="7")).execute()
    toxicity = answer["attributeScores"]["TOXICITY"]
    expected = comity.score(["You are a fool."]).column("toxicity")[0].as_py()
    assert toxicity["summaryScore"] == {
        "value": pytest.approx(expected, abs=1e-6),
        "type": "PROBABILITY",
    }
    assert toxicity["spanScores"][0]["begin"] == 0 and toxicity["spanScores"][0]["end"] == 15
    assert answer["languages"] == ["en"] and answer["clientToken"] == "7"


def test_perspective_errors_have_the_shape_of_googles():
    client = perspective.client()
    with pytest.raises(perspective.HttpError) as caught:
        client.comments().analyze(body=request("")).execute()
    error = caught.value
    assert error.resp.status == error.status_code == 400
    assert json.loads(error.content)["error"]["code"] == 400
    assert error.reason == json.loads(error.content)["error"]["message"]
    assert "HttpError 400" in str(error) and error.reason in str(error)
    with pytest.raises(perspective.HttpError):
        client.comments().analyze(body={"comment": 1}).execute()
    with pytest.raises(perspective.HttpError):
        client.comments().analyze().execute()


def test_perspective_answers_batches_in_the_order_of_their_requests():
    client, heard = perspective.client(), []
    batch = client.new_batch_http_request(lambda *answer: heard.append(answer))
    texts = ["You are a fool.", "", "Good luck!", "It rains."]
    for text in texts[:3]:
        batch.add(client.comments().analyze(body=request(text)))
    own = []
    last = client.comments().analyze(body=request(texts[3]))
    batch.add(last, lambda *answer: own.append(answer), request_id="mine")
    with pytest.raises(KeyError, match="mine"):
        batch.add(last, request_id="mine")
    batch.execute()
    assert [request_id for request_id, _, _ in heard] == ["1", "2", "3", "mine"]
    assert own == heard[3:]
    for text, (_, answer, error) in zip(texts, heard):
        if text:
            assert answer == client.comments().analyze(body=request(text)).execute()
            assert error is None
        else:
            assert answer is None and error.status_code == 400
    full = client.new_batch_http_request()
    full.execute()
    for _ in range(1000):
        full.add(last)
    with pytest.raises(perspective.BatchError, match="1000"):
        full.add(last)


def test_perspective_suggestions():
    body = {"comment": {"text": "Thanks."}, "attributeScores": {}, "clientToken": "a"}
    body["attributeScores"]["TOXICITY"] = {"summaryScore": {"value": 0.1}}
    with perspective.client() as client:
        assert client.comments().suggestscore(body=body).execute()["clientToken"] == "a"


def test_perspective_knows_no_other_service():
    with pytest.raises(ValueError, match="commentanalyzer"):
        perspective.build("drive", "v3")


# ---- scikit-learn


def test_sklearn_transforms_texts_to_a_matrix():
    step = ComityTransformer()
    names = list(step.get_feature_names_out())
    matrix = step.fit_transform(["You are a fool.", None])
    assert matrix.shape == (2, len(names)) and matrix.dtype == np.float64
    table = comity.score(["You are a fool."])
    assert matrix[0].tolist() == [table.column(name)[0].as_py() for name in names]
    assert np.isnan(matrix[1]).all()
    assert set(ORIGINAL) <= set(names) and "sentiment" in names


def test_sklearn_conventions():
    step = ComityTransformer(labels=["toxicity", "insult"], threads=1)
    assert clone(step).get_params() == step.get_params()
    assert pickle.loads(pickle.dumps(step)).get_params() == step.get_params()
    frame = step.set_output(transform="pandas").fit_transform(pd.Series(["a", "b"], index=[3, 9]))
    assert list(frame.columns) == ["toxicity", "insult"] and list(frame.index) == [3, 9]
    with pytest.raises(ValueError, match="unknown label 'rude'"):
        ComityTransformer(labels=["rude"]).fit(["a"])
    with pytest.raises(ValueError, match="one column"):
        step.transform(np.array([["a", "b"]]))


def test_sklearn_in_a_pipeline():
    texts = ["You are a fool.", "Thank you very much."] * 20
    labels = [1, 0] * 20
    frame = pd.DataFrame({"text": texts})
    columns = ColumnTransformer([("comity", ComityTransformer(), "text")])
    model = make_pipeline(columns, HistGradientBoostingClassifier(max_iter=5, min_samples_leaf=2))
    assert (model.fit(frame, labels).predict(frame) == labels).all()


# ---- pandas and Polars


def test_pandas_accessor_keeps_the_index():
    frame = pd.DataFrame({"text": ["You are a fool.", None]}, index=["x", "y"])
    scores = frame["text"].comity.score(policy="default")
    assert list(scores.index) == ["x", "y"]
    assert scores.loc["x", "action"] == "reject" and scores.loc["y", "unscored"] == "null"
    assert frame.join(scores).shape == (2, 1 + scores.shape[1])
    expected = comity.score(frame["text"], policy="default").to_pandas()
    pd.testing.assert_frame_equal(scores.reset_index(drop=True), expected)


def test_pandas_accessor_takes_a_scorer(tiny):
    texts = pd.Series(["a", "b"])
    assert len(texts.comity.score(scorer=tiny)) == 2
    with pytest.raises(TypeError, match="int64"):
        pd.Series([1]).comity.score()


def test_polars_expression_is_lazy_and_eager(tiny):
    frame = pl.DataFrame({"text": ["one", None, "two"]})
    expected = pl.DataFrame(tiny.score(frame["text"]))
    score = pl.col("text").comity.score(scorer=tiny)
    assert frame.select(score.struct.unnest()).equals(expected)
    assert frame.lazy().select(score.struct.unnest()).collect().equals(expected)
    assert frame.lazy().select(score.struct.unnest()).collect(engine="streaming").equals(expected)
    assert frame.lazy().select(score).collect_schema()["text"] == pl.Struct(dict(expected.schema))
    assert frame["text"].comity.score(scorer=tiny).equals(expected)
    toxicity = frame.select(score.struct.field("toxicity"))
    assert toxicity["toxicity"].to_list() == expected["toxicity"].to_list()
    assert frame.clear().select(score.struct.unnest()).shape == (0, expected.width)


def test_importing_the_package_imports_none_of_them():
    code = "import sys, comity; print([m for m in sys.argv[1:] if m in sys.modules])"
    run = python(code, "pyarrow", "pandas", "polars", "sklearn", "numpy", "comity._native")
    assert run.stdout.strip() == "[]", run.stdout + run.stderr
