# SPDX-License-Identifier: Apache-2.0

from mt_transunet.data.errors import Problem


def test_a_line_names_ten_and_counts_the_rest():
    problem = Problem("masks missing", tuple("abcdefghijkl"), "copy them")

    assert problem.line() == "masks missing: a, b, c, d, e, f, g, h, i, j and 2 more; copy them"


def test_few_names_stay_in_the_line_of_a_complete_finding():
    assert Problem("masks missing", ("a", "b")).complete() == "masks missing: a, b"


def test_more_than_ten_names_have_a_line_each_after_the_remedy():
    complete = Problem("masks missing", tuple("abcdefghijk"), "copy them").complete()

    assert complete.splitlines() == ["masks missing; copy them:", *(f"    {name}" for name in "abcdefghijk")]
