"""The form of a CSV file: bytes, header, rows and lines."""

from __future__ import annotations

import csv
import io
import time

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st


@pytest.fixture
def two(schema_of):
    return schema_of(a="integer", b="string")


def line_of(error):
    return error.where[0].line


@pytest.mark.parametrize(
    "content",
    [
        "a,b\n1,x\n2,y\n",
        "\ufeffa,b\n1,x\n2,y\n",
        "a,b\r\n1,x\r\n2,y\r\n",
        "a,b\r1,x\r2,y\r",
        "\n\na,b\n1,x\n\n2,y\n\n\n",
        'b,"a"\n"x",1\n"y",2',
    ],
    ids=["lf", "bom", "crlf", "cr", "empty lines", "other order, quotes, no last line end"],
)
def test_the_usual_ways_to_write_a_csv_file_are_read_alike(take_csv, two, content):
    table = take_csv(content, two)
    assert table.to_pydict() == {"a": [1, 2], "b": ["x", "y"]}
    assert table.schema.types == [pa.int64(), pa.string()]


def test_quoted_line_breaks_commas_and_quotes_belong_to_the_cell(take_csv, two):
    assert take_csv('a,b\n1,"x\ny, ""z"""\n', two)["b"].to_pylist() == ['x\ny, "z"']


@pytest.mark.parametrize("content", ["", "\n\r\n  \n", "\ufeff"])
def test_a_file_without_text_is_empty(take_csv, two, refused, content):
    assert refused(take_csv, content, two).reason == "empty-file"


@pytest.mark.parametrize("content", ["a,b", "a,b\n", "a,b\n\n\n"])
def test_a_header_alone_is_no_rows(take_csv, two, refused, content):
    assert refused(take_csv, content, two).reason == "no-rows"


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_bytes_that_are_not_utf8_are_refused_at_their_line(take_csv, two, refused, ending):
    content = ending.join(["a,b", "1,x", '2,"two', 'lines"', "3,caf"]).encode() + b"\xe9" + ending.encode()
    error = refused(take_csv, content, two)
    assert (error.reason, line_of(error)) == ("not-utf8", 5)


def test_a_character_cut_by_the_end_of_the_file_is_not_utf8(take_csv, two, refused):
    error = refused(take_csv, b"a,b\n1,caf\xc3", two)
    assert (error.reason, line_of(error)) == ("not-utf8", 2)


def test_a_character_across_two_chunks_is_fine_and_a_bad_one_after_it_is_found(take_csv, two, refused):
    filler = "1," + "x" * 97 + "\n"  # 100 bytes
    head = "a,b\n" + filler * 10485 + "1," + "y" * 69  # 4 + 1 048 500 + 71 = one byte short of 1 MiB
    assert take_csv(head + "é\n", two).num_rows == 10486
    error = refused(take_csv, (head + "é\n").encode() + b"1,\xff\n", two)
    assert (error.reason, line_of(error)) == ("not-utf8", 10488)


def test_a_null_byte_is_refused_at_its_line(take_csv, two, refused):
    error = refused(take_csv, b"a,b\n1,x\n2,\0\n", two)
    assert (error.reason, line_of(error)) == ("null-byte", 3)


@pytest.mark.parametrize("magic", [b"PAR1", b"PK\x03\x04", b"%PDF"])
def test_another_format_is_not_csv(take_csv, two, refused, magic):
    assert refused(take_csv, magic + b"a,b\n1,x\n", two).reason == "not-csv"


def test_a_column_name_twice(take_csv, two, refused):
    error = refused(take_csv, "\na,b,a\n1,x,2\n", two)
    assert (error.reason, line_of(error), error.where[0].column) == ("header-twice", 2, "a")


def test_a_column_that_is_missing(take_csv, two, refused):
    error = refused(take_csv, "a\n1\n", two)
    assert (error.reason, line_of(error), error.where[0].column) == ("column-missing", 1, "b")


def test_a_column_that_is_not_declared(take_csv, two, refused):
    error = refused(take_csv, "a,b,c\n1,x,2\n", two)
    assert (error.reason, error.where[0].column) == ("column-unknown", "c")


def test_a_file_without_a_header_does_not_show_its_first_row(take_csv, two, refused):
    error = refused(take_csv, "17,Jane Roe\n18,John Doe\n", two)
    assert error.reason == "column-missing"
    assert "Jane" not in str(error)


@pytest.mark.parametrize("mark", [";", "\t", "|"])
def test_the_mark_between_cells_is_told_by_the_schema(take_csv, two, refused, mark):
    table = take_csv(f'b{mark}"a"\n"x,y"{mark}1\n', two)
    assert table.to_pylist() == [{"a": 1, "b": "x,y"}]
    error = refused(take_csv, f"a{mark}b\n1{mark}x\n2\n", two)
    assert (error.reason, line_of(error)) == ("row-ragged", 3)
    error = refused(take_csv, f"a{mark}c\n1{mark}x\n", two)
    assert (error.reason, error.where[0].column) == ("column-unknown", "c")


