from evaluation.hygiene import scrubbed
from evaluation.report import Disclosure


def test_counts_are_told_in_words_and_stay_with_the_owner() -> None:
    entry = {"column": "note", "kind": "text", "action": "text", "n_failed": 2, "found": {"US_SSN": 1_200, "PERSON": 3}}
    table = scrubbed({"n_rows": 5, "columns": [entry, {"column": "name", "action": "drop"}]})
    assert table.disclosure is Disclosure.OWNER
    assert table.rows == (
        ("note", "scrubbed in place; 2 dropped unread", "us ssn 1,200, person 3"),
        ("name", "dropped", "nothing"),
    )


def test_without_a_scrub_there_is_no_table() -> None:
    assert scrubbed(None).rows == ()
    assert scrubbed({"columns": "?"}).rows == ()
