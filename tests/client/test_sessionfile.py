"""
Tests of the sessions that are kept between runs.
"""

from __future__ import annotations

import os
from pathlib import Path
from stat import S_IMODE

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.client.dialect import SessionState
from twisted_chat.client.sessionfile import MAX_SESSIONS, SessionFile


class SessionFileTests(SynchronousTestCase):
    """
    Sessions of one user, in files of their own.
    """

    def setUp(self) -> None:
        self.home = Path(os.path.abspath(self.mktemp()))
        self.folder = self.home / "twisted_chat" / "sessions"

    def open(self, server: str = "here port 5000", home: str = "") -> SessionFile:
        sessions = SessionFile({"XDG_STATE_HOME": home or str(self.home)}, server)
        self.addCleanup(sessions.release)
        return sessions

    def keep(self, name: str, token: str = "T") -> SessionFile:
        """
        A run of the client begins a session.
        """
        sessions = self.open()
        sessions.take(name)
        sessions.keep(SessionState(name, token=token, epoch="E", last=5))
        return sessions

    def taken(self, name: str, server: str = "here port 5000") -> str | None:
        """
        @return: the token of the session that the next run resumes.
        """
        sessions = self.open(server)
        stored = sessions.take(name)
        sessions.release()
        return None if stored is None else stored.token

    def files(self) -> list[Path]:
        return sorted(self.folder.glob("*.json"))

    def test_account(self) -> None:
        """A session is kept with its account; a file from before accounts has none."""
        sessions = self.keep("Zoe")
        sessions.keep(SessionState("Zoe", token="T", epoch="E", account="Ann"))
        sessions.release()
        sessions = self.open()
        stored = sessions.take("Zoe")
        self.assertEqual(stored and stored.account, "Ann")
        sessions.release()
        (path,) = self.files()
        for value in (b"5", b'""'):
            path.write_bytes(path.read_bytes().replace(b'"Ann"', value))
            self.assertEqual(self.taken("Zoe"), "T")
        self.assertIn(b'"account": 5', path.read_bytes())

    def test_kept(self) -> None:
        """A session is there in the next run, for its owner alone."""
        self.keep("Ann").release()
        stored = self.open().take("Ann")
        assert stored is not None
        fields = (stored.name, stored.token, stored.epoch, stored.last)
        self.assertEqual(fields, ("Ann", "T", "E", 5))
        for path in self.folder.iterdir():
            self.assertEqual(S_IMODE(path.stat().st_mode), 0o600)
        self.assertEqual(S_IMODE(self.folder.stat().st_mode), 0o700)

    def test_names(self) -> None:
        """Each name has its session, whatever its case and form."""
        self.keep("José", "1").release()
        (first,) = self.files()
        os.utime(first, (1, 1))
        self.keep("Bob", "2").release()
        for name, token in (("jose\u0301", "1"), ("BOB", "2"), ("Eve", None)):
            self.assertEqual(self.taken(name), token, name)

    def test_servers(self) -> None:
        """A session is never shown to another server, nor to one that is believed otherwise."""
        self.keep("Ann").release()
        for server in ("here port 5001", "there port 5000", "here port 5000 over TLS, SHA256:aa"):
            self.assertIsNone(self.taken("Ann", server))

    def test_inUse(self) -> None:
        """A session that a running client uses is not taken by another one, until that ends."""
        first = self.keep("Ann")
        self.assertEqual(self.taken("Ann"), None)
        second = self.keep("Ann", "2")
        first.keep(SessionState("Ann", token="T", epoch="E", last=9))
        self.assertEqual(len(self.files()), 2)
        second.release()
        first.release()
        self.assertIsNotNone(self.taken("Ann"))

    def test_renamed(self) -> None:
        """A session goes with its user to another name."""
        sessions = self.keep("Ann")
        sessions.keep(SessionState("Anna", token="T", epoch="E", last=9))
        sessions.release()
        self.assertEqual((self.taken("Ann"), self.taken("Anna")), (None, "T"))

    def test_replaced(self) -> None:
        """A new session of a name takes the place of its old one."""
        self.keep("Ann", "1").release()
        sessions = self.open()
        sessions.keep(SessionState("Ann", token="2", epoch="E", last=9))
        sessions.release()
        self.assertEqual(self.taken("Ann"), "2")
        self.assertEqual(len(list(self.folder.iterdir())), 2)

    def test_bounded(self) -> None:
        """A bounded number of sessions is kept, those used last."""
        for number in range(MAX_SESSIONS + 3):
            self.keep(f"N{number}", str(number)).release()
            newest = max(self.files(), key=lambda path: path.stat().st_mtime)
            os.utime(newest, (number + 1, number + 1))
        self.assertEqual(len(self.files()), MAX_SESSIONS)
        self.assertEqual(len(list(self.folder.iterdir())), 2 * MAX_SESSIONS)
        self.assertIsNone(self.taken("N0"))
        last = MAX_SESSIONS + 2
        self.assertEqual(self.taken(f"N{last}"), str(last))

    def test_nothingToKeep(self) -> None:
        """A dialect without sessions, and a server that was not entered, leave no file."""
        sessions = self.open()
        sessions.keep(SessionState("Ann"))
        sessions.keep(SessionState("", token="T"))
        self.assertFalse(self.folder.exists())

    def test_nowhere(self) -> None:
        """A place that cannot be written costs the session and nothing else."""
        sessions = self.open(home=os.devnull)
        sessions.keep(SessionState("Ann", token="T", epoch="E", last=9))
        self.assertIsNone(sessions.take("Ann"))

    @settings(deadline=None, max_examples=60, derandomize=True, database=None)
    @given(
        st.binary(max_size=40)
        | st.sampled_from(
            [
                b"[" * 9999,
                b"[]",
                b'{"server":"here port 5000","name":1,"token":"T","epoch":"E","last":5}',
                b'{"server":"here port 5000","name":"Ann","token":"","epoch":"E","last":5}',
                b'{"server":"elsewhere","name":"Ann","token":"T","epoch":"E","last":5}',
                b'{"server":"here port 5000","name":"Ann"}',
            ]
        )
    )
    def test_damaged(self, content: bytes) -> None:
        """A damaged file is no session."""
        if not self.folder.exists():
            self.keep("Ann").release()
        for path in self.files():
            path.write_bytes(content)
        self.assertIsNone(self.taken("Ann"))

    def test_strangeLast(self) -> None:
        """A number that no log has counts as none, so that the server sends the backlog."""
        self.keep("Ann").release()
        (path,) = self.files()
        content = path.read_text()
        for last in ("-1", "1e5", "9" * 30, '"5"'):
            path.write_text(content.replace('"last": 5', f'"last": {last}'))
            stored = self.open().take("Ann")
            self.assertEqual(stored and stored.last, 0, last)
            self.doCleanups()
