"""Commands as a terminal gives them."""

import pytest

from core.cli import main


@pytest.fixture
def run(capsys):
    """Run `hitscope` with arguments; return its status, what it printed, and its errors."""

    def call(*arguments):
        status = main([str(a) for a in arguments])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return call
