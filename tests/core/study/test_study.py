import sqlite3
from dataclasses import replace
from tempfile import TemporaryDirectory

import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import ConflictError, InputError, ReadOnlyStudyError, StudyError, StudyLockedError
from core.study import (
    EventTable,
    NewEvent,
    Search,
    Study,
    add_recording,
    combine,
    database,
    define_classes,
    edit_event,
    edit_recording,
    label_events,
    new_events,
    note_search,
    remove_events,
    schema,
)

RECORDING = {"path": "/data/a.wav", "sha256": "0" * 64, "format": "wav", "name": "a", "duration_s": 60.0}


def content(study):
    table = study.events()
    return [
        tuple(getattr(table, name)[i] for name in ("id", "start_s", "kind", "label", "label_source"))
        for i in range(len(table))
    ]


def test_events_come_back_as_they_were_put_in(study, ids):
    table = study.events()
    assert table.id.tolist() == ids
    assert table.start_s.tolist() == [float(t) for t in range(20)]
    assert table.attributes[3] == {"hbr_db": 6.0}
    assert table.row_of([ids[5], ids[0]]).tolist() == [5, 0]
    with pytest.raises(KeyError):
        table.row_of([10_000])


def test_a_table_without_events_has_the_rows_of_no_events():
    nothing = EventTable.from_rows([])
    assert nothing.row_of([]).tolist() == []
    assert len(nothing.updated(nothing, [])) == 0
    with pytest.raises(KeyError):
        nothing.row_of([1])


def test_what_was_committed_is_there_after_reopening(study, ids):
    study.apply(label_events(study, ids[:3], "solid"))
    folder = study.folder
    study.close()
    with Study.open(folder) as again:
        assert again.events().label[:4].tolist() == ["solid"] * 3 + [""]
        assert again.name == "Étude"
        assert again.recovery is None


def test_undo_restores_and_the_audit_keeps_both(study, ids):
    before = content(study)
    done = study.apply(label_events(study, ids, "gaseous"), reason="heard it")
    study.apply(done.inverse())
    assert content(study) == before
    newest, older = study.history()[:2]
    assert newest.undoes == older.id
    assert (older.reason, older.annotator, older.n_changes) == ("heard it", "Ana", 21)  # 20 labels and their new class
    assert newest.title == "undo: label 20 events as gaseous"


def test_removed_events_come_back_with_ids_and_labels(study, ids):
    study.apply(label_events(study, ids[:5], "solid", confidence=np.full(5, 0.5)))
    before = content(study)
    done = study.apply(remove_events(study, ids[2:8]))
    assert len(study.events()) == 14
    study.apply(done.inverse())
    assert content(study) == before


def test_ids_are_never_given_twice(study, ids):
    study.apply(remove_events(study, ids))
    fresh = study.apply(new_events(study, [NewEvent(1, "I", 0.0, 0.1, "hits", "test")])).event_ids
    assert fresh[0] > max(ids)


def test_a_stale_change_is_refused_and_nothing_written(study, ids):
    stale = edit_event(study, ids[0], start_s=30.0)
    study.apply(edit_event(study, ids[0], start_s=40.0))
    n = len(study.history())
    with pytest.raises(ConflictError, match="Nothing was changed"):
        study.apply(combine("both", label_events(study, ids[1:2], "solid"), stale))
    assert study.events().start_s[0] == 40.0
    assert study.events().label[1] == ""
    assert len(study.history()) == n


def test_labels_of_two_annotators_stand_side_by_side(study, ids):
    study.apply(label_events(study, ids[:1], "solid"))
    study.apply(label_events(study, ids[:2], "gaseous", annotator="Ben"))
    assert study.events().label[:2].tolist() == ["solid", "gaseous"]  # hers first, else the newest
    assert len(study.label_rows(ids[:2])) == 3


