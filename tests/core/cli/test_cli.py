"""The command line: every command's help, and bad input that names the file and the remedy."""

import json
import re
import subprocess
import sys
from pathlib import Path

import edfio
import numpy as np
import pytest
import soundfile

import resources
from core.cli import main
from core.cli.main import COMMANDS
from core.jobs import write_json
from core.signals import add_to_study, open_recording
from core.study import NewEvent, Study, add_recording, label_events, new_events

RECORDINGS = Path(__file__).parents[2] / "data" / "recordings"


def run(capsys, *arguments):
    status = main([str(a) for a in arguments])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_explains_itself_with_an_example(command, capsys):
    with pytest.raises(SystemExit) as stop:
        main([command, "--help"])
    assert stop.value.code == 0
    text = capsys.readouterr().out
    assert f"hitscope {command}" in text
    assert "Example:" in text


def test_help_does_not_wait_for_torch():
    code = "import sys; from core.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass\nprint('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith("False")


def test_info_and_detect_as_json(capsys):
    status, out, _ = run(capsys, "info", resources.path("demo/tcd_simulated.wav"), "--json")
    info = json.loads(out)
    assert (status, info["simulated"], [c["kind"] for c in info["channels"]]) == (0, True, ["doppler_i", "doppler_q"])
    status, out, _ = run(capsys, "detect", resources.path("demo/tcd_device_event_05.wav"), "--json")
    found = json.loads(out)
    assert status == 0
    assert {event["suggestion"] for event in found["events"]} == {"artefact"}


def test_info_names_identifying_fields_and_shows_them_only_when_asked(tmp_path, capsys):
    data = resources.path("demo/S001R04.edf").read_bytes()
    (tmp_path / "a.edf").write_bytes(data[:8] + b"K17 F 02-MAY-1951 Anna_Muster".ljust(80) + data[88:])
    status, out, _ = run(capsys, "info", tmp_path / "a.edf", "--json")
    info = json.loads(out)
    assert (status, info["gaps_s"], info["subject"]) == (0, [], None)
    assert info["identifying"] == ["patient code", "sex", "date of birth", "patient name"]
    assert info["annotations"]["T0"] == 15
    assert {(c["fs_hz"], c["unit"], c["n_samples"]) for c in info["channels"]} == {(160.0, "µV", 20_000)}
    assert "Muster" not in out + run(capsys, "info", tmp_path / "a.edf")[1]
    shown = json.loads(run(capsys, "info", tmp_path / "a.edf", "--json", "--identifying")[1])
    assert (shown["identifying"]["patient name"], shown["subject"]) == ("Anna Muster", "K17")
    assert "patient name: Anna Muster" in run(capsys, "info", tmp_path / "a.edf", "--identifying")[1]


def test_info_tells_of_gaps(tmp_path, capsys):
    soundless = ["m/3 1 100 300", "~ 100", "s 100", "~ 100"]
    (tmp_path / "m.hea").write_text("\n".join(soundless) + "\n")
    (tmp_path / "s.hea").write_text("s 1 100 100\ns.dat 16 1/mV 16 0 0 0 0 x\n")
    (tmp_path / "s.dat").write_bytes(bytes(200))
    assert json.loads(run(capsys, "info", tmp_path / "m", "--json")[1])["gaps_s"] == [[0.0, 1.0], [2.0, 3.0]]
    assert "2 gaps of all channels, 2.0 s in all" in run(capsys, "info", tmp_path / "m")[1]


def test_info_tells_of_gaps_of_single_channels(capsys):
    path = RECORDINGS / "NLA168.TX4"
    said = {c["name"]: c for c in json.loads(run(capsys, "info", path, "--json")[1])["channels"]}
    assert (said["I1"]["n_samples"], said["I1"]["n_present"], said["velocity 1"]["n_present"]) == (
        229_550,
        83_200,
        9920,
    )
    out = run(capsys, "info", path)[1]
    assert "83200 of them present, 4 gaps of its own, 29.3 s in all, the first at 0.0 s" in out
    assert "no gaps that all channels share" in out


