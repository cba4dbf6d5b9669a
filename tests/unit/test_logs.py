"""Logs: repetitions, and lines of JSON."""

from __future__ import annotations

import json
import logging
import logging.config
import time
from typing import Any

import pytest
from django.conf import settings

from stylesim_app import logs
from stylesim_app.logs import RepeatFilter


@pytest.fixture
def now(monkeypatch):
    """The time that the filter sees."""
    clock = {"now": 1000.0}
    monkeypatch.setattr(time, "monotonic", lambda: clock["now"])
    return clock


@pytest.fixture
def log(now):
    """A logger, and the records that pass its handler."""
    passed = []

    class Keep(logging.Handler):
        def emit(self, record):
            passed.append(record)

    handler = Keep()
    handler.addFilter(RepeatFilter())
    logger = logging.getLogger("stylesim_app.tests.repeats")
    logger.addHandler(handler)
    logger.propagate = False
    yield logger, passed
    logger.removeHandler(handler)
    logger.propagate = True


def texts(passed):
    return [record.getMessage() for record in passed]


def test_a_repeated_error_passes_once_a_minute_with_a_count(log, now):
    logger, passed = log
    for _ in range(5):
        logger.error("the disk %s is missing", "a", extra={"artwork": "7"})
    assert texts(passed) == ["the disk a is missing"]
    now["now"] += 61
    logger.error("the disk %s is missing", "a")
    assert texts(passed)[1:] == [
        "the disk a is missing (4 more in the last minute)",
        "the disk a is missing",
    ]
    assert [record.left_out for record in passed] == [0, 4, 0]
    assert passed[1].artwork == "7"


def test_the_count_passes_with_the_next_message_of_any_kind(log, now):
    logger, passed = log
    logger.warning("first")
    logger.warning("first")
    now["now"] += 61
    logger.warning("second")
    assert texts(passed) == ["first", "first (1 more in the last minute)", "second"]


def test_different_messages_and_levels_pass(log):
    logger, passed = log
    for text in ("a", "b"):
        logger.warning(text)
        logger.error(text)
    assert texts(passed) == ["a", "a", "b", "b"]


def test_one_fault_of_many_works_is_one_message(log):
    logger, passed = log
    for pk in range(5):
        logger.warning("IndexEntry %s: no disk", pk, extra={"repeats": "file_missing"})
    assert texts(passed) == ["IndexEntry 0: no disk"]
    for pk in range(5):
        logger.warning("IndexEntry %s: damaged", pk, extra={"repeats": ""})
    assert len(passed) == 6


def test_news_are_never_left_out(log):
    logger, passed = log
    logger.setLevel(logging.INFO)
    for _ in range(3):
        logger.info("indexed")
    assert len(passed) == 3


def test_many_messages_do_not_fill_the_memory(log, monkeypatch):
    logger, passed = log
    monkeypatch.setattr(logs, "MOST", 10)
    for number in range(50):
        logger.error("message %s", number)
    assert len(passed) == 50
    [found] = [each for handler in logger.handlers for each in handler.filters]
    assert len(found._passed) == 10


def test_lines_of_json_have_the_key_of_the_artwork():
    formatters: Any = settings.LOGGING["formatters"]
    config = logging.config.DictConfigurator({"version": 1})
    formatter = config.configure_formatter(dict(formatters["json"]))
    record = logging.makeLogRecord(
        {"name": "stylesim_app.work", "levelname": "ERROR", "msg": "damaged", "artwork": "12"}
    )
    line = formatter.format(record)
    found = json.loads(line)
    assert "\n" not in line
    assert (found["artwork"], found["level"], found["logger"]) == (
        "12",
        "ERROR",
        "stylesim_app.work",
    )
    assert found["message"] == "damaged"
    assert found["time"]
