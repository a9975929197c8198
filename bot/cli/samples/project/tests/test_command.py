from tally.__main__ import main
from tally.report import table


def test_a_table_is_aligned_and_has_a_total():
    assert (
        table({"food": 2000, "travel": 14000}) == "food     20.00\ntravel  140.00\ntotal   160.00"
    )


def test_the_command_prints_sums(tmp_path, capsys):
    book = tmp_path / "book.txt"
    book.write_text("2026-03-01 12.50 food ana\n")
    assert main([str(book), "--by", "person"]) == 0
    assert capsys.readouterr().out == "ana    12.50\ntotal  12.50\n"


def test_a_missing_book_is_an_error(tmp_path, capsys):
    assert main([str(tmp_path / "none.txt")]) == 1
    assert "none.txt" in capsys.readouterr().err