def test_what_somebody_gave_is_shown_before_what_was_propagated(study, ids):
    given, own, both, spread = ids[:4]
    study.apply(label_events(study, [given, own, both, spread], "gaseous", source="propagated", origins=[ids[9]] * 4))
    study.apply(label_events(study, [given, both], "solid", annotator="Ben"))
    study.apply(label_events(study, [own], "solid", source="propagated", annotator="Ben"))
    study.apply(label_events(study, [both], "artefact", source="imported", annotator="Cleo"))
    events = study.events(ids=ids[:4])
    assert events.label.tolist() == ["solid", "gaseous", "artefact", "gaseous"]
    assert events.label_source.tolist() == ["human", "propagated", "imported", "propagated"]
    assert events.label_origin.tolist() == [-1, ids[9], -1, ids[9]]
    with Study.open(study.folder, readonly=True, annotator="Ben") as bens:
        assert bens.events(ids=ids[:4]).label.tolist() == ["solid", "solid", "solid", "gaseous"]
    # Taken back, the own propagated one is seen again.
    study.apply(label_events(study, [given], "", annotator="Ben"))
    assert study.events(ids=[given]).label_source.tolist() == ["propagated"]


def shown_to_others(study, event):
    with Study.open(study.folder, readonly=True, annotator="Cleo") as reader:
        return reader.events(ids=[event]).label.tolist()


def test_undo_restores_whose_label_is_shown(study, ids):
    event = ids[0]
    study.apply(label_events(study, [event], "solid"))
    study.apply(label_events(study, [event], "gaseous", annotator="Ben"))
    for edit in (
        lambda: label_events(study, [event], "artefact"),
        lambda: label_events(study, [event], ""),
        lambda: remove_events(study, [event]),
    ):
        assert shown_to_others(study, event) == ["gaseous"]
        done = study.apply(edit())
        changed = shown_to_others(study, event)
        undone = study.apply(done.inverse())
        assert shown_to_others(study, event) == ["gaseous"]
        redone = study.apply(undone.inverse())
        assert shown_to_others(study, event) == changed
        study.apply(study.changeset(redone.id).inverse())  # as the audit has it


def test_an_undo_conflicts_with_what_was_done_since(study, ids):
    study.apply(label_events(study, ids[:2], "solid"))
    done = study.apply(label_events(study, ids[:2], "gaseous"))
    study.apply(label_events(study, ids[1:2], "artefact"))
    with pytest.raises(ConflictError, match="Nothing was changed"):
        study.apply(done.inverse())
    assert study.events(ids=ids[:2]).label.tolist() == ["gaseous", "artefact"]


def test_combined_parts_get_distinct_class_positions(study, ids):
    study.apply(combine("two", label_events(study, ids[:1], "a"), label_events(study, ids[1:2], "b")))
    assert [c.position for c in study.classes()] == [1, 2]
    study.apply(define_classes(study, [("a", "A"), ("c", "C")]))
    assert [c.key for c in study.classes()] == ["a", "b", "c"]


def test_an_event_that_somebody_labelled_meanwhile_is_not_torn_away(study, ids):
    stale = remove_events(study, ids[:1])
    study.apply(label_events(study, ids[:1], "solid", annotator="Ben"))
    with pytest.raises(ConflictError, match="Nothing was changed"):
        study.apply(stale)
    assert study.events().label[0] == "solid"


def test_history_of_one_event(study, ids):
    study.apply(label_events(study, ids[:1], "solid"))
    study.apply(label_events(study, ids[1:2], "gaseous"))
    titles = [entry.title for entry in study.history(event_id=ids[0])]
    assert titles == ["label 1 event as solid", "add 20 events (hits)"]


def test_the_audit_refuses_to_be_rewritten(study, ids):
    with sqlite3.connect(study.folder / "study.sqlite") as raw:
        for statement in ("UPDATE changesets SET title = 'x'", "DELETE FROM changes", "DELETE FROM changesets"):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                raw.execute(statement)
    raw.close()


