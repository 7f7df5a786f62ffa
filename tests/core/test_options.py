"""Options: what a text says, and what is said of a value that cannot be."""

import pytest

from core.options import TYPES, choice, number, run_of, some_of, whole_number, yes_or_no

WHOLE, SHARE = whole_number("Epochs", 1, 15), number("Share", 0.1, least=0, below=1)
ANSWER, KIND = yes_or_no("Bounded", False), choice("Weights", {"usual": "usual", "xavier": "Xavier"}, "usual")
NAMES, RUN = some_of("Channels", "names"), run_of("Run", {"features": "features", "training": "training"})


@pytest.mark.parametrize(
    ("option", "text", "value"),
    [
        (WHOLE, "3", 3),
        (SHARE, "2e-3", 0.002),
        (ANSWER, "Yes", True),
        (ANSWER, "false", False),
        (KIND, "xavier", "xavier"),
        (NAMES, "C3, Cz", ["C3", "Cz"]),
        (RUN, "1", "1"),  # a run that is called so is not the number
        (ANSWER.or_none("as recorded"), "none", None),
        (SHARE.or_none("as recorded"), "", None),
    ],
)
def test_a_text_is_read_by_the_type(option, text, value):
    read = option.read(text)
    assert (read, type(read)) == (value, type(value))
    assert option.problem(read) == ""


@pytest.mark.parametrize(
    ("option", "text", "said"),
    [
        (WHOLE, "3.5", "must be a whole number of at least 1, not 3.5"),
        (WHOLE, "true", "not 'true'"),
        (SHARE, "1", "must be a number of at least 0 and below 1, not 1"),
        (SHARE, "nan", "not nan"),
        (ANSWER, "1", "must be true or false"),
        (KIND, "orthogonal", "must be one of usual, xavier"),
        (RUN, "", "must be the id of a features or training run"),
    ],
)
def test_what_cannot_be_is_kept_and_said(option, text, said):
    assert said in option.problem(option.read(text))


def test_nothing_is_a_problem_unless_it_means_something():
    for option in (WHOLE, SHARE, KIND, RUN):
        assert option.problem(None).startswith("must be")
        assert option.or_none("as usual").problem(None) == ""


def test_the_bounds_are_what_the_rule_says():
    assert (SHARE.low, SHARE.high, WHOLE.low) == (0, 1, 1)
    assert {option.type for option in (WHOLE, SHARE, ANSWER, KIND, NAMES, RUN)} == set(TYPES)