def test_deidentify_writes_a_copy_and_replaces_none(tmp_path, capsys):
    data = resources.path("demo/S001R04.edf").read_bytes()
    (tmp_path / "a.edf").write_bytes(data[:8] + b"K17 F 02-MAY-1951 Anna_Muster".ljust(80) + data[88:])
    status, out, _ = run(capsys, "deidentify", tmp_path / "a.edf", tmp_path / "p01", "--json")
    assert (status, json.loads(out)["files"]) == (0, [str(tmp_path / "p01.edf")])
    assert "start date (now 01.01.85)" in json.loads(out)["removed"]
    assert "time of day of the start" in json.loads(out)["kept"]
    assert (tmp_path / "p01.edf").read_bytes()[184:] == data[184:]
    assert open_recording(tmp_path / "p01.edf").identifying == {}
    status, _, err = run(capsys, "deidentify", tmp_path / "a.edf", tmp_path / "p01.edf")
    assert status == 1
    assert "already" in err
    assert run(capsys, "deidentify", tmp_path / "a.edf", tmp_path / "p02.edf", "--drop-time")[0] == 0
    assert (tmp_path / "p02.edf").read_bytes()[168:184] == b"01.01.8500.00.00"
    assert data[168:184] != b"01.01.8500.00.00"


def bad_files(folder):
    edf = resources.path("demo/S001R04.edf").read_bytes()
    (folder / "coupé à moitié.edf").write_bytes(edf[: len(edf) // 2])
    soundfile.write(folder / "no data.wav", np.zeros(0), 8000)
    (folder / "208.hea").write_bytes(resources.path("demo/208.hea").read_bytes())
    (folder / "vide.edf").write_bytes(b"")
    return ["coupé à moitié.edf", "no data.wav", "208.hea", "vide.edf", "nowhere.wav"]


def test_bad_recordings_are_named_with_a_remedy_and_leave_the_study_intact(tmp_path, capsys):
    folder = tmp_path / "mes données"
    folder.mkdir()
    study = tmp_path / "étude 1"
    assert run(capsys, "study", "create", study)[0] == 0
    for name in bad_files(folder):
        for command in (["info", folder / name], ["study", "add", study, folder / name]):
            status, out, err = run(capsys, *command)
            assert status == 1, (name, command)
            assert name.rsplit(".", 1)[0] in err
            assert "Traceback" not in out + err
            assert len(err.strip().split(". ")) >= 2, err  # what happened, and what to do
    with Study.open(study) as again:
        assert again.recordings() == []
        assert again.recovery is None


def test_nan_and_one_sample_are_said_not_thrown(tmp_path, capsys):
    iq = np.random.default_rng(0).standard_normal((5000, 2)) * 0.1
    iq[2000:2500] = np.nan
    soundfile.write(tmp_path / "nan.wav", iq, 5000, "FLOAT")
    soundfile.write(tmp_path / "one.wav", np.full((1, 2), 0.5), 5000, "FLOAT")
    study = tmp_path / "s"
    run(capsys, "study", "create", study)
    assert run(capsys, "study", "add", study, tmp_path / "nan.wav", "--reader", "layout=iq")[0] == 0
    assert run(capsys, "study", "find", study, "--maker", "hits")[0] == 0
    status, _, err = run(capsys, "study", "add", study, tmp_path / "one.wav", "--reader", "layout=iq")
    assert status == 1
    assert "one.wav: it holds no signal" in err
    status, _, err = run(capsys, "features", study, "--kind", "window")
    assert status == 1
    assert "no such event" in err


def test_a_recording_of_missing_samples_is_named_wherever_it_is_read(tmp_path, capsys):
    path, study = tmp_path / "manqué.wav", tmp_path / "s"
    soundfile.write(path, np.full((20_000, 2), np.nan), 5000, "FLOAT")
    status, _, err = run(capsys, "detect", path, "--reader", "layout=iq")
    assert (status, "manqué.wav: all samples of I are missing (NaN)" in err) == (1, True)
    status, _, err = run(capsys, "detect", path, "--maker", "beats", "--option", "channel=0")
    assert (status, "are missing (NaN)" in err) == (1, True)
    run(capsys, "study", "create", study)
    run(capsys, "study", "add", study, path, "--reader", "layout=iq")
    run(capsys, "study", "find", study, "--maker", "windows", "--option", "length_s=0.2")
    status, out, err = run(capsys, "features", study, "--kind", "window")
    assert status == 1
    assert "manqué.wav: all 20 events are left out: their windows touch missing samples (NaN)" in err
    assert "Traceback" not in out + err


def test_finding_twice_says_what_was_there(tmp_path, capsys):
    study = tmp_path / "s"
    run(capsys, "study", "create", study)
    run(capsys, "study", "add", study, resources.path("demo/tcd_device_event_05.wav"))
    find = ["study", "find", study, "--maker", "windows", "--option", "length_s=1", "--json"]
    status, out, err = run(capsys, *find)
    assert (status, json.loads(out)["events"]) == (0, {"window": 2})
    assert "windows in tcd_device_event_05: 2 found\n" in err
    status, out, err = run(capsys, *find)
    assert (status, json.loads(out)["events"]) == (0, {"window": 2})
    assert "2 found, 2 were there already" in err
    with Study.open(study) as held:
        assert len(held.history()) == 2
    status, _, err = run(capsys, *find, "--recording", 7)
    assert (status, "no recording 7" in err) == (1, True)


def test_one_bad_file_keeps_none_of_the_others_out(tmp_path, capsys):
    study, cut = tmp_path / "s", tmp_path / "cut.edf"
    cut.write_bytes(EEG.read_bytes()[:100_000])
    run(capsys, "study", "create", study)
    status, out, err = run(capsys, "study", "add", study, cut, tmp_path / "none.wav", TCD, "--json")
    assert status == 1
    assert "cut.edf: the file ends after" in err
    assert "--reader allow_truncated=true" in err
    assert "2 of 3 were refused" in err
    assert json.loads(out)["what"].startswith("2 of 3")
    with Study.open(study) as opened:
        assert [r.name for r in opened.recordings()] == ["tcd_device_event_05"]
    assert run(capsys, "study", "add", study, cut, "--reader", "allow_truncated=true")[0] == 0
    assert run(capsys, "study", "find", study)[0] == 1  # HITS, of which an EEG has none
    with Study.open(study) as opened:
        assert set(opened.events().kind) == {"hits"}


def test_a_recording_of_annotations_alone_is_refused_by_name(tmp_path, capsys):
    run(capsys, "study", "create", tmp_path / "s")
    path = SMALL / "SC4001EC-Hypnogram.edf"
    for command in (["study", "add", tmp_path / "s", path], ["detect", path, "--maker", "windows"]):
        status, out, err = run(capsys, *command)
        assert status == 1
        assert "SC4001EC-Hypnogram.edf: it holds no signal" in err
        assert "Traceback" not in out + err


def test_events_are_removed_by_maker_and_the_same_found_otherwise_is_said(tmp_path, capsys):
    study = tmp_path / "s"
    run(capsys, "study", "create", study)
    run(capsys, "study", "add", study, ECG)
    run(capsys, "study", "find", study, "--maker", "annotations")
    _, _, err = run(capsys, "study", "find", study, "--maker", "beats")
    found, over = re.search(
        r"beats in 208: ([\d,]+) found, ([\d,]+) lie over events that were found otherwise", err
    ).groups()
    assert int(over.replace(",", "")) > 0.98 * int(found.replace(",", ""))
    status, out, _ = run(capsys, "study", "remove", study, "--maker", "beats", "--json")
    assert (status, json.loads(out)["events"]) == (0, {"beat": 2955})
    assert run(capsys, "study", "remove", study, "--maker", "beats")[0] == 1


def test_the_annotator_is_chosen(tmp_path, capsys):
    study = tmp_path / "s"
    run(capsys, "study", "create", study, "--annotator", "Ana")
    run(capsys, "study", "add", study, TCD, "--annotator", "Ben")
    with Study.open(study) as opened:
        assert [edit.annotator for edit in opened.history()] == ["Ben"]


def test_what_is_there_is_not_replaced_unasked(tmp_path, capsys):
    with Study.create(tmp_path / "s") as study:
        entry = study.new_run("training", "t", {})
        features = study.new_run("features", "f", {})
        done = study.new_run("training", "done", {})
        study.set_run_status(done.id, "done")
    status, _, err = run(capsys, "resume", done.folder)
    assert (status, "this run is done" in err) == (1, True)
    assert run(capsys, "export", entry.folder, "--out", tmp_path / "b.zp")[0] == 1
    (tmp_path / "b.zip").write_bytes(b"precious")
    status, _, err = run(capsys, "export", entry.folder, "--out", tmp_path / "b.zip")
    assert (status, (tmp_path / "b.zip").read_bytes()) == (1, b"precious")
    assert "--replace" in err
    for command in (["export", features.folder, "--out", tmp_path / "c.zip"], ["compress", features.folder]):
        status, _, err = run(capsys, *command)
        assert status == 1
        assert "this is no training" in err


EEG, SMALL = resources.path("demo/S001R04.edf"), Path(__file__).parents[2] / "data" / "recordings"
TCD, ECG = resources.path("demo/tcd_device_event_05.wav"), resources.path("demo/208.hea")


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["detect", TCD, "--option", "gate=5"], "gate=5: it has 2 Doppler I/Q gates. Give gate=0 to gate=1"),
        (["detect", TCD, "--option", "gate=-1"], "gate=-1"),
        (["detect", TCD, "--option", "gate=0.5"], "gate of hits is a whole number, not 0.5"),
        (["detect", TCD, "--option", "min_hbr_db=abc"], "min_hbr_db of hits is a number, not 'abc'"),
        (["detect", TCD, "--option", "min_hbr_db=nan"], "min_hbr_db"),
        (["detect", TCD, "--option", "min_hbr_db=-3"], "min_hbr_db must be a number of at least 0, not -3"),
        (["detect", TCD, "--option", "min_direction=2"], "min_direction"),
        (["detect", TCD, "--option", "smoothing_s=1e9"], "smoothing_s"),
        (["detect", TCD, "--option", "recording=1"], "recording"),
        (["detect", TCD, "--option", "gate"], "'gate' is not NAME=VALUE"),
        (
            ["detect", ECG, "--maker", "windows", "--option", "foo=1"],
            "no option foo. Options of windows: length_s (a num",
        ),
        (["detect", ECG, "--maker", "windows", "--option", "length_s=1e-9"], "length_s=1e-09"),
        (["detect", ECG, "--maker", "windows", "--option", "min_overlap=true"], "min_overlap"),
        (["detect", ECG, "--maker", "annotations", "--option", "mapping=5"], "mapping"),
        (["detect", ECG, "--maker", "annotations", "--option", "duration_s=-1"], "duration_s"),
        (["detect", ECG, "--maker", "annotations", "--option", "beats_only=perhaps"], "beats_only"),
        (["detect", ECG, "--maker", "beats", "--option", "channel=V9"], "channel 'V9'"),
        (["detect", ECG, "--maker", "beats", "--option", "channel=7"], "channel 7"),
        (["study", "find", "STUDY", "--maker", "hits", "--option", "maker=1"], "no option maker"),
        (["study", "find", "STUDY", "--maker", "hits", "--option", "gate=9"], "gate=9"),
        (["study", "add", "STUDY", TCD, "--reader", "subject=1"], "'subject'"),
        (["study", "add", "STUDY", TCD, "--reader", "colour=1"], "colour"),
        (["study", "add", "STUDY", EEG, "--reader", "allow_truncated=no"], "allow_truncated must be true or false"),
        (["study", "remove", "STUDY", "--maker", "hits", "--recording", "9"], "no recording 9"),
        (["features", "STUDY", "--kind", "hits", "--window", "{bad"], "--window"),
        (["features", "STUDY", "--kind", "hits", "--window", "[1, 2]"], "--window was given is no JSON object"),
        (["features", "STUDY", "--kind", "hits", "--window", '{"n_times": "abc"}'], "n_times = 'abc'"),
        (["features", "STUDY", "--kind", "hits", "--window", '{"n_times": 9, "channels": 5}'], "channels = 5"),
        (["features", "STUDY", "--kind", "hits", "--representation", "{'name': 1}"], "--representation"),
        (["compress", "STUDY/runs/x", "--scheme-params", "{bad"], "--scheme-params"),
        (["compress", "STUDY/runs/x", "--scheme-params", "0.05"], "--scheme-params"),
        (["compress", "STUDY/runs/x", "--scheme-params", '{"t_max": "x"}'], "t_max must be a number"),
        (["compress", "STUDY/runs/x", "--lr", "nan"], "lr must be a number above 0, not nan"),
        (["compress", "STUDY/runs/x", "--seed", "-1"], "seed must be a whole number of at least 0"),
    ],
)
def test_wrong_options_are_named_and_leave_no_run_behind(tmp_path, capsys, arguments, named):
    with Study.create(tmp_path / "s") as study:
        add_to_study(study, TCD)
    status, out, err = run(capsys, *(str(a).replace("STUDY", str(tmp_path / "s")) for a in arguments))
    assert status == 1
    assert named in err
    assert "Traceback" not in out + err
    assert "program" not in err
    with Study.open(tmp_path / "s") as study:
        assert study.runs() == []
        assert len(study.events()) == 0


