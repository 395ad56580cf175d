"""Fifth step: the checkpoints that cursors name, and with them what observers insert into their journals."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from dataclasses import replace
from typing import List, Sequence

from django.db import DEFAULT_DB_ALIAS, DatabaseError, OperationalError, transaction

from sb_sync import feed
from sb_sync.events import PullFinished, Statement, pull_finished
from sb_sync.pull.answer import Finished
from sb_sync.pull.page import Page

__all__ = ["tell_observers", "write_traces"]

# How often transactions are tried that met others.
MAX_ATTEMPTS = 5

logger = logging.getLogger("sb_sync")


def tell_observers(event: PullFinished) -> Sequence[Statement]:
    """Return what observers insert; one that fails is told of, and takes nothing from the others or from the client."""
    for receiver, failure in pull_finished.send_robust(sender=PullFinished, event=event):
        if isinstance(failure, Exception):
            logger.error("An observer of pull %s failed: %r", event.request.request_id, receiver, exc_info=failure)
    return event.statements


def write_traces(pages: Sequence[Page], journal: Sequence[Statement] = ()) -> List[Finished]:
    """Write checkpoints and journal, again where transactions meet; without the journal where that cannot be written.

    An answer with records writes a checkpoint in any case: its commit makes sure that what was read cannot be lost by
    a crash after the client has it. So without the checkpoint there is no answer.
    """
    try:
        return _try(pages, journal)
    except DatabaseError:
        if not journal:
            raise
        logger.exception("The journal of a pull could not be written.")
    return [replace(item, is_remembered=False) for item in _try(pages, ())]


def _try(pages: Sequence[Page], journal: Sequence[Statement]) -> List[Finished]:
    """Write everything in one transaction for each database, a bounded number of times."""
    for attempt in range(1, MAX_ATTEMPTS + 1):
        try:
            return _write(pages, journal)
        except OperationalError as error:
            if attempt == MAX_ATTEMPTS or not _is_transient(error, pages):
                raise
    raise AssertionError("not reached")


def _is_transient(error: OperationalError, pages: Sequence[Page]) -> bool:
    return any(feed.backend_for(using).is_transient(error) for using in _databases(pages))


def _databases(pages: Sequence[Page]) -> List[str]:
    """Return the databases that are written to: the one of the journals commits last."""
    return list(dict.fromkeys([DEFAULT_DB_ALIAS, *(page.using for page in pages if _needs_checkpoint(page))]))


def _write(pages: Sequence[Page], journal: Sequence[Statement]) -> List[Finished]:
    """Write everything once."""
    if not journal and not any(_needs_checkpoint(page) for page in pages):
        return [Finished(page, None) for page in pages]
    databases, backend = _databases(pages), feed.backend_for(DEFAULT_DB_ALIAS)
    with ExitStack() as stack:
        # One statement is a transaction of its own, unless tests hold one open around it.
        is_one = databases == [DEFAULT_DB_ALIAS] and backend.supports_inserts_in_with and not _is_in_transaction()
        for using in () if is_one else databases:
            stack.enter_context(transaction.atomic(using=using))
            # Nothing may be read before the right to write is held, where one writes at a time.
            feed.begin_push(using)
        finished: List[Finished] = []
        for page in pages:
            if not _needs_checkpoint(page):
                finished.append(Finished(page, None))
                continue
            together = journal if page.using == DEFAULT_DB_ALIAS else ()
            finished.append(Finished(page, feed.write_checkpoint(page.using, page.reading.snapshot, together)))
            journal = () if together else journal
        if is_one and _is_idle(pages):
            backend.execute_soon(journal)
        else:
            backend.execute_together(journal)
    return finished


def _is_in_transaction() -> bool:
    return bool(transaction.get_connection(DEFAULT_DB_ALIAS).in_atomic_block)


def _is_idle(pages: Sequence[Page]) -> bool:
    """Tell whether an answer says that nothing happened: then a crash may take what was written of it.

    The client is where it was before, and so are the rules by which its rows are chosen.
    """
    return bool(pages) and all(page.opens and not _needs_checkpoint(page) for page in pages)


def _needs_checkpoint(page: Page) -> bool:
    return page.needs_checkpoint or bool(page.records)
