"""Batches that the page's menus do not have: those of a point further back, and older ones step by step."""

import os
import time
import unittest

from page_test_case import PageTestCase, StandIn

OPTIONS = "document.querySelector('.batches select').options"


@unittest.skipIf(os.environ.get("STREAMGAUGE_ADDRESS"), "a server was given, whose batches are not known")
class BatchTests(PageTestCase):
    def setUp(self):
        self.server = StandIn()
        self.addCleanup(lambda: self.server.kill())
        self.address = self.server.address

    def open_query(self):
        page = self.open()
        page.goto(f"{self.address}/queries/{self.query_id(page, 'orders-enrich-eu')}")
        page.wait("document.querySelector('.chart .line') && document.querySelector('.batches pre')")
        return page

    def test_the_batch_of_a_point_further_back_is_asked_for(self):
        page = self.open_query()
        self.assertLess(page.eval(f"{OPTIONS}.length"), 130)
        known = page.eval(f"[...{OPTIONS}].map(option => Number(option.value.split('/')[1]))")
        page.eval("document.querySelector('.plot').focus()")
        # The cursor goes from the newest point to older ones; Enter shows the batch.
        page.key("End")
        for _ in range(160):
            page.key("ArrowLeft")
        page.key("Enter")
        page.wait(f"!{known!r}.includes(Number(document.querySelector('.batches select').value.split('/')[1])) && document.querySelector('.batches pre')?.textContent.includes('numInputRows')")
        page.wait("JSON.parse(document.querySelector('.batches pre').textContent).batchId === Number(document.querySelector('.batches select').value.split('/')[1])")

    def test_who_has_gone_back_stays_there_and_comes_back_step_by_step(self):
        self.expected_errors = ("404",)
        page = self.open_query()
        page.eval("document.querySelector('.plot').focus()")
        page.key("End")
        for _ in range(160):
            page.key("ArrowLeft")
        page.key("Enter")
        newest = "[...document.querySelectorAll('.batches button')].find(button => button.textContent === 'Newest')"
        newer = "[...document.querySelectorAll('.batches button')].find(button => button.textContent === 'Newer')"
        number = "Number(document.querySelector('.batches select').value.split('/')[1])"
        page.wait(f"!{newest}.hidden")
        shown = page.eval(number)
        # What comes meanwhile changes nothing, and neither does another load.
        time.sleep(3)
        page.eval("document.dispatchEvent(new Event('visibilitychange'))")
        self.assertEqual(page.eval(number), shown)
        page.eval(f"{newer}.click()")
        page.wait(f"{number} === {shown} + 1")
        numbers = page.eval(f"[...{OPTIONS}].map(option => Number(option.value.split('/')[1]))")
        self.assertEqual(numbers, list(range(numbers[0], numbers[-1] - 1, -1)), "each is next to the one before")
        page.eval(f"{newest}.click()")
        page.wait(f"{newest}.hidden && {number} > {shown} + 100")

    def test_older_batches_come_step_by_step_until_there_are_none(self):
        # The oldest may be forgotten between the list and the question for its text.
        self.expected_errors = ("404",)
        page = self.open_query()
        older = "[...document.querySelectorAll('.batches button')].find(button => button.textContent === 'Older')"
        page.eval(f"(select => {{ select.selectedIndex = select.options.length - 1; select.dispatchEvent(new Event('change')); }})(document.querySelector('.batches select'))")
        before = page.eval(f"{OPTIONS}.length")
        page.eval(f"{older}.click()")
        page.wait(f"{OPTIONS}.length > {before} + 50 && document.querySelector('.batches select').selectedIndex >= {before}")
        numbers = page.eval(f"[...{OPTIONS}].map(option => Number(option.value.split('/')[1]))")
        self.assertEqual(numbers, sorted(numbers, reverse=True))
        for _ in range(5):
            page.eval(f"(select => {{ select.selectedIndex = select.options.length - 1; select.dispatchEvent(new Event('change')); }})(document.querySelector('.batches select'))")
            page.eval(f"{older}.click()")
            page.eval("new Promise(done => setTimeout(done, 300))")
        page.wait(f"{older}.disabled", what="the button to say that there are no older ones")


if __name__ == "__main__":
    unittest.main()
