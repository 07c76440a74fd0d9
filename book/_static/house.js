// A block that scrolls sideways must be reachable by keyboard: it gets a tab stop while it scrolls.
(function () {
  const scrollers = ".katex-display > .katex > .katex-html, .math > .katex-display, pre, .output.text_html, .pst-scrollable-table-container";
  function mark() {
    for (const block of document.querySelectorAll(scrollers)) {
      if (block.scrollWidth > block.clientWidth + 1) block.tabIndex = 0;
      else block.removeAttribute("tabindex");
    }
  }
  mark();
  document.fonts.ready.then(mark);
  addEventListener("resize", mark);
  addEventListener("toggle", mark, true);
})();
