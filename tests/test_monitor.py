"""
Tests for L{twisted_chat.monitor}.
"""

from __future__ import annotations

import errno
import json
import re
from typing import Any

from prometheus_client.parser import text_string_to_metric_families
from twisted.internet.defer import Deferred
from twisted.internet.error import CannotListenError
from twisted.trial.unittest import SynchronousTestCase

from tests.support.peers import Peer, TimedTestCase
from tests.support.processes import ROOT
from tests.support.transports import FakeEndpoint
from twisted_chat.chat.hub import Hub
from twisted_chat.counters import Counters
from twisted_chat.doors.interfaces import CannotBind
from twisted_chat.doors.lines.factory import ChatFactory
from twisted_chat.monitor import Monitor
from twisted_chat.net.limits import Limits
from twisted_chat.net.listener import Listener
from twisted_chat.stores.memory import MemoryLog

NAMES = """
chat_bans chat_build_info chat_commit_events chat_commit_seconds chat_connections chat_cut
chat_deliveries chat_delivery_seconds chat_last_id chat_lines chat_login_failures chat_logins
chat_messages chat_password_seconds chat_password_waiting chat_people chat_queue_bytes
chat_queue_max_bytes chat_reactor_lag_seconds chat_receipt_seconds chat_refusals
chat_refused_connections chat_reports_open chat_rooms chat_store_queue_events chat_store_up
process_cpu_seconds process_max_fds process_open_fds process_resident_memory_bytes
process_start_time_seconds process_virtual_memory_bytes
""".split()
"""What is released: dashboards and alarms are made of these names, so all of them stay."""