def test_names_that_no_mark_gives_have_their_own_code(take_csv, two, refused):
    error = refused(take_csv, "c;d\n1;x\n", two)
    assert (error.reason, line_of(error)) == ("csv-delimiter", 1)


def test_ragged_rows_are_refused_with_their_lines(take_csv, two, refused):
    error = refused(take_csv, 'a,b\n1,"x\ny"\n2\n3,z\n4,z,z\n', two)
    assert error.reason == "row-ragged"
    assert [place.line for place in error.where] == [4, 6]
    assert error.facts == {"total": "2", "cells": "2"}


@pytest.mark.parametrize("tail", ["", "\n", "\n4,z\n", '\n4,""z'])
def test_a_quote_left_open_is_refused_where_its_row_starts(take_csv, two, refused, tail):
    error = refused(take_csv, 'a,b\n1,x\n2,5" y\n3,"open' + tail, two)
    assert (error.reason, line_of(error)) == ("csv-quote-open", 4)


def test_a_single_column_keeps_its_quoted_empty_cell(take_csv, schema_of):
    assert take_csv('a\n1\n\n""\n2\n', schema_of(a="integer"))["a"].to_pylist() == [1, None, 2]


def test_a_row_of_empty_cells_at_the_end_is_a_row(take_csv, two):
    assert take_csv('a,b\n1,x\n"",""\n', two).to_pydict() == {"a": [1, None], "b": ["x", None]}


def test_a_cell_that_is_too_large_is_refused_at_its_place(take_csv, two, refused):
    error = refused(take_csv, f"a,b\n1,x\n2,{'y' * 101}\n", two, max_cell_bytes=100)
    assert (error.reason, line_of(error), error.where[0].column) == ("cell-too-large", 3, "b")


def test_a_row_longer_than_a_block_is_refused_and_not_read_for_ever(take_csv, two, refused):
    error = refused(take_csv, 'a,b\n1,x\n2,"' + "y,z\n" * 3_000_000, two)
    assert (error.reason, line_of(error)) == ("cell-too-large", 3)


def test_a_row_of_many_cells_longer_than_a_block_is_refused_at_its_line(take_csv, schema_of, refused):
    names = [f"c{n}" for n in range(40)]
    schema = schema_of(**dict.fromkeys(names, "string"))
    long = ",".join(["y" * 500_000] * 40)
    error = refused(take_csv, f"{','.join(names)}\n{',' * 39}\n{long}\n", schema)
    assert (error.reason, line_of(error)) == ("cell-too-large", 3)


def test_the_limits_on_size_rows_columns_and_decoded_bytes(take_csv, two, refused):
    content = "a,b\n" + "1,x\n" * 10
    assert refused(take_csv, content, two, max_bytes=43).reason == "too-large"
    assert refused(take_csv, content, two, max_rows=9).reason == "too-many-rows"
    assert refused(take_csv, content, two, max_columns=1).reason == "too-many-columns"
    assert refused(take_csv, content, two, max_decoded_bytes=20).reason == "decoded-too-large"
    assert take_csv(content, two, max_bytes=44, max_rows=10, max_columns=2).num_rows == 10


def test_a_wrong_type_in_row_70000_is_found_at_its_line_fast(take_csv, two, refused):
    rows = [f'{row},"text, of {row}"' for row in range(80_000)]
    rows[5] = '5,"one\nmore line"'
    rows[69_999] = 'seven,"secret"'
    started = time.perf_counter()
    error = refused(take_csv, "a,b\n" + "\n".join(rows), two)
    assert time.perf_counter() - started < 3
    # The header, 69 999 rows before it, and one line break inside a cell.
    assert (error.reason, line_of(error), error.where[0].column) == ("value-not-integer", 70_002, "a")
    assert "seven" not in str(error)
    assert "secret" not in str(error)
    assert error.facts == {"total": "1", "value-not-integer": "1"}


def test_the_first_places_are_told_and_all_are_counted(take_csv, two, refused):
    content = "a,b\n" + "".join(f"{'x' if row % 2 else row},y\n" for row in range(100))
    error = refused(take_csv, content, two)
    assert [place.line for place in error.where] == list(range(3, 43, 2))
    assert error.facts["total"] == "50"


def test_the_first_fault_of_the_file_gives_the_code(take_csv, schema_of, refused):
    schema = schema_of(a="integer", b="date")
    error = refused(take_csv, "a,b\n1,2020-01-01\n2,soon\nx,later\n", schema)
    assert error.reason == "value-not-date"
    assert [place.line for place in error.where] == [3, 4]
    assert error.facts == {"total": "3", "value-not-date": "2", "value-not-integer": "1"}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(
        st.tuples(st.text("ab ,\"\n\r;'", max_size=6), st.text("xé\n,", max_size=4)), min_size=1, max_size=12
    ),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_what_a_csv_writer_writes_comes_back_cell_for_cell(take_csv, schema_of, rows, end):
    text = io.StringIO()
    writer = csv.writer(text, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerows([("a", "b"), *rows])
    table = take_csv(text.getvalue(), schema_of(a="string", b="string", missing=[]))
    assert list(zip(table["a"].to_pylist(), table["b"].to_pylist(), strict=True)) == rows
