"""What holds whichever server is behind the page: the stand-in, or the one that STREAMGAUGE_ADDRESS names, which must know queries."""

import os

from page_test_case import PageTestCase, StandIn

ROWS = "document.querySelectorAll('tbody tr[data-id]').length"


class AnyServerTests(PageTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.address = os.environ.get("STREAMGAUGE_ADDRESS", "").rstrip("/")
        if not cls.address:
            standin = StandIn()
            cls.addClassCleanup(standin.kill)
            cls.address = standin.address

    def test_the_overview_lists_every_query_with_its_state_as_a_word(self):
        page = self.open()
        total = page.eval("fetch('/api/v1/queries?limit=1').then(answer => answer.json()).then(list => list.total)")
        page.wait(f"{ROWS} === {total}")
        self.assertEqual(page.eval("[...document.querySelectorAll('tbody tr .state-word')].filter(word => word.textContent === '').length"), 0)
        self.assertEqual(page.eval("document.getElementById('link-word').innerText"), "Live")

    def test_a_click_on_a_row_opens_the_query_and_back_returns(self):
        page = self.open()
        address = page.eval("(link => { link.click(); return link.getAttribute('href'); })(document.querySelector('tbody tr a'))")
        page.wait(f"location.pathname === {address!r} && document.querySelector('article.query h1')")
        page.eval("history.back()")
        page.wait(f"location.pathname === '/' && {ROWS} > 0")

    def test_a_query_has_its_own_address_with_charts_and_json(self):
        page = self.open()
        page.goto(f"{self.address}/queries/{self.query_id(page)}")
        page.wait("document.querySelectorAll('.chart:not([hidden])').length >= 4")
        page.wait("document.querySelector('.batches pre')?.textContent.includes('numInputRows')")
        self.assertIn("rows/s", self.text(page, ".chart .legend"))

    def test_what_fires_is_on_the_page_and_on_its_query(self):
        page = self.open()
        firing = page.eval("""fetch('/api/v1/alerts?state=firing').then(answer => answer.json())
            .then(list => list.alerts.filter(alert => alert.labels.severity !== 'none').map(alert => [alert.name, alert.labels.id ?? null]))""")
        self.assertEqual(page.eval("document.querySelector('.alert-strip').hidden"), not firing)
        if len(firing) > 3:
            page.eval("document.querySelector('.alert-strip > button').click()")
        shown = page.eval("[...document.querySelectorAll('.alert-strip .alert-name')].map(name => name.textContent)")
        self.assertEqual(sorted(shown), sorted(name for name, _ in firing))
        rules = page.eval("document.querySelector('.rules').hidden ? 0 : document.querySelectorAll('.rules tbody tr').length")
        self.assertEqual(rules, page.eval("fetch('/api/v1/alerts').then(answer => answer.json()).then(list => list.rules.length)"))
        name, query_id = next(((name, query_id) for name, query_id in firing if query_id), (None, None))
        if query_id:
            page.goto(f"{self.address}/queries/{query_id}")
            page.wait(f"[...document.querySelectorAll('.alert-strip .alert-name')].some(node => node.textContent === {name!r})")
            self.assertIn(f'id="{query_id}"', page.eval("document.querySelector('.alert .labels').textContent"))

    def test_a_query_that_is_not_known_is_said_to_be_so(self):
        self.expected_errors = ("404",)
        page = self.open("/queries/00000000-0000-4000-8000-000000000000", ready=None)
        page.wait("document.querySelector('.notice')?.innerText.includes('No query with this id')")

    def test_keys_filter_walk_open_and_return(self):
        page = self.open()
        before = page.eval(ROWS)
        page.key("/")
        self.assertEqual(page.eval("document.activeElement.id"), "filter")
        page.type("zzzz")
        page.wait(f"{ROWS} === 0 && location.search === '?q=zzzz'")
        page.key("Escape")
        page.wait(f"{ROWS} === {before} && location.search === ''")
        page.key("j")
        page.key("j")
        page.key("k")
        self.assertTrue(page.eval("document.activeElement === document.querySelector('tbody tr a')"))
        page.key("Enter")
        page.wait("location.pathname.startsWith('/queries/')")
        page.key("Escape")
        page.wait("location.pathname === '/'")
        page.key("?", shift=True)
        page.wait("document.getElementById('keys').open")
        self.assertEqual(page.eval("document.querySelectorAll('#keys dt').length"), 11)
        self.assertIn("Pause and resume", self.text(page, "#keys"))
        page.key("Escape")
        page.wait("!document.getElementById('keys').open")

    def test_dark_and_light_follow_the_system_until_one_is_chosen(self):
        page = self.open(scheme="dark")
        paper = "getComputedStyle(document.documentElement).backgroundColor"
        dark = page.eval(paper)
        page.media("light")
        light = page.eval(paper)
        self.assertNotEqual(dark, light)
        page.key("t")
        page.key("t")
        page.wait(f"{paper} === {dark!r}")
        page.goto(self.address + "/")
        self.assertEqual(page.eval(paper), dark, "the choice is kept")

    def test_a_phone_shows_both_pages_without_scrolling_sideways(self):
        page = self.open(width=360, height=740, mobile=True)
        for column in ("since", "watermark", "spark"):
            self.assertTrue(page.eval(f"document.querySelector('tbody tr[data-id] .c-{column}').getClientRects().length > 0"), f"{column} is not there")
        self.assertFits(page, 360)
        page.goto(f"{self.address}/queries/{self.query_id(page)}")
        page.wait("document.querySelector('.chart .line') && document.querySelector('.batches pre')")
        self.assertFits(page, 360)

    def test_nothing_moves_for_a_reader_who_wants_no_motion(self):
        page = self.open()
        page.media("light", motion="reduce")
        self.assertEqual(page.eval("document.getAnimations().length"), 0)

    def test_the_table_is_a_table_for_a_screen_reader(self):
        page = self.open()
        nodes = page.send("Accessibility.getFullAXTree")["nodes"]
        roles = [node["role"]["value"] for node in nodes if not node.get("ignored")]
        rows = page.eval(ROWS)
        self.assertIn("table", roles)
        self.assertGreaterEqual(roles.count("row"), rows + 1)
        self.assertGreaterEqual(roles.count("rowheader"), rows)
        self.assertEqual(roles.count("columnheader"), 11)

    def test_every_control_has_a_name(self):
        page = self.open()
        nameless = """[...document.querySelectorAll('button, a, input, select, [tabindex="0"]')].filter(node => !node.closest('[hidden]'))
            .filter(node => !(node.getAttribute('aria-label') || node.getAttribute('aria-labelledby') || node.labels?.length || node.textContent.trim()))
            .map(node => node.outerHTML.slice(0, 120))"""
        self.assertEqual(page.eval(nameless), [])
        page.goto(f"{self.address}/queries/{self.query_id(page)}")
        page.wait("document.querySelector('.batches pre')")
        self.assertEqual(page.eval(nameless), [])