def test_true_and_false_are_no_texts(capsys):
    counts = []
    for value in ("true", "false"):
        _, out, _ = run(capsys, "detect", ECG, "--maker", "annotations", "--option", f"beats_only={value}", "--json")
        counts.append(len(json.loads(out)["events"]))
    assert counts[0] == 2955 < counts[1]


@pytest.mark.parametrize(("option", "channel"), [("1", "1"), ("2", "2"), ("0", "1"), ("-1", "2")])
def test_a_channel_is_named_first_and_numbered_then(tmp_path, capsys, option, channel):
    beats = open_recording(ECG).read(0, 0, 3600)
    edfio.Edf([edfio.EdfSignal(beats, 360, label=name) for name in "12"]).write(tmp_path / "x.edf")
    chosen = ["--maker", "beats", "--option", f"channel={option}"]
    status, out, err = run(capsys, "detect", tmp_path / "x.edf", *chosen, "--json")
    assert status == 0, err
    assert {event["channel"] for event in json.loads(out)["events"]} == {channel}


def test_errors_as_json_are_json(tmp_path, capsys):
    status, out, err = run(capsys, "verify", tmp_path / "nothing.zip", "--json")
    assert status == 1
    assert json.loads(out)["what"] == "there is no such bundle"
    assert "Check the path" in err


