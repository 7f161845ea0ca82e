"""The default scrubber does not wait for libraries that it does not use."""

from __future__ import annotations

import subprocess
import sys

import pytest

from privacy.scrub.lightly import lightly


def test_what_is_barred_is_not_there_until_afterwards() -> None:
    assert "ensurepip" not in sys.modules
    with lightly("ensurepip", "json"):
        with pytest.raises(ImportError):
            __import__("ensurepip")
        assert __import__("json") is sys.modules["json"], "what is there stays"
    assert "ensurepip" not in sys.modules
    assert sys.modules["json"] is not None


def test_the_default_scrubber_loads_neither_torch_nor_transformers() -> None:
    code = (
        "import sys\n"
        "from privacy.scrub.table import open_text_scrubber\n"
        "open_text_scrubber(bytes(32))\n"
        "print([name for name in ('torch', 'transformers') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
