import numpy as np

from evaluation.tokens import character_runs, word_runs, words


def test_words_and_signs_stand_apart() -> None:
    assert words("Seen at 9:30, Mr. O") == ["seen", "at", "9", ":", "30", ",", "mr", ".", "o"]


def test_equal_runs_have_equal_hashes_and_others_do_not() -> None:
    for length in (1, 2, 3, 5, 8):
        notes = ["a b c d e f g h i", "x a b c d e f g h", "a b c"]
        runs = word_runs(notes).of(length)
        expected = [
            tuple(note.split()[i : i + length]) for note in notes for i in range(len(note.split()) - length + 1)
        ]
        assert len(runs.symbol) == len(expected)
        assert len(set(runs.symbol.tolist())) == len(set(expected))
        first = dict(zip(expected, runs.symbol.tolist(), strict=True))
        assert [first[key] for key in expected] == runs.symbol.tolist()


def test_no_run_crosses_from_one_note_to_the_next() -> None:
    runs = word_runs(["a b", "c d"]).of(2)
    assert runs.note.tolist() == [0, 1]
    assert len(word_runs(["a", "b"]).of(2).symbol) == 0


def test_runs_of_characters_ignore_case_and_blanks() -> None:
    one, two = (character_runs([note]).of(5).symbol for note in ("Door  opened", "door\nopened"))
    np.testing.assert_array_equal(one, two)


def test_nothing_has_no_runs() -> None:
    assert len(word_runs([]).of(3).symbol) == len(character_runs([""]).of(3).symbol) == 0
