"""What the tests of the page share: a server, a browser, and pages that must end without an error."""

import os
import pathlib
import signal
import socket
import subprocess
import sys
import time
import unittest
import urllib.request

from browser import Browser, wait_until

HERE = pathlib.Path(__file__).resolve().parent

# Errors that are the test's own doing: a server that was killed does not answer.
EXPECTED_WITHOUT_SERVER = ("net::ERR_", "Failed to load resource", "Failed to fetch")


# Of the list of queries: how many rows it has, and what they say of the input.
ROWS = "document.querySelectorAll('tbody tr[data-id]').length"
FIGURES = "[...document.querySelectorAll('tbody .c-input .v')].map(cell => cell.textContent).join()"


class StandIn:
    """The stand-in server on a port of its own; it can be killed and started again on the same one."""

    def __init__(self, queries=40, interval=1.0):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.queries, self.interval = queries, interval
        self.address = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            [sys.executable, HERE / "standin.py", "--port", str(self.port), "--queries", str(self.queries), "--interval", str(self.interval)], stdout=subprocess.PIPE, text=True)
        if not self.process.stdout.readline():
            raise RuntimeError("the stand-in server did not start")

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()

    def act(self, action, query_id=None):
        path = f"{action}/{query_id}" if query_id else action
        request = urllib.request.Request(f"{self.address}/standin/{path}", method="POST")
        urllib.request.urlopen(request, timeout=10).close()


class PageTestCase(unittest.TestCase):
    """A page for each test, and at its end no error and no break of the content security policy."""

    expected_errors = ()

    @classmethod
    def setUpClass(cls):
        cls.browser = Browser(os.environ.get("CHROMIUM", "chromium"))
        cls.addClassCleanup(cls.browser.__exit__)

    def open(self, path="/", ready="document.querySelector('tbody tr[data-id], .chart .line')", hidden=False, **viewport):
        page = self.browser.page(**viewport)
        if hidden:
            page.hide(at_start=True)
        self.addCleanup(self.finish, page)
        page.goto(self.address + path)
        if ready:
            page.wait(ready, what=f"{path} to show something")
        return page

    def query_page(self, name, **viewport):
        """The page of a query, with its charts and batches."""
        page = self.open(**viewport)
        page.goto(f"{self.address}/queries/{self.query_id(page, name)}")
        page.wait("document.querySelector('.chart .line') && document.querySelector('.batches pre')")
        return page

    def finish(self, page):
        violations = page.violations()
        page.close()
        self.assertEqual(violations, [], "the content security policy was broken")
        unexpected = [error for error in page.errors if not any(known in error for known in self.expected_errors)]
        self.assertEqual(unexpected, [], "the page had errors")

    def query_id(self, page, name=None):
        """The id of the query with a name, or of any that has points."""
        wanted = "query => query.batchId !== null && query.batchId !== undefined" if name is None else f"query => query.name === {name!r}"
        return page.eval(f"fetch('/api/v1/queries?limit=1000').then(answer => answer.json()).then(list => list.queries.find({wanted})?.id)")

    def text(self, page, selector):
        return page.eval(f"document.querySelector({selector!r})?.innerText")

    def assertFits(self, page, width):
        """Nothing is wider than the screen. The window's own width says nothing: a phone's grows with what does not fit."""
        self.assertLessEqual(page.eval("document.documentElement.scrollWidth"), width, "the page scrolls sideways")


class ModuleTestCase(PageTestCase):
    """Asks what the modules of the page compute, in the browser that runs them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        standin = StandIn(queries=1, interval=60)
        cls.addClassCleanup(standin.kill)
        cls.address = standin.address

    def setUp(self):
        self.page = self.open()

    def call(self, module, expression):
        """The value of an expression in which `m` is a module of the page."""
        return self.page.eval(f"import('/assets/{module}.js').then(m => ({expression}))")


__all__ = ["EXPECTED_WITHOUT_SERVER", "FIGURES", "ROWS", "ModuleTestCase", "PageTestCase", "StandIn", "time", "wait_until"]


@unittest.skipIf(os.environ.get("STREAMGAUGE_ADDRESS"), "a server was given, whose queries are not known to this test")
class StandInTestCase(PageTestCase):
    """A page of a stand-in server with twenty queries, whose names and figures the tests know."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = StandIn(queries=20, interval=5.0)
        cls.addClassCleanup(cls.server.kill)
        cls.address = cls.server.address
