// <conv-window>: a convolution that the reader can touch. Explained in chapter 3.2.1.
//
// Attributes `image` and `kernel` hold rows of numbers as JSON. Pixels and taps are inputs; stride,
// padding and dilation are menus. Pointing at (or focusing) an output marks its window.
// Plain JavaScript, no request, no dependency; colours come from the page's own variables.

const STYLE = `
  :host { display: block; margin: 1rem 0; color: var(--pst-color-text-base, var(--jp-ui-font-color1, #1F2933));
          font: 0.875rem/1.4 "Source Sans 3", system-ui, sans-serif; }
  .menus, .parts { display: flex; flex-wrap: wrap; gap: 0.5rem 1.5rem; align-items: center; }
  .parts { margin-top: 0.75rem; align-items: flex-start; }
  figure { margin: 0; } figcaption { font-weight: 600; margin-bottom: 0.25rem; }
  .grid { display: grid; gap: 2px; width: max-content; }
  input, output { box-sizing: border-box; width: 2.1rem; height: 2.1rem; padding: 0;
    text-align: center; font: inherit; color: #1F2933; background: #FBFAF7;
    border: 1px solid #B9B4A8; border-radius: 3px; appearance: textfield; }
  output { display: flex; align-items: center; justify-content: center; cursor: pointer; }
  .pad { background: #E4E0D8; color: #5A6068; }
  .seen { background: #F6D58C; border-color: #8A5F00; }
  .chosen { background: #1B6CA8; color: #fff; border-color: #1B6CA8; }
  input:focus-visible, output:focus-visible, select:focus-visible {
    outline: 3px solid #E0A11B; outline-offset: 1px; }
  select { font: inherit; padding: 0.1rem 0.3rem; color: inherit;
    background: var(--pst-color-background, var(--jp-layout-color1, #FBFAF7)); }
  p { margin: 0.75rem 0 0; min-height: 2.8em; font-variant-numeric: tabular-nums; }
  p.error { font-weight: 600; }
`;

const SETTINGS = { stride: [1, 2, 3], padding: [0, 1, 2], dilation: [1, 2] };

function outputSize(size, kernel, { stride, padding, dilation }) {
  return Math.floor((size + 2 * padding - dilation * (kernel - 1) - 1) / stride) + 1;
}

function correlate(image, kernel, settings) {
  const { stride, padding, dilation } = settings;
  const rows = outputSize(image.length, kernel.length, settings);
  const columns = outputSize(image[0].length, kernel[0].length, settings);
  const pixel = (x, y) => image[x - padding]?.[y - padding] ?? 0; // zero outside the image
  return Array.from({ length: Math.max(rows, 0) }, (_, i) =>
    Array.from({ length: Math.max(columns, 0) }, (_, j) =>
      kernel.reduce((sum, taps, m) => sum + taps.reduce((part, tap, n) =>
        part + tap * pixel(stride * i + dilation * m, stride * j + dilation * n), 0), 0)));
}

const element = (tag, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
};

const text = (number) => String(Math.round(number * 100) / 100).replace("-", "−");

class ConvWindow extends HTMLElement {
  connectedCallback() {
    if (this.shadowRoot) return;
    this.image = JSON.parse(this.getAttribute("image"));
    this.kernel = JSON.parse(this.getAttribute("kernel"));
    this.settings = { stride: 1, padding: 0, dilation: 1 };
    this.menus = element("div", { className: "menus" }, ...Object.keys(SETTINGS).map((name) => this.menu(name)));
    this.parts = element("div", { className: "parts" });
    this.line = element("p");
    this.line.setAttribute("aria-live", "polite");
    this.attachShadow({ mode: "open" }).append(
      element("style", { textContent: STYLE }), this.menus, this.parts, this.line);
    this.draw();
  }

  menu(name) {
    const select = element("select", {}, ...SETTINGS[name].map((value) => element("option", { textContent: value })));
    select.addEventListener("change", () => {
      this.settings[name] = Number(select.value);
      this.draw();
    });
    return element("label", {}, `${name} `, select);
  }

  draw() {
    const { padding } = this.settings;
    this.result = correlate(this.image, this.kernel, this.settings);
    const framed = this.image[0].length + 2 * padding;
    const cells = [];
    for (let x = -padding; x < this.image.length + padding; x++)
      for (let y = -padding; y < this.image[0].length + padding; y++)
        cells.push(this.image[x]?.[y] === undefined
          ? element("output", { className: "pad", textContent: "0" })
          : this.entry(this.image, x, y, `pixel at row ${x}, column ${y}`));
    this.pixels = cells;
    const taps = this.kernel.flatMap((row, m) => row.map((_, n) => this.entry(this.kernel, m, n, `tap at row ${m}, column ${n}`)));
    this.outputs = this.result.flatMap((row, i) => row.map((value, j) => this.window(value, i, j)));
    this.parts.replaceChildren(
      this.grid("image I", cells, framed),
      this.grid("kernel W", taps, this.kernel[0].length),
      this.grid(`output C, ${this.result.length} × ${this.result[0]?.length ?? 0}`, this.outputs, this.result[0]?.length || 1));
    if (this.outputs.length) this.show(0, 0);
    else this.say("The kernel does not fit: no window lies inside the padded image.", true);
  }

  grid(title, cells, columns) {
    const grid = element("div", { className: "grid" }, ...cells);
    grid.style.gridTemplateColumns = `repeat(${columns}, auto)`;
    return element("figure", {}, element("figcaption", { textContent: title }), grid);
  }

  entry(matrix, x, y, label) {
    const input = element("input", { type: "number", step: "any", value: matrix[x][y] });
    input.setAttribute("aria-label", label);
    input.addEventListener("change", () => {
      matrix[x][y] = Number(input.value) || 0;
      this.draw();
    });
    return input;
  }

  window(value, i, j) {
    const cell = element("output", { textContent: text(value), tabIndex: 0 });
    cell.setAttribute("aria-label", `output at row ${i}, column ${j}: ${text(value)}`);
    for (const event of ["pointerenter", "focus", "click"]) cell.addEventListener(event, () => this.show(i, j));
    return cell;
  }

  show(i, j) {
    const { stride, padding, dilation } = this.settings;
    const framed = this.image[0].length + 2 * padding;
    const seen = new Map();
    this.kernel.forEach((row, m) => row.forEach((tap, n) =>
      seen.set((stride * i + dilation * m) * framed + stride * j + dilation * n, tap)));
    this.pixels.forEach((cell, k) => cell.classList.toggle("seen", seen.has(k)));
    this.outputs.forEach((cell, k) => cell.classList.toggle("chosen", k === i * this.result[0].length + j));
    const terms = [...seen].map(([k, tap]) => `${text(tap)}·${text(Number(this.pixels[k].value || 0))}`);
    this.say(`C(${i}, ${j}) = ${terms.join(" + ")} = ${text(this.result[i][j])}`);
  }

  say(sentence, isError = false) {
    this.line.textContent = sentence;
    this.line.classList.toggle("error", isError);
  }
}

if (globalThis.customElements && !customElements.get("conv-window")) customElements.define("conv-window", ConvWindow);