def test_read_only_place_is_named(capsys):
    status, _, err = run(capsys, "study", "create", "/proc/study")
    assert status == 1
    assert "/proc/study" in err
    assert err.endswith("choose a folder you may write to, then create it again.\n")


def test_propagate_from_arrays(tmp_path, capsys):
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 60)
    arrays = {
        "P": y[:, None] * 8 + rng.standard_normal((60, 2)),
        "L": np.where(np.arange(60) < 8, y, -1),
        "Q": np.ones(60),
    }
    for name, array in arrays.items():
        np.save(tmp_path / f"{name}.npy", array)
    paths = [
        a for n, o in (("P", "points"), ("L", "labels"), ("Q", "quality")) for a in (f"--{o}", tmp_path / f"{n}.npy")
    ]
    status, out, _ = run(capsys, "propagate", *paths, "--k", 5, "--tau", 0.1, "--out", tmp_path / "out.npy", "--json")
    assert status == 0
    assert json.loads(out)["labelled_after"] > 50
    labels = np.load(tmp_path / "out.npy")
    assert (labels[labels >= 0] == y[labels >= 0]).mean() > 0.95
    (tmp_path / "L.npy").write_bytes(b"not numpy")
    assert run(capsys, "propagate", *paths, "--out", tmp_path / "o.npy")[0] == 1


