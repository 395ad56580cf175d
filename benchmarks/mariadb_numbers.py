"""Measure two ways to number a log on MariaDB: our auto-increment, and a counter row that is locked to the commit.

    .dev/venv/bin/python -m benchmarks.mariadb_numbers

Writers change a few rows in a transaction and pause in between, as applications do. A counter gives numbers in the
order of the commits, so that a number alone would do as a cursor; this tells what that costs the host's writers. The
server is a throw-away one that never waits for the disk: on a real one the counter is locked longer.
"""

from __future__ import annotations

import multiprocessing
import random
import time
from typing import Any, Dict, List, NamedTuple
from urllib.parse import unquote

import MySQLdb

from tests.servers.supervisor import throw_away

WRITERS = 8
SECONDS = 6.0
ROWS = 200
PAUSE_SECONDS = 0.002
DEADLOCK = 1213
LOG = "CREATE TABLE log (id BIGINT AUTO_INCREMENT PRIMARY KEY, number BIGINT, name VARCHAR(64), pk LONGTEXT)"
PLAIN = "INSERT INTO log (name, pk) VALUES ('goods', CAST(NEW.id AS CHAR))"
COUNTED = (
    "UPDATE counter SET value = value + 1 WHERE id = 1;"
    " INSERT INTO log (number, name, pk)"
    " VALUES ((SELECT value FROM counter WHERE id = 1), 'goods', CAST(NEW.id AS CHAR))"
)
#: What stands in the trigger of each variant.
VARIANTS: Dict[str, str] = {"no capture": "", "auto-increment": PLAIN, "counter row": COUNTED}


class Count(NamedTuple):
    """What one writer came to."""

    commits: int
    deadlocks: int


def main() -> None:
    """Measure each variant and print a table."""
    print(f"{WRITERS} writers, {SECONDS:.0f} s each")
    print(f"{'':16}{'commits/s':>10}{'deadlocks':>11}")
    with throw_away("mariadb") as url:
        path = unquote(url.partition("socket=")[2])
        for name, body in VARIANTS.items():
            _prepare(path, body)
            counts = _run(path)
            commits = sum(count.commits for count in counts) / SECONDS
            print(f"{name:16}{commits:>10.0f}{sum(count.deadlocks for count in counts):>11}")


def _connect(path: str) -> Any:
    return MySQLdb.connect(unix_socket=path, user="sb_sync", db="sb_sync", charset="utf8mb4")


def _prepare(path: str, body: str) -> None:
    """Make the tables anew, and the trigger of a variant."""
    connection = _connect(path)
    cursor = connection.cursor()
    for table in ("goods", "log", "counter"):
        cursor.execute(f"DROP TABLE IF EXISTS {table}")
    cursor.execute(LOG)
    cursor.execute("CREATE TABLE counter (id INT PRIMARY KEY, value BIGINT)")
    cursor.execute("INSERT INTO counter VALUES (1, 0)")
    cursor.execute("CREATE TABLE goods (id INT PRIMARY KEY, stock INT)")
    cursor.executemany("INSERT INTO goods VALUES (%s, 0)", [(number,) for number in range(ROWS)])
    if body:
        cursor.execute(f"CREATE TRIGGER capture AFTER UPDATE ON goods FOR EACH ROW BEGIN {body}; END")
    connection.commit()
    connection.close()


def _run(path: str) -> List[Count]:
    """Let the writers work side by side."""
    with multiprocessing.get_context("fork").Pool(WRITERS) as pool:
        return pool.starmap(_write, [(path, seed) for seed in range(WRITERS)])


def _write(path: str, seed: int) -> Count:
    """Change three rows in a transaction, in the order of their keys, again and again."""
    connection = _connect(path)
    cursor = connection.cursor()
    cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
    dice = random.Random(seed)
    commits = deadlocks = 0
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        try:
            for key in sorted(dice.sample(range(ROWS), 3)):
                cursor.execute("UPDATE goods SET stock = stock + 1 WHERE id = %s", [key])
                time.sleep(PAUSE_SECONDS)
            connection.commit()
            commits += 1
        except MySQLdb.OperationalError as error:
            if error.args[0] != DEADLOCK:
                raise
            connection.rollback()
            deadlocks += 1
    connection.close()
    return Count(commits, deadlocks)


if __name__ == "__main__":
    main()