@pytest.mark.parametrize(("start", "duration"), [(float("nan"), 0.1), (0.0, -1.0), (0.0, float("inf"))])
def test_impossible_events_are_refused(study, start, duration):
    with pytest.raises(InputError, match="recording 1"):
        new_events(study, [NewEvent(1, "I", start, duration, "hits", "test")])


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"duration_s": -5}, r"event 1: duration_s must be a number of at least 0, not -5"),
        ({"start_s": float("nan")}, "start_s must be a finite number, not nan"),
        ({"start_s": "x"}, "start_s must be"),
        ({"colour": "red"}, "an event has no colour. It knows recording, channel, start_s"),
    ],
)
def test_impossible_edits_are_refused(study, ids, fields, message):
    with pytest.raises(InputError, match=message):
        edit_event(study, ids[0], **fields)


def test_an_edit_takes_numpy_and_names_an_event_that_is_not_there(study, ids):
    study.apply(edit_event(study, ids[0], start_s=np.float32(2.5)))
    assert study.events().start_s[0] == 2.5
    with pytest.raises(InputError, match="there is no event 999"):
        edit_event(study, 999, start_s=0.0)


def test_wrong_number_of_labels_is_refused(study, ids):
    with pytest.raises(InputError, match="one label per event"):
        label_events(study, ids[:3], ["a", "b"])


def test_second_writer_learns_who_has_it_and_may_read(study, ids):
    with pytest.raises(StudyLockedError, match="Ana"):
        Study.open(study.folder)
    with Study.open(study.folder, readonly=True) as reader:
        study.apply(label_events(study, ids[:1], "solid"))
        assert reader.events().label[0] == "solid"
        with pytest.raises(ReadOnlyStudyError, match="Nothing was changed"):
            reader.apply(label_events(reader, ids[:1], "gaseous"))


def test_a_full_disk_loses_nothing_and_says_so(study, ids):
    with study._engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()

    # Every connection of the pool gets the limit: SQLite then meets the same error as on a full disk.
    def limit(connection, record, proxy):
        connection.execute(f"PRAGMA max_page_count={pages}")

    sa.event.listen(study._engine, "checkout", limit)
    before = content(study)
    many = [NewEvent(1, "I", 1.0, 0.1, "hits", "x" * 500) for _ in range(2000)]
    with pytest.raises(StudyError, match="Everything saved before is kept"):
        study.apply(new_events(study, many))
    assert content(study) == before


def test_damaged_and_newer_studies_are_named(tmp_path):
    Study.create(tmp_path / "s").close()
    with sqlite3.connect(tmp_path / "s" / "study.sqlite") as raw:
        raw.execute("UPDATE meta SET value = '999' WHERE key = 'schema_version'")
    raw.close()
    with pytest.raises(StudyError, match="newer Hitscope"):
        Study.open(tmp_path / "s")
    (tmp_path / "t").mkdir()
    (tmp_path / "t" / "study.sqlite").write_bytes(b"not a database at all" * 100)
    with pytest.raises(StudyError, match="is damaged or is no study"):
        Study.open(tmp_path / "t")
    with pytest.raises(StudyError, match="is damaged or is no study"):
        Study.open(tmp_path / "t", readonly=True)
    with pytest.raises(StudyError, match="no study in this folder"):
        Study.open(tmp_path)
    with pytest.raises(StudyError, match="a study in this folder already"):
        Study.create(tmp_path / "s")


def test_migration_keeps_a_backup_and_a_failed_one_changes_nothing(tmp_path, monkeypatch):
    Study.create(tmp_path / "s").close()

    def add_column(connection):
        connection.exec_driver_sql("ALTER TABLE recordings ADD COLUMN extra TEXT")

    def fail(connection):
        add_column(connection)
        raise RuntimeError("no")

    monkeypatch.setattr(schema, "VERSION", schema.VERSION + 1)
    monkeypatch.setitem(database.MIGRATIONS, schema.VERSION - 1, fail)
    with pytest.raises(RuntimeError):
        Study.open(tmp_path / "s")
    monkeypatch.setitem(database.MIGRATIONS, schema.VERSION - 1, add_column)
    with Study.open(tmp_path / "s") as study:
        assert study.migrated_from.exists()
        assert database.check(study._engine, study.folder) == schema.VERSION
    with sqlite3.connect(study.migrated_from) as raw:
        assert raw.execute("SELECT value FROM meta WHERE key = 'schema_version'").fetchone() == (
            str(schema.VERSION - 1),
        )
    raw.close()


