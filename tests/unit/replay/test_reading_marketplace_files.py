"""What `hanse replay-orders` reads from the files of a marketplace."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from cli.replay.files import FiledLine, FiledPayment, read_marketplace
from hanse.stack.part import StackError
from tests.replayed import Market


def test_amounts_are_read_to_the_centavo_and_times_as_utc(tmp_path: Path) -> None:
    market = Market().order("one", lines=[("vase", "seller-1", "479.0", "55.36")], paid=[("boleto", 1, "534.36")])
    files = read_marketplace(market.write(tmp_path))
    assert files.lines == (FiledLine("one", "vase", "seller-1", 47900, 5536),)
    assert files.payments == (FiledPayment("one", 1, "boleto", 1, 53436),)
    assert files.orders[0].bought_at == datetime(2017, 11, 24, 10, tzinfo=UTC)


def test_a_postal_prefix_that_lost_its_zero_gets_it_back(tmp_path: Path) -> None:
    market = Market().order("one")
    market.rows["sellers"].append(("seller-2", "3172", "sao paulo", "SP"))
    assert read_marketplace(market.write(tmp_path)).sellers["seller-2"].postal_prefix == "03172"


def test_a_folder_without_the_files_is_refused_by_their_names(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text("order_id\n")
    with pytest.raises(StackError, match=r"items\.csv, payments\.csv"):
        read_marketplace(tmp_path)


@pytest.mark.parametrize("wrong", ["ten", "-3.00", "1.2345"])
def test_an_amount_that_is_none_is_refused_with_its_file_and_line(tmp_path: Path, wrong: str) -> None:
    market = Market().order("one").order("two", paid=[("boleto", 1, wrong)])
    with pytest.raises(StackError, match=r"payments\.csv, line 3"):
        read_marketplace(market.write(tmp_path))


@pytest.mark.parametrize("wrong", ["0", "6", "good"])
def test_a_review_with_other_than_one_to_five_stars_is_refused_with_its_line(tmp_path: Path, wrong: str) -> None:
    with pytest.raises(StackError, match=r"reviews\.csv, line 2"):
        read_marketplace(Market().order("one", reviews=[(wrong, "", "2017-12-02 00:00:00")]).write(tmp_path))


def test_a_marketplace_may_have_no_file_of_reviews(tmp_path: Path) -> None:
    folder = Market().order("one").write(tmp_path)
    (folder / "reviews.csv").unlink()
    assert read_marketplace(folder).reviews == ()


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    folder = Market().order("one").write(tmp_path)
    (folder / "sellers.csv").write_text("seller_id,seller_city\ns,x\n")
    with pytest.raises(StackError, match="seller_zip_code_prefix"):
        read_marketplace(folder)


def test_other_content_has_another_fingerprint(tmp_path: Path) -> None:
    one = read_marketplace(Market().order("one").write(tmp_path / "a"))
    same = read_marketplace(Market().order("one").write(tmp_path / "b"))
    other = read_marketplace(Market().order("one", state="shipped").write(tmp_path / "c"))
    assert one.fingerprint == same.fingerprint != other.fingerprint
