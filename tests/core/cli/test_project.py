"""`hitscope project` on a small feature space."""

import json

import numpy as np

from core.cli import main
from core.features import FeatureSpace
from core.study import NewEvent, Study, add_recording, new_events


def test_project_prints_every_map_with_its_scores(tmp_path, capsys):
    x = np.random.default_rng(0).standard_normal((40, 5)).astype(np.float32)
    with Study.create(tmp_path / "s") as study:
        study.apply(add_recording(study, path="a", sha256="0", format="wav", name="a", duration_s=100.0))
        ids = study.apply(
            new_events(study, [NewEvent(1, "I", float(t), 0.1, "hits", "t") for t in range(40)])
        ).event_ids
        features = study.new_run("features", "f", {})
        FeatureSpace(np.array(ids), x, {}).save(features.folder)
        (features.folder / "result.json").write_text("{}")
    asked = ["--perplexity", "5", "--exaggeration", "12", "--iterations", "30"]
    assert main(["project", str(features.folder), *asked, "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert [m["params"]["method"] for m in made["maps"]] == ["PCA", "t-SNE"]
    assert made["maps"][1]["params"]["iterations"] == 30
    assert made["chosen_by"] == "mean_quality"
    assert main(["project", str(features.folder), "--method", "pca"]) == 0
    printed = capsys.readouterr().out
    assert "trustworthiness" in printed
    assert "no labels" in printed
    assert "t-SNE" not in printed
