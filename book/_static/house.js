// What the page cannot say in HTML alone.
(function () {
  // A block that scrolls sideways must be reachable by keyboard: a tab stop while it scrolls.
  const scrollers = ".katex-display, pre, .output, .pst-scrollable-table-container";
  function mark() {
    for (const block of document.querySelectorAll(scrollers)) {
      if (block.scrollWidth > block.clientWidth) block.tabIndex = 0;
      else block.removeAttribute("tabindex");
    }
  }
  // The arrows of the menu need a name.
  for (const arrow of document.querySelectorAll("summary > .toctree-toggle")) {
    const part = arrow.closest("li").querySelector("a").textContent.trim();
    arrow.parentElement.setAttribute("aria-label", `Sections of ${part}`);
  }
  mark();
  document.fonts.ready.then(mark);
  document.fonts.addEventListener("loadingdone", mark); // a fold that opens may ask for one more
  addEventListener("resize", mark);
  addEventListener("toggle", mark, true);
})();
