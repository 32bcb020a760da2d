"""Custom metrics whose names change, are missing, strange or long, and what the reader sees and hears of it."""

import os
import unittest

from counting_server import CountingQuery, CountingServer
from page_test_case import PageTestCase

COUNT = "document.querySelector('.custom-charts > .hint').textContent.replaceAll('\\u00a0', ' ')"
CHARTED = "[...document.querySelectorAll('.custom-charts .chart:not([hidden]) h3')].map(title => title.textContent)"
READY = "document.querySelector('.custom-charts .line') && document.querySelector('.batches pre')"
FOCUS = "(document.activeElement.value ?? document.activeElement.closest('.chart')?.querySelector('h3').textContent ?? document.activeElement.tagName)"
BATCH = "Number([...document.querySelectorAll('.tile')].find(tile => tile.querySelector('dt').textContent === 'Batch').querySelector('.tile-value').textContent.replaceAll(/\\D/g, ''))"


def numbered(count):
    return lambda batch: {f"m{place:03}": batch * place for place in range(count)}


def box(name):
    return f"document.querySelector('.picker-list input[value=\"{name}\"]')"


@unittest.skipIf(os.environ.get("STREAMGAUGE_ADDRESS"), "a server was given, whose queries are not known to this test")
class ChangingMetricsTests(PageTestCase):
    def open_query(self, *arguments, **more):
        """The page of a query of this test's own, with its list open."""
        self.query = CountingQuery("counting", *arguments, **more)
        self.server = CountingServer(self.query)
        self.addCleanup(self.server.close)
        self.address = self.server.address
        return self.look(self.open(f"/queries/{self.query.id}", READY))

    def look(self, page):
        page.wait(READY)
        page.eval("document.querySelector('.picker').open = true")
        page.wait("document.querySelector('.picker-list label')")
        return page

    def beside(self, page):
        """The same in another tab."""
        other = self.browser.page(beside=page)
        self.addCleanup(self.finish, other)
        other.goto(f"{self.address}/queries/{self.query.id}")
        return self.look(other)

    def batch(self, page):
        number = self.server.batch(self.query)
        page.wait(f"{BATCH} === {number}")

    def test_names_that_change_with_every_batch_are_not_gathered_and_say_nothing(self):
        page = self.open_query(numbered(20), lambda batch: {f"partition-{batch}-{place}": 1 for place in range(1 + batch % 7)})
        page.eval("""window.told = [];
            new MutationObserver((changes) => { for (const { target } of changes) {
                const region = (target.closest ? target : target.parentElement)?.closest('[role=status], [aria-live]');
                if (region && document.querySelector('.custom-charts').contains(region)) told.push(region.textContent);
            } }).observe(document.body, { subtree: true, childList: true, characterData: true })""")
        for _ in range(5):
            self.batch(page)
        self.assertEqual(page.eval("told"), [])
        self.assertEqual(page.eval("document.querySelectorAll('.picker-list label').length"), 20 + 1 + self.query.batch_id % 7)
        page.eval(f"{box('m019')}.click()")
        self.assertRegex(page.eval("document.getElementById('spoken').textContent"), "^13 of ")

    def test_metrics_with_points_are_charted_first_and_others_are_not_counted_as_charts(self):
        page = self.open_query(numbered(12), lambda batch: {f"a{place}": 1 for place in range(10)}, kind="terminated")
        self.assertEqual(page.eval(CHARTED), [f"m{place:03}" for place in range(12)])
        self.assertEqual(page.eval(COUNT), "12 of 22 custom metrics are charted.")
        page.eval(f"{box('a3')}.click()")
        self.assertEqual(page.eval(COUNT), "12 of 22 custom metrics are charted; of 1 more no points are kept.")
        self.assertEqual(page.eval("[...document.querySelectorAll('.picker-list label[data-mark]')].map(label => label.textContent)"), [f"a{place}" for place in range(10)])
        self.assertEqual(page.eval(f"getComputedStyle({box('a3')}.parentNode, '::after').content"), '"no points are kept"')

    def test_a_metric_without_points_is_said_to_have_none_yet(self):
        page = self.open_query(numbered(3), lambda batch: {f"z{place:02}": 1 for place in range(20)})
        page.eval("document.querySelector('.picker button:last-child').click()")
        self.assertEqual(page.eval(COUNT), "3 of 23 custom metrics are charted; 9 more have no points yet.")
        self.batch(page)
        page.wait(f"{COUNT} === '12 of 23 custom metrics are charted.'")
        self.assertEqual(len(page.eval(CHARTED)), 12)

    def test_long_names_are_cut_and_read_aloud_in_part(self):
        long = "x" * 10_000
        page = self.open_query(lambda batch: {long: batch, "ok": batch})
        for part in (".picker-list label", ".custom-charts h3", ".counters tbody tr"):
            heights = page.eval(f"[...document.querySelectorAll('{part}')].map(part => part.getBoundingClientRect().height)")
            self.assertEqual(len(heights), 2)
            self.assertLess(max(heights), 80, part)
        self.assertLess(max(page.eval("[...document.querySelectorAll('.custom-charts .plot, .picker-list input')].map(part => part.getAttribute('aria-label')?.length ?? 0)")), 350)
        self.assertEqual(page.eval("document.querySelector('.picker-list input[aria-label]').getAttribute('aria-label').length"), 100)
        self.assertFits(page, 1400)

    def test_metrics_without_a_name_have_one_to_show(self):
        page = self.open_query(lambda batch: {"": batch, "  ": batch, "ok": batch})
        self.assertEqual(page.eval(CHARTED), ["(no name)", "(no name)", "ok"])
        self.assertEqual(page.eval("[...document.querySelectorAll('.picker-list label')].map(label => label.textContent)"), ["(no name)", "(no name)", "ok"])
        self.assertEqual(page.eval("[...document.querySelectorAll('.counters tbody th')].map(name => name.textContent)"), ["(no name)", "(no name)", "ok"])
        page.eval(f"{box('  ')}.click()")
        self.assertEqual(page.eval(COUNT), "2 of 3 custom metrics are charted.")

    # What is chosen

    def test_two_tabs_do_not_overwrite_each_other(self):
        page = self.open_query(numbered(30))
        other = self.beside(page)
        page.eval(f"{box('m020')}.click()")
        other.wait(f"{COUNT} === '13 of 30 custom metrics are charted.' && {box('m020')}.checked")
        other.eval(f"{box('m021')}.click()")
        page.wait(f"{COUNT} === '14 of 30 custom metrics are charted.'")
        self.assertEqual(page.eval(CHARTED)[-2:], ["m020", "m021"])

    FILL = """(() => { for (let size = 1 << 20, place = 0; size > 0; place += 1)
        try { localStorage.setItem(`fill${place}`, 'x'.repeat(size)); } catch { size >>= 1; } })()"""

    def test_a_choice_for_which_there_is_no_room_does_not_leave_an_older_one(self):
        page = self.open_query(numbered(30))
        page.eval(f"{box('m020')}.click()")
        page.eval(self.FILL)
        page.eval("document.querySelector('.picker button').click()")
        self.assertEqual(page.eval(COUNT), "30 of 30 custom metrics are charted.")
        page.goto(page.eval("location.href"))
        page.wait(READY)
        self.assertEqual(page.eval(COUNT), "12 of 30 custom metrics are charted.")

    def test_older_choices_make_room_for_a_new_one(self):
        page = self.open_query(numbered(30))
        page.eval("localStorage.setItem('streamgauge-custom-metrics', JSON.stringify(Array.from({ length: 99 }, (_, place) => [`other${place}`, ['x'.repeat(99)]])))")
        page.eval(self.FILL)
        page.eval("document.querySelector('.picker button').click()")
        page.goto(page.eval("location.href"))
        page.wait(READY)
        self.assertEqual(page.eval(COUNT), "30 of 30 custom metrics are charted.")
        self.assertEqual(page.eval("JSON.parse(localStorage.getItem('streamgauge-custom-metrics')).length"), 50)

    def test_a_choice_while_paused_does_not_move_the_charts_on(self):
        page = self.open_query(numbered(30))
        page.eval("document.getElementById('pause').click()")
        drawn = "[document.querySelector('.readout').textContent, document.querySelector('.chart .line').getAttribute('d'), document.querySelector('.custom-charts output').textContent].join('|')"
        before = page.eval(drawn)
        for _ in range(3):
            self.server.batch(self.query)
        page.wait("/6\\s+updates wait/.test(document.getElementById('banner').innerText)")
        page.eval(f"{box('m020')}.click()")
        self.assertEqual(page.eval(COUNT), "13 of 30 custom metrics are charted.")
        self.assertEqual(page.eval(drawn), before)
        page.eval("document.getElementById('pause').click()")
        page.wait(f"{drawn} !== {before!r}")

    # The focus

    def test_a_box_whose_metric_vanishes_gives_the_focus_to_the_next(self):
        extras = {"a1": 1, "a2": 1, "a3": 1}
        page = self.open_query(numbered(20), lambda batch: dict(extras))
        page.eval(f"{box('a2')}.focus()")
        del extras["a1"], extras["a2"]
        self.batch(page)
        page.wait("document.querySelectorAll('.picker-list label').length === 21")
        self.assertEqual(page.eval(FOCUS), "a3")
        self.assertEqual(page.eval("[...document.querySelectorAll('.picker-list [tabindex=\"0\"]')].map(box => box.value)"), ["a3"])

    def test_a_chart_keeps_the_focus_while_others_go_and_gives_it_to_the_next_when_it_goes(self):
        page = self.open_query(numbered(20))
        page.eval("[...document.querySelectorAll('.custom-charts .plot')][5].focus()")
        page.eval(f"{box('m001')}.click()")
        self.assertEqual(page.eval(FOCUS), "m005")
        page.eval(f"{box('m015')}.click()")
        page.eval(f"{box('m005')}.click()")
        self.assertEqual(page.eval(FOCUS), "m006")
        page.eval("document.querySelectorAll('.picker button')[1].click()")
        self.assertTrue(page.eval("document.activeElement.matches('.picker summary')"))

    def test_a_time_without_custom_metrics_keeps_the_list_and_the_focus(self):
        page = self.open_query(numbered(20))
        page.eval(f"{box('m002')}.focus()")
        missing = "document.querySelector('.custom-charts .missing').getBoundingClientRect().height > 0"
        month, recent = ("[...document.querySelectorAll('.segments button')].find(button => button.textContent === '%s').click()" % text for text in ("Last 30 days", "Recent"))
        page.eval(month)
        page.wait(missing)
        self.assertEqual(page.eval(f"[{CHARTED}.length && document.querySelector('.custom-charts .chart').getBoundingClientRect().height, {FOCUS}]"), [0, "m002"])
        self.assertEqual(page.eval(COUNT), "12 of 20 custom metrics are chosen.")
        page.eval(recent)
        page.wait(f"!({missing})")
        page.eval("document.querySelector('.custom-charts .plot').focus()")
        page.eval(month)
        page.wait(missing)
        self.assertTrue(page.eval("document.activeElement.matches('.picker summary')"))


if __name__ == "__main__":
    unittest.main()
