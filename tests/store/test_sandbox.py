"""SQL of people who mean no good, and of people who only mistype."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.data.dataset import Dataset
from core.errors import TradeoffError
from core.home import Home
from store.db import Index, open_index
from store.export import safe_cell, write_table
from store.ingest import refresh
from store.sandbox import run_sql
from tests.ui.fixtures import finished_run


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    from core.data.dataset import save_dataset
    from tests.conftest import small_frame

    home = Home(tmp_path_factory.mktemp("home")).prepare()
    dataset: Dataset = save_dataset(home, small_frame(), "things", "single_label")
    finished_run(home, dataset, "majority")
    (home.root / "secret.csv").write_text("password\nhunter2\n")
    with open_index(home) as opened:
        refresh(opened)
        yield opened


def test_a_query_is_answered_with_its_columns_and_types(index: Index) -> None:
    found = run_sql(index, "select candidate, count(*) as runs, max(changed_at) as at from runs group by all;")
    assert found.columns == ["candidate", "runs", "at"]
    assert found.rows[0][:2] == ["majority", 1]
    assert found.types[1] == "BIGINT"
    assert not found.truncated
    queries = """
with a as (select 1 as x) select * from a
from runs
describe runs
show tables
summarize runs
explain select 1
values (1)
select now(), 'é 🙂', null, [1, 2], {'a': 1}, 1.5::decimal(4, 2), interval 1 day, 'NaN'::double, 2::hugeint ** 100
"""
    for sql in queries.strip().splitlines():
        assert run_sql(index, sql).rows, sql


def test_long_answers_are_cut_and_say_so(index: Index) -> None:
    found = run_sql(index, "select range from range(100000)", max_rows=100)
    assert len(found.rows) == 100
    assert found.truncated


def test_a_mistake_is_told_in_a_sentence(index: Index) -> None:
    for sql, told in (
        ("selec 1", "syntax error"),
        ("select x from runs", "x"),
        ("select * from run", "runs"),
        ("", "empty"),
    ):
        with pytest.raises(TradeoffError, match=told) as error:
            run_sql(index, sql)
        assert "\n" not in str(error.value)


ATTACKS = """
COPY runs TO '{out}/stolen.csv'
COPY (SELECT 1) TO '/dev/stdout'
COPY runs FROM '{secret}'
EXPORT DATABASE '{out}/export'
IMPORT DATABASE '{out}'
SELECT * FROM read_csv('{secret}')
SELECT * FROM read_csv_auto('{secret}')
SELECT * FROM '{secret}'
FROM '{secret}'
SELECT * FROM read_text('{secret}')
SELECT * FROM read_blob('/etc/passwd')
SELECT * FROM read_json('{secret}')
SELECT * FROM read_parquet('{home}/runs/*/predictions.parquet')
SELECT * FROM parquet_metadata('{home}/runs/*/predictions.parquet')
SELECT * FROM glob('/etc/*')
SELECT * FROM sniff_csv('{secret}')
SELECT * FROM query('COPY runs TO ''{out}/x.csv''')
SELECT * FROM query_table('{secret}')
SELECT * FROM 'https://example.com/x.csv'
SELECT * FROM read_csv('http://127.0.0.1:1/x.csv')
SELECT getenv('HOME')
SELECT * FROM duckdb_secrets() WHERE error('leak')
ATTACH '{out}/new.duckdb' AS other
ATTACH '{index}' AS other
DETACH main
USE memory
INSTALL httpfs
LOAD httpfs
FORCE INSTALL json FROM 'http://127.0.0.1:1'
SET enable_external_access = true
SET lock_configuration = false
SET GLOBAL memory_limit = '100GB'
RESET lock_configuration
PRAGMA enable_profiling = 'json'
PRAGMA database_list
CALL pragma_version()
CREATE TABLE x AS SELECT 1
CREATE TEMP TABLE x AS SELECT 1
CREATE SECRET s (TYPE s3, KEY_ID 'a', SECRET 'b')
CREATE MACRO m(a) AS a
DROP TABLE runs
DELETE FROM runs
UPDATE runs SET seed = 1
INSERT INTO runs (run_id) VALUES ('x')
TRUNCATE runs
ALTER TABLE runs ADD COLUMN x INTEGER
MERGE INTO runs USING runs AS o ON true WHEN MATCHED THEN DELETE
WITH gone AS (DELETE FROM runs RETURNING *) SELECT * FROM gone
SELECT 1; DROP TABLE runs
SELECT 1; SELECT 2
VACUUM
CHECKPOINT
BEGIN TRANSACTION
PREPARE p AS SELECT 1
EXECUTE p
EXPLAIN ANALYZE DELETE FROM runs
SELECT * FROM python_object
SELECT nextval('none')
SELECT repeat('x', 2000000000) || repeat('y', 2000000000)
SELECT length(repeat('x', 2000000000)) FROM range(10)
SELECT list(range) FROM range(3000000000)
""".strip().splitlines()


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_outside_is_read_or_written(index: Index, tmp_path: Path, attack: str) -> None:
    home = index.home.root
    before = index.connection.execute("SELECT count(*), min(seed) FROM runs").fetchone()
    known = {path: path.stat().st_size for path in home.rglob("*") if path.is_file()}
    sql = attack.format(out=tmp_path, secret=home / "secret.csv", home=home, index=index.path)
    with pytest.raises(TradeoffError) as error:
        run_sql(index, sql, seconds=3)
    assert "hunter2" not in str(error.value)
    assert "\n" not in str(error.value)
    assert list(tmp_path.iterdir()) == []
    assert index.connection.execute("SELECT count(*), min(seed) FROM runs").fetchone() == before
    assert {p: p.stat().st_size for p in home.rglob("*") if p.is_file() and p.suffix != ".snapshot"} == {
        path: size for path, size in known.items() if path.suffix != ".snapshot"
    }


def test_an_endless_query_is_ended(index: Index) -> None:
    endless = "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT max(n) FROM t"
    with pytest.raises(TradeoffError, match="longer than 1 s"):
        run_sql(index, endless, seconds=1)


CELLS = [
    "=1+1",
    "+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "plain",
    "-3.5",
    "+4",
    "1e-5",
    "",
    None,
    7,
    1.5,
]


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".xlsx"])
def test_exports_open_safely_in_a_spreadsheet(tmp_path: Path, suffix: str) -> None:
    import csv

    from openpyxl import load_workbook

    path = tmp_path / f"out{suffix}"
    write_table([{"=head": cell, "ctl": "a\x00b"} for cell in CELLS], path)
    if suffix == ".xlsx":
        sheet = load_workbook(path).active
        assert sheet is not None
        found = [row[0] for row in sheet.iter_rows()]
        assert all(cell.data_type != "f" for cell in found)
        values = [cell.value for cell in found]
    else:
        with open(path, encoding="utf-8-sig", newline="") as file:
            values = [row[0] for row in csv.reader(file, delimiter="\t" if suffix == ".tsv" else ",")]
    assert values[0] == "'=head"
    for cell, value in zip(CELLS, values[1:], strict=True):
        told = str(safe_cell(cell)).replace("\r", "\n" if suffix == ".xlsx" else "\r")
        assert str(value) == told or (value in ("", None) and cell in ("", None))
        assert not str(value).startswith(("=", "@", "\t", "\r"))


def test_another_suffix_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TradeoffError, match=r"\.exe"):
        write_table([{"a": 1}], tmp_path / "out.exe")