def test_propagate_in_a_study_whatever_the_order_of_the_map(tmp_path, capsys):
    y = np.arange(60) % 2
    points = y[:, None] * 8 + np.random.default_rng(0).standard_normal((60, 2))
    with Study.create(tmp_path / "s") as study:
        study.apply(add_recording(study, path="a", sha256="0", format="wav", name="a", duration_s=100.0))
        made = [NewEvent(1, "I", float(t), 0.1, "hits", "t") for t in range(60)]
        ids = np.array(study.apply(new_events(study, made)).event_ids)
        study.apply(label_events(study, ids[:8], [f"class {c}" for c in y[:8]]))
        study.apply(label_events(study, ids[8:12], "class 1", source="propagated"))
        made_run = study.new_run("projection", "p", {})
        order = np.random.default_rng(1).permutation(60)
        np.save(made_run.folder / "ids.npy", ids[order])
        np.savez(made_run.folder / "map_00.npz", points=points[order], quality=np.ones(60))
        maps = [{"params": {}, "silhouette": None, "mean_quality": 1.0}]
        write_json(made_run.folder / "result.json", {"maps": maps, "best": 0, "middle": 0, "worst": 0})
    status, out, _ = run(capsys, "propagate", "--projection", made_run.folder, "--k", 5, "--accept", "--json")
    assert status == 0
    assert json.loads(out)["labelled_before"] == 8
    with Study.open(tmp_path / "s", readonly=True) as study:
        labels = study.events(ids=ids).label
    assert (labels == [f"class {c}" for c in y]).mean() > 0.9


def test_train_from_toml_refuses_what_it_does_not_know(tmp_path, capsys):
    (tmp_path / "bad.toml").write_text("study = 'x'\nmodel = [")
    assert "cannot be read" in run(capsys, "train", tmp_path / "bad.toml")[2]
    (tmp_path / "no.toml").write_text("seed = 1")
    assert "names no study" in run(capsys, "train", tmp_path / "no.toml")[2]
    run(capsys, "study", "create", tmp_path / "s")
    (tmp_path / "odd.toml").write_text(f"study = '{tmp_path / 's'}'\nflavour = 'mint'")
    status, _, err = run(capsys, "train", tmp_path / "odd.toml")
    assert status == 1
    assert "flavour" in err
    (tmp_path / "seed.toml").write_text(f"study = '{tmp_path / 's'}'\nseed = 'x'")
    assert "seed must be a whole number of at least 0, not 'x'" in run(capsys, "train", tmp_path / "seed.toml")[2]
    (tmp_path / "lr.toml").write_text(f"study = '{tmp_path / 's'}'\nlr = '0.1'")
    assert "lr must be a number above 0, not '0.1'" in run(capsys, "train", tmp_path / "lr.toml")[2]
    with Study.open(tmp_path / "s", readonly=True) as study:
        assert study.runs() == []
