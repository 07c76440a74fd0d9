"""The built site in a browser on a phone, in the dark. `make book` first."""

from tests.book.visits import LOOKS, EveryPage, every_page


class TestNarrow(EveryPage):
    look = "dark"

    @every_page
    def test_page_fits_a_phone(self, visit, name):
        assert visit(name).seen["overflow"] <= 0, "the page scrolls sideways at 390 px"


def test_colours_follow_the_system_until_the_reader_chooses(browser, address):
    context = browser.new_context(color_scheme="dark")
    page = context.new_page()
    page.goto(address + "book/intro.html")
    theme = "document.documentElement.dataset.theme"
    assert page.evaluate(theme) == "dark"
    page.locator(".theme-switch-button").first.click()
    assert page.evaluate(theme) == "light"
    page.reload()
    assert page.evaluate(theme) == "light", "the choice is remembered"
    context.close()


def test_menu_opens_on_a_phone(browser, address):
    page = browser.new_page(viewport=LOOKS["dark"])
    page.goto(address + "book/intro.html")
    entry = page.locator(".bd-sidebar-primary a", has_text="Glossary")
    assert not entry.is_visible() or entry.bounding_box()["x"] < 0
    page.locator("button.primary-toggle").first.click()
    entry.click()
    page.wait_for_url("**/book/back/glossary.html")
    page.close()
