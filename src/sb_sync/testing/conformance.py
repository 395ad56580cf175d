"""What every backend of the feed must do. Subclass `FeedConformance` beside `TransactionTestCase` to prove one."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from threading import Event, Thread
from typing import Any, Callable, ClassVar, Dict, List, Type

from django.db import connections, transaction
from django.db.models import Model

from sb_sync import feed
from sb_sync.feed.installation import find_states, install
from sb_sync.models import Change, Checkpoint
from sb_sync.models.changes import EVERYONE, UNRESOLVED
from sb_sync.testing.factories import make_organization
from sb_sync.testing.mirror import Mirror

__all__ = ["FeedConformance"]


class RolledBack(Exception):
    """Ends a transaction that is to leave nothing."""


class FeedConformance:
    """Write by every way the ORM has, and find every organization's mirror exact.

    Name three synchronised models: an owner with a key of its own to the organization, a child with a required key to
    the owner, and a shared one. Each has a text field; the `…_values` are further values that a row needs.
    """

    using: ClassVar[str] = "default"
    owner: ClassVar[Type[Model]]
    owner_text: ClassVar[str] = "name"
    owner_organization: ClassVar[str] = "organization_id"
    child: ClassVar[Type[Model]]
    child_text: ClassVar[str] = "name"
    child_parent: ClassVar[str]
    shared: ClassVar[Type[Model]]
    shared_text: ClassVar[str] = "name"

    def owner_values(self, number: int) -> Dict[str, Any]:
        """Return further values of the owner's row of a number."""
        return {}

    def child_values(self, number: int) -> Dict[str, Any]:
        """Return further values of the child's row of a number."""
        return {}

    def shared_values(self, number: int) -> Dict[str, Any]:
        """Return further values of the shared row of a number."""
        return {}

    def setUp(self) -> None:
        """Fill two organizations and mirror them."""
        install(self.using)
        self.north, self.south = make_organization("north").pk, make_organization("south").pk
        self.count = 0
        for site_id in (self.north, self.south):
            owner = self.make_owner(site_id)
            self.make_child(owner)
            self.make_child(owner)
        self.make_shared()
        models = (self.owner, self.child, self.shared)
        self.mirrors = {
            site_id: Mirror(site_id, *models, using=self.using, page=2) for site_id in (self.north, self.south)
        }

    def make_owner(self, site_id: int, **values: Any) -> Any:
        """Make an owner's row."""
        self.count += 1
        values = {self.owner_organization: site_id, **self.owner_values(self.count), **values}
        return self._objects(self.owner).create(**{self.owner_text: f"owner {self.count}", **values})

    def make_child(self, owner: Any, **values: Any) -> Any:
        """Make a child's row."""
        self.count += 1
        values = {self.child_parent: owner.pk, **self.child_values(self.count), **values}
        return self._objects(self.child).create(**{self.child_text: f"child {self.count}", **values})

    def make_shared(self, **values: Any) -> Any:
        """Make a shared row."""
        self.count += 1
        values = {**self.shared_values(self.count), **values}
        return self._objects(self.shared).create(**{self.shared_text: f"shared {self.count}", **values})

    # Writing.

    def test_every_write_reaches_the_mirrors(self) -> None:
        """Insert, update and delete one by one."""
        owner = self.make_owner(self.north)
        child = self.make_child(owner)
        shared = self.make_shared()
        self.check()
        for row, text in ((owner, self.owner_text), (child, self.child_text), (shared, self.shared_text)):
            setattr(row, text, "changed")
            row.save(using=self.using)
        self.check()
        for row in (child, owner, shared):
            row.delete(using=self.using)
        self.check()
        assert not self.resets()

    def test_bulk_writes_reach_the_mirrors(self) -> None:
        """Insert, update and delete by one statement."""
        rows = [
            self.owner(
                **{self.owner_text: "bulk", self.owner_organization: self.south, **self.owner_values(100 + number)}
            )
            for number in range(2500)
        ]
        self._objects(self.owner).bulk_create(rows)
        self.mirrors[self.south].page = 1000
        self.check()
        self._objects(self.owner).filter(**{self.owner_text: "bulk"}).update(**{self.owner_text: "updated"})
        self.check()
        self._objects(self.owner).filter(**{self.owner_text: "updated"}).delete()
        self.check()
        assert not self.resets()

    def test_what_is_rolled_back_was_never_there(self) -> None:
        """Roll back a transaction, and a savepoint inside one."""
        for outer in (True, False):
            try:
                with transaction.atomic(using=self.using):
                    kept = self.make_owner(self.north)
                    try:
                        with transaction.atomic(using=self.using):
                            self.make_child(kept)
                            raise RolledBack
                    except RolledBack:
                        pass
                    if outer:
                        raise RolledBack
            except RolledBack:
                pass
            self.check()

    def test_nothing_written_is_nothing_to_read(self) -> None:
        """Leave other organizations alone."""
        base = self.mirrors[self.south].base
        self.make_owner(self.north)
        with feed.reading(self.using) as reading:
            windows = dict.fromkeys(self.mirrors[self.south].models, (base, None))
            assert reading.changed_labels(windows, self.south) == frozenset()  # type: ignore[arg-type]
            assert reading.changed_labels(windows, self.north) == {self.owner._meta.label}  # type: ignore[arg-type]

    # Organizations.

    def test_a_row_that_moves_leaves_its_old_organization(self) -> None:
        """Move an owner with its children: they leave, and are not gone."""
        owner = self._objects(self.owner).filter(**{self.owner_organization: self.north}).get()
        self._objects(self.owner).filter(pk=owner.pk).update(**{self.owner_organization: self.south})
        self.check()
        left = self.mirrors[self.north].tombstones
        assert len(left) == 3
        assert not any(is_gone for _, _, is_gone in left)

    def test_children_of_a_deleted_owner_are_gone(self) -> None:
        """Delete an owner by cascade."""
        self._objects(self.owner).filter(**{self.owner_organization: self.north}).delete()
        self.check()
        assert [is_gone for _, _, is_gone in self.mirrors[self.north].tombstones] == [True, True, True]
        assert not self.mirrors[self.south].tombstones

    def test_a_child_that_changes_its_parent_moves(self) -> None:
        """Hang a child below an owner of the other organization."""
        target = self._objects(self.owner).filter(**{self.owner_organization: self.south}).get()
        child = self._objects(self.child).exclude(**{self.child_parent: target.pk}).first()
        self._objects(self.child).filter(pk=child.pk).update(**{self.child_parent: target.pk})
        self.check()

    def test_a_child_written_before_its_parent_is_found(self) -> None:
        """Insert a child first, as deferred constraints allow, or an import that has them off."""
        with transaction.atomic(using=self.using), connections[self.using].constraint_checks_disabled():
            owner = self.make_owner(self.north)
            self._objects(self.owner).filter(pk=owner.pk).delete()
            self.make_child(owner)
            assert Change.objects.using(self.using).filter(site=UNRESOLVED).exists()
            owner.save(using=self.using, force_insert=True)
        self.check()

    # Reading.

    def test_a_page_names_a_key_once(self) -> None:
        """Change one row often, and read pages of one key."""
        owner = self._objects(self.owner).filter(**{self.owner_organization: self.north}).get()
        for number in range(7):
            self._objects(self.owner).filter(pk=owner.pk).update(**{self.owner_text: f"change {number}"})
        self.make_owner(self.north)
        self.mirrors[self.north].page = 1
        self.check()

    def test_a_snapshot_does_not_see_what_is_not_committed(self) -> None:
        """Keep a transaction open over a pass, where the database lets others write meanwhile."""
        if not feed.backend_for(self.using).supports_concurrent_writers:
            return
        written, go_on = Event(), Event()

        def write() -> None:
            with transaction.atomic(using=self.using):
                self.make_owner(self.north)
                written.set()
                go_on.wait(30)

        def overtake() -> None:
            self.make_owner(self.north)
            self.check()

        with_thread(self.using, write, written, overtake, go_on)
        self.check()

    def test_times_of_checkpoints_never_go_back(self) -> None:
        """Write a checkpoint after one from the future."""
        future = datetime.now(timezone.utc) + timedelta(days=1)
        Checkpoint.objects.using(self.using).update(taken_at=feed.to_stored(future))
        with transaction.atomic(using=self.using):
            assert feed.write_checkpoint(self.using, "0:1:").taken_at >= future

    def test_a_reading_refuses_an_open_transaction(self) -> None:
        """Read inside an atomic block."""
        try:
            with transaction.atomic(using=self.using), feed.reading(self.using):
                raise AssertionError("the reading was opened")
        except feed.OpenTransaction:
            pass

    def test_an_open_transaction_sees_its_own_writes_where_tests_allow_it(self) -> None:
        """Mirror inside an atomic block, as tests that roll back need."""
        token = feed.open_transactions_allowed.set(True)
        try:
            with transaction.atomic(using=self.using):
                for _ in range(3):
                    self.make_child(self.make_owner(self.north))
                    self.check()
                    assert not self.mirrors[self.south].tombstones
                self.make_owner(self.south)
                self.check()
        finally:
            feed.open_transactions_allowed.reset(token)
        self.check()
        assert not self.resets()

    # Installation.

    def test_installing_again_changes_nothing(self) -> None:
        """Install twice, also by force."""
        assert not install(self.using).installed
        assert not install(self.using, force=True).reset
        self.check()
        assert not self.resets()

    def test_a_capture_that_was_missing_resets_its_models(self) -> None:
        """Take the owner's triggers away, write, install again."""
        backend = feed.backend_for(self.using)
        table = self.owner._meta.db_table
        backend.remove(backend.triggers([table]))
        owner = self.make_owner(self.north)
        states = {found.table: found.state for found in find_states(self.using)}
        assert states[table] is feed.State.MISSING
        with feed.reading(self.using) as reading:
            captured = reading.captured(self.mirrors[self.north].models)
        assert captured == {self.shared._meta.label}, "a child cannot be served without its parent's triggers"
        assert install(self.using).reset == [table]
        self.make_child(owner)
        self.check()
        assert set(self.resets()) == {self.owner._meta.label, self.child._meta.label}

    def test_a_neutral_capture_resets_what_is_written(self) -> None:
        """Write one of two tables whose triggers are neutral."""
        backend = feed.backend_for(self.using)
        backend.neutralise(backend.triggers([self.owner._meta.db_table, self.shared._meta.db_table]))
        self.make_owner(self.north)
        done = install(self.using)
        assert sorted(done.installed) == sorted([self.owner._meta.db_table, self.shared._meta.db_table])
        assert not done.reset
        self.check()
        assert set(self.resets()) == {self.owner._meta.label, self.child._meta.label}

    def test_an_emptied_table_resets_its_models(self) -> None:
        """Truncate, where the database has that and tells of it."""
        backend = feed.backend_for(self.using)
        if not backend.supports_truncate:
            return
        backend.execute(f"TRUNCATE {backend.quote(self.child._meta.db_table)} CASCADE")
        assert Change.objects.using(self.using).filter(site=EVERYONE, table_name=self.child._meta.db_table).exists()
        self.check()
        assert self.child._meta.label in self.resets()

    # Retention.

    def test_a_purge_takes_the_checkpoints_that_miss_something(self) -> None:
        """Purge everything: a mirror that has seen it all goes on, another begins again."""
        self.make_owner(self.north)
        self.mirrors[self.north].pull()
        with transaction.atomic(using=self.using):
            future = datetime.now(timezone.utc) + timedelta(seconds=60)
            base = self.mirrors[self.north].base
            assert base is not None
            Checkpoint.objects.using(self.using).filter(pk=base.id).update(
                taken_at=feed.to_stored(future + timedelta(days=1))
            )
            assert feed.backend_for(self.using).purge(future, 10_000).entries > 0
        self.make_owner(self.south)
        self.check()
        assert not self.mirrors[self.north].resets
        assert self.mirrors[self.south].resets

    # Checking.

    def check(self) -> None:
        """Bring the mirrors up to date and compare them with the tables."""
        for mirror in self.mirrors.values():
            mirror.pull()
            mirror.check()

    def resets(self) -> List[str]:
        """Return the models that had to begin again in any mirror."""
        return [label for mirror in self.mirrors.values() for label in mirror.resets]

    def _objects(self, model: Type[Model]) -> Any:
        return model._base_manager.using(self.using)


def with_thread(using: str, work: Callable[[], None], ready: Event, body: Callable[[], None], done: Event) -> None:
    """Run `work` in a thread with a connection of its own; once it is ready run the body, then let it finish."""
    failures: List[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - given to the test's own thread below
            failures.append(error)
            ready.set()
        finally:
            connections[using].close()

    thread = Thread(target=run)
    thread.start()
    try:
        assert ready.wait(30)
        body()
    finally:
        done.set()
        thread.join(60)
    if failures:
        raise failures[0]