class MonitorTests(TimedTestCase):
    """
    Tests for L{Monitor}.
    """

    limits = Limits(maxPerAddress=2)

    def setUp(self) -> None:
        super().setUp()
        counters = Counters(self.clock.seconds)
        self.hub = Hub(
            MemoryLog(counters=counters), counters=counters, monotonic=self.clock.seconds
        )
        self.factory = ChatFactory(self.hub, self.clock, self.limits)
        self.calls: list[str] = []
        self.monitor = self.make()

    def make(self, error: Exception | None = None) -> Monitor:
        """
        @return: a monitor on a fake port.
        """
        endpoint: Any = FakeEndpoint(self.calls, error)
        listener = Listener(endpoint, "--metrics 9105")
        return Monitor(self.clock, listener, self.factory.gate, [self.factory])

    def close(self, monitor: Monitor) -> None:
        """
        Close a monitor at once.
        """
        self.successResultOf(Deferred.fromCoroutine(monitor.close()))

    def read(self) -> dict[str, Any]:
        """
        @return: what a page says: the values of each figure by its label, or the value itself.
        """
        found: dict[str, Any] = {}
        for family in text_string_to_metric_families(self.monitor.page().decode()):
            for sample in family.samples:
                if len(sample.labels) == 1:
                    (word,) = sample.labels.values()
                    found.setdefault(sample.name, {})[word] = sample.value
                else:
                    found[sample.name] = sample.value
        return found

    def test_names(self) -> None:
        """The names of all figures are those that were released, and every page has them."""
        page = self.monitor.page().decode()
        self.assertEqual(sorted(each.name for each in text_string_to_metric_families(page)), NAMES)

    def test_talk(self) -> None:
        """Connections, people, lines, messages and their copies are counted."""
        ann, bob = Peer(self.factory, "Ann"), Peer(self.factory, "Bob")
        ann.types("Hello!", "How are you?", "/msg Bob psst", "/names")
        ann.types("/join #dev", "/topic on tests")
        page = self.read()
        self.assertEqual(page["chat_connections"], {"lines": 2})
        self.assertEqual(page["chat_people"], {"guest": 2, "registered": 0})
        self.assertEqual(page["chat_rooms"], 2)
        self.assertEqual(page["chat_lines_total"], {"lines": 8})
        self.assertEqual(page["chat_messages_total"], 3)
        # Two said to two, one told to one, and the topic to the one in the room.
        self.assertEqual(page["chat_deliveries_total"], 6)
        self.assertEqual(page["chat_last_id"], self.hub.lastId)
        self.assertEqual(
            page["chat_logins_total"], {"new": 2, "resumed": 0, "taken-over": 0, "another": 0}
        )
        self.assertGreater(page["chat_receipt_seconds_count"], 2)
        self.assertGreater(page["chat_delivery_seconds_count"], 2)
        bob.drops()
        self.assertEqual(self.read()["chat_connections"], {"lines": 1})

    def test_accounts(self) -> None:
        """People with an account, their hashed secrets, bans and reports are counted."""
        ann, bob = Peer(self.factory, "Ann"), Peer(self.factory, "Bob")
        ann.types("/register", "/join #dev", "/report Bob rude")
        bob.types("/join #dev")
        ann.types("/mute Bob 10m")
        page = self.read()
        self.assertEqual(page["chat_people"], {"guest": 1, "registered": 1})
        self.assertEqual(
            (page["chat_password_seconds_count"], page["chat_password_waiting"]), (1, 0)
        )
        self.assertEqual((page["chat_bans"], page["chat_reports_open"]), (1, 1))

    def test_refused(self) -> None:
        """What is refused, and why, is counted in fixed words."""
        ann, _ = Peer(self.factory, "Ann"), Peer(self.factory)
        other = Peer(self.factory, host="192.0.2.8")
        Peer(self.factory)
        other.types("Ann")
        ann.types("/nothing", "/join two words")
        page = self.read()
        self.assertEqual(page["chat_refused_connections_total"]["address"], 1)
        self.assertEqual(page["chat_login_failures_total"], {"name-taken": 1})
        self.assertEqual(sum(page["chat_refusals_total"].values()), 2)
        self.pass_(31)
        self.assertEqual(self.read()["chat_login_failures_total"]["login-timeout"], 2)

    def test_resumed(self) -> None:
        """A user who comes back is no newcomer."""
        ann = Peer(self.factory)
        ann.asks("hello", name="Ann")
        token = ann.objects[0]["token"]
        self.pass_(2)
        again = Peer(self.factory)
        again.asks("hello", token=token)
        ann.drops()
        again.drops()
        third = Peer(self.factory)
        third.asks("hello", token=token)
        self.assertEqual(
            self.read()["chat_logins_total"],
            {"new": 1, "resumed": 1, "taken-over": 1, "another": 0},
        )

    def test_queues(self) -> None:
        """What waits for a slow client is told, and that it is cut."""
        ann, bob = Peer(self.factory, "Ann"), Peer(self.factory, "Bob")
        bob.stopsReading()
        ann.types("x" * 1000)
        page = self.read()
        self.assertGreater(page["chat_queue_bytes"], 1000)
        self.assertEqual(page["chat_queue_max_bytes"], page["chat_queue_bytes"])
        self.pass_(31)
        self.assertEqual(self.read()["chat_cut_total"]["stalled"], 1)

    def test_life(self) -> None:
        """The monitor says that the server is not ready before people are let in, and why not."""
        self.monitor.bind()
        self.monitor.open()
        self.assertEqual(self.calls, ["listen", "wait", "accept"])
        self.assertIn("starting", self.monitor.trouble())
        self.monitor.isReady = True
        self.assertEqual(self.monitor.trouble(), "")
        self.patch(type(self.hub.log), "trouble", "the disk is full")
        self.assertEqual(self.monitor.trouble(), "the disk is full")
        self.assertEqual(self.read()["chat_store_up"], 0)
        self.pass_(1)
        self.assertGreater(self.read()["chat_reactor_lag_seconds_count"], 8)
        self.close(self.monitor)
        self.assertEqual(self.calls[3:], ["close"])

    def test_cannotBind(self) -> None:
        """A port that cannot be had is named, and nothing is left of it."""
        error = CannotListenError("", 9105, OSError(errno.EADDRINUSE, "Address already in use"))
        monitor = self.make(error)
        caught = self.assertRaises(CannotBind, monitor.bind)
        self.assertEqual(str(caught), "cannot listen on --metrics 9105: Address already in use")
        self.close(monitor)


class DashboardTests(SynchronousTestCase):
    """
    Tests for C{contrib/grafana.json}.
    """

    def test_names(self) -> None:
        """Whatever the dashboard asks for is a figure that there is, of the job that is chosen."""
        text = (ROOT / "contrib" / "grafana.json").read_text("utf-8")
        panels = json.loads(text)["panels"]
        asked = " ".join(target["expr"] for panel in panels for target in panel["targets"])
        found = re.findall(r"\b((?:chat|process)_[a-z_]+)(\{job=\"\$job\"\})?", asked)
        endings = ("", "_total", "_bucket", "_sum", "_count")
        known = {name + ending for name in NAMES for ending in endings}
        self.assertEqual({name for name, _ in found} - known, set())
        self.assertEqual([name for name, job in found if not job], [])