def test_saved_is_when_something_was_saved(study, ids):
    saved = study.last_saved
    run = study.new_run("training", "one", {})
    assert study.last_saved > saved
    saved = study.last_saved
    assert study.sync_runs() == []
    assert study.last_saved == saved
    assert study.sync_runs(ended=[run.id]) == [run.id]
    assert study.last_saved > saved


def test_a_run_that_is_not_there(study):
    with pytest.raises(InputError, match=r"no run training-1.*hitscope study show STUDY"):
        study.run("training-1")


def test_moved_recording_can_be_edited(study):
    study.apply(edit_recording(study, 1, path="/elsewhere/a.wav", subject="P01"))
    entry = study.recording(1)
    assert (entry.path, entry.subject, entry.missing) == ("/elsewhere/a.wav", "P01", True)


EDIT = st.tuples(st.sampled_from(["solid", "gaseous", "", "remove", "add"]), st.sets(st.integers(0, 9), max_size=4))


@settings(max_examples=20, deadline=None)
@given(edits=st.lists(EDIT, min_size=1, max_size=6))
def test_any_edits_undone_in_reverse_leave_what_was(edits):
    with TemporaryDirectory() as folder, Study.create(folder) as study:
        study.apply(add_recording(study, **RECORDING))
        study.apply(new_events(study, [NewEvent(1, "I", float(t), 0.1, "hits", "t") for t in range(6)]))
        start, done = content(study), []
        for what, picks in edits:
            ids = [i for i in study.events().id.tolist() if i % 10 in picks]
            if what == "remove":
                changeset = remove_events(study, ids)
            elif what == "add":
                changeset = new_events(study, [NewEvent(1, "Q", float(n), 0.2, "beat", "t") for n in picks])
            else:
                changeset = label_events(study, ids, what)
            done.append(study.apply(changeset))
        for changeset in reversed(done):
            study.apply(changeset.inverse())
        assert content(study) == start


def test_channels_marked_bad_are_an_edit_like_others(study):
    marked = study.apply(edit_recording(study, 1, bad_channels=["T3"]))
    assert study.recording(1).bad_channels == ["T3"]
    study.apply(marked.inverse())
    assert study.recording(1).bad_channels == []


def test_studies_made_before_bad_channels_were_known_open_with_none(study, make_older):
    study.close()
    make_older(study.folder, 2)
    for readonly in (True, False):
        with Study.open(study.folder, readonly=readonly) as opened:
            assert opened.recording(1).bad_channels == []


def test_what_a_maker_said_of_a_channel_is_kept_replaced_and_undone(study):
    first = Search(1, "hits", "I", {"gate": 0, "a": 1.5}, {"whole_s": 60.0, "missing_s": 1.5}, ["2.5 % is missing"])
    done = study.apply(note_search(study, first))
    assert study.searches() == study.searches(1) == [first]
    assert note_search(study, first).changes == ()
    second = replace(first, seconds={"whole_s": 60.0}, notes=[])
    again = study.apply(note_search(study, second))
    assert study.searches() == [second]
    # As an edit that is read back from the audit, in its order of names.
    study.apply(study.changeset(again.id).inverse())
    study.apply(study.changeset(done.id).inverse())
    assert study.searches() == study.searches(7) == []


def test_studies_made_before_searches_were_noted_open_with_none(study, make_older):
    study.close()
    make_older(study.folder, 3)
    for readonly in (True, False):
        with Study.open(study.folder, readonly=readonly) as opened:
            assert opened.searches() == []
            if not readonly:
                opened.apply(note_search(opened, Search(1, "hits", "I", {}, {}, [])))
                assert len(opened.searches(1)) == 1
