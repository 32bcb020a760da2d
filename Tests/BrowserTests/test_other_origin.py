"""A page of another origin, and a name of another that is made to point here: against a running server, whose guard this is about."""

import http.server
import os
import threading
import unittest
import urllib.parse

from browser import Browser

ADDRESS = os.environ.get("STREAMGAUGE_ADDRESS", "").rstrip("/")

# Each tries one way to the server, and says what it got of it: `null` where that is nothing.
ATTEMPTS = {
    "a request": "fetch(`${server}${path}`).then(answer => answer.text(), () => null)",
    "a request with credentials": "fetch(`${server}${path}`, { credentials: 'include' }).then(answer => answer.text(), () => null)",
    "the events": "new Promise(done => { const source = new EventSource(`${server}/api/v1/events`); source.onopen = () => done('open'); source.onerror = () => { source.close(); done(null); }; })",
    "a script": "new Promise(done => { const node = document.createElement('script'); node.src = `${server}${path}`; node.onload = () => done('loaded'); node.onerror = () => done(null); document.head.append(node); })",
    "a style": "new Promise(done => { const node = document.createElement('link'); node.rel = 'stylesheet'; node.href = `${server}${path}`; node.onload = () => done('loaded'); node.onerror = () => done(null); document.head.append(node); })",
    "a preflight": "fetch(`${server}${path}`, { headers: { Authorization: 'Bearer x' } }).then(answer => answer.text(), () => null)",
}


# Of these a page learns nothing whatever comes, so that the server's own answers tell: each must be a refusal.
BLIND = {
    "a request without CORS": "fetch(`${server}${path}`, { mode: 'no-cors' }).then(() => null, () => null)",
    "a picture": "new Promise(done => { const node = new Image(); node.onload = node.onerror = () => done(null); node.src = `${server}${path}?picture`; })",
    "a form": "fetch(`${server}/login`, { method: 'POST', mode: 'no-cors', headers: { 'Content-Type': 'application/x-www-form-urlencoded' }, body: 'token=x' }).then(() => null, () => null)",
    "a frame": "new Promise(done => { const node = document.createElement('iframe'); node.src = `${server}/`; node.onload = () => done(null); document.body.append(node); })",
}


class Quiet(http.server.SimpleHTTPRequestHandler):
    """An empty page."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>another</title><body>")

    def log_message(self, *arguments):
        pass


@unittest.skipUnless(ADDRESS, "the stand-in server has no guard; give a running one with --address")
class OtherOriginTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.browser = Browser(os.environ.get("CHROMIUM", "chromium"), "--host-resolver-rules=MAP evil.example 127.0.0.1")
        cls.addClassCleanup(cls.browser.__exit__)
        cls.other = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
        threading.Thread(target=cls.other.serve_forever, daemon=True).start()
        cls.addClassCleanup(cls.other.server_close)
        cls.addClassCleanup(cls.other.shutdown)

    def page(self, address):
        page = self.browser.page()
        self.addCleanup(page.close)
        page.goto(address)
        return page

    def test_no_page_of_another_origin_gets_anything(self):
        port = self.other.server_address[1]
        # Another port of the same name is another origin of the same site; the other names are other sites.
        for host in ("127.0.0.1", "localhost", "evil.example"):
            page = self.page(f"http://{host}:{port}/")
            self.assertEqual(page.eval("document.title"), "another")
            for path in ("/api/v1/queries", "/metrics", "/healthz"):
                for name, attempt in ATTEMPTS.items():
                    with self.subTest(host=host, path=path, way=name):
                        got = page.eval(f"(async (server, path) => {attempt})({ADDRESS!r}, {path!r})")
                        self.assertIsNone(got)

    def test_what_a_page_cannot_read_is_refused_to_other_sites_all_the_same(self):
        port = self.other.server_address[1]
        for host in ("localhost", "evil.example"):
            page = self.page(f"http://{host}:{port}/")
            page.send("Network.enable")
            for name, attempt in BLIND.items():
                with self.subTest(host=host, way=name):
                    page.answers.clear()
                    page.eval(f"(async (server, path) => {attempt})({ADDRESS!r}, '/api/v1/queries')")
                    page.eval("new Promise(done => setTimeout(done, 200))")
                    answers = [status for url, status in page.answers if url.startswith(ADDRESS)]
                    self.assertTrue(answers, "no answer was seen")
                    self.assertEqual(set(answers), {403})

    def test_a_name_that_is_made_to_point_here_shows_nothing(self):
        port = urllib.parse.urlsplit(ADDRESS).port
        for path in ("/", "/api/v1/queries", "/metrics"):
            page = self.page(f"http://evil.example:{port}{path}")
            text = page.eval("document.body.innerText")
            self.assertIn("forbidden", text)
            self.assertNotIn("streamgauge_", text)
            self.assertEqual(page.eval("document.querySelectorAll('script, table').length"), 0)

    def test_its_own_page_is_not_kept_out(self):
        page = self.page(ADDRESS + "/")
        page.wait("document.documentElement.dataset.connection === 'live'")
        self.assertEqual(page.eval("fetch('/api/v1/queries').then(answer => answer.status)"), 200)


if __name__ == "__main__":
    unittest.main()
