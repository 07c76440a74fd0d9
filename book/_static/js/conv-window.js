// <conv-window>: a convolution that the reader can touch. Explained in chapter 3.2.1.
//
// Attributes `image` and `kernel` hold rows of numbers as JSON. Pixels and taps are inputs; stride,
// padding and dilation are menus. Pointing at an output, or moving there by arrow keys, marks its
// window. Plain JavaScript, no request, no dependency; colours come from the page's own variables.

const STYLE = `
  :host { display: block; margin: 1rem 0;
    color: var(--pst-color-text-base, var(--jp-ui-font-color1, #1F2933));
    font: 0.875rem/1.4 "Source Sans 3", system-ui, sans-serif; }
  .menus, .parts { display: flex; flex-wrap: wrap; gap: 0.5rem 1.5rem; align-items: center; }
  .parts { margin-top: 0.75rem; align-items: flex-start; }
  figure { margin: 0; } figcaption { font-weight: 600; margin-bottom: 0.25rem; }
  .grid { display: grid; gap: 2px; width: max-content; }
  .grid > * { box-sizing: border-box; width: 2.1rem; height: 2.1rem; padding: 0; display: flex;
    align-items: center; justify-content: center; text-align: center; font: inherit;
    color: #1F2933; background: #FBFAF7; border: 1px solid #B9B4A8; border-radius: 3px; }
  input { appearance: textfield; }
  input::-webkit-inner-spin-button { appearance: none; margin: 0; }
  button { cursor: pointer; }
  .grid > .frame { background: #E4E0D8; color: #4A5058; }
  .grid > .seen { background: #F6D58C; border-color: #8A5F00; color: #1F2933; }
  .grid > .chosen { background: #1B6CA8; color: #fff; border-color: #1B6CA8; }
  :focus-visible { outline: 3px solid #E0A11B; outline-offset: 1px; }
  select { font: inherit; padding: 0.1rem 0.3rem; color: inherit;
    background: var(--pst-color-background, var(--jp-layout-color1, #FBFAF7)); }
  p { margin: 0.75rem 0 0; min-height: 2.8em; font-variant-numeric: tabular-nums; }
`;

const SETTINGS = { stride: [1, 2, 3], padding: [0, 1, 2], dilation: [1, 2] };
const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

function outputSize(size, kernel, { stride, padding, dilation }) {
  return Math.max(Math.floor((size + 2 * padding - dilation * (kernel - 1) - 1) / stride) + 1, 0);
}

const table = (rows, columns, entry) =>
  Array.from({ length: rows }, (_, i) => Array.from({ length: columns }, (_, j) => entry(i, j)));

function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

const text = (number) => String(Math.round(number * 100) / 100).replace("-", "−");
const factor = (number) => (number < 0 ? `(${text(number)})` : text(number));
const isRounded = (number) => Math.abs(number * 100 - Math.round(number * 100)) > 1e-9;

class ConvWindow extends HTMLElement {
  connectedCallback() {
    if (this.shadowRoot) return;
    this.image = JSON.parse(this.getAttribute("image"));
    this.kernel = JSON.parse(this.getAttribute("kernel"));
    this.settings = { stride: 1, padding: 0, dilation: 1 };
    const menus = Object.keys(SETTINGS).map((name) => this.menu(name));
    this.parts = element("div", { className: "parts" });
    this.line = element("p");
    this.line.setAttribute("aria-live", "polite");
    this.attachShadow({ mode: "open" }).append(
      element("style", { textContent: STYLE }),
      element("div", { className: "menus" }, ...menus), this.parts, this.line);
    this.draw();
  }

  menu(name) {
    const options = SETTINGS[name].map((value) => element("option", { textContent: value }));
    const select = element("select", {}, ...options);
    select.addEventListener("change", () => {
      this.settings[name] = Number(select.value);
      this.draw();
    });
    return element("label", {}, `${name} `, select);
  }

  // Image coordinates of the pixel that a tap reads in a window; outside the image it is zero.
  place(i, j, m, n) {
    const { stride, padding, dilation } = this.settings;
    return [stride * i + dilation * m - padding, stride * j + dilation * n - padding];
  }

  // [tap, pixel] for every tap of a window.
  terms(i, j) {
    return this.kernel.flatMap((row, m) => row.map((tap, n) => {
      const [x, y] = this.place(i, j, m, n);
      return [tap, this.image[x]?.[y] ?? 0];
    }));
  }

  value(i, j) {
    return this.terms(i, j).reduce((sum, [tap, pixel]) => sum + tap * pixel, 0);
  }

  // A setting changed, and with it the shapes: everything is built anew.
  draw() {
    const { padding } = this.settings;
    const [rows, columns] = [this.image.length, this.image[0].length];
    const sizes = [outputSize(rows, this.kernel.length, this.settings),
      outputSize(columns, this.kernel[0].length, this.settings)];
    this.pixels = table(rows + 2 * padding, columns + 2 * padding, (x, y) =>
      this.image[x - padding]?.[y - padding] === undefined
        ? element("span", { className: "frame", textContent: "0" })
        : this.entry(this.image, x - padding, y - padding, "pixel"));
    const taps = table(this.kernel.length, this.kernel[0].length, (m, n) => this.entry(this.kernel, m, n, "tap"));
    this.outputs = table(...sizes, (i, j) => this.output(i, j));
    this.parts.replaceChildren(this.grid("image I", this.pixels), this.grid("kernel W", taps),
      this.grid(`output C, ${sizes.join(" × ")}`, this.outputs));
    if (sizes[0] && sizes[1]) this.refresh();
    else this.line.textContent = "The kernel does not fit: no window lies inside the padded image.";
  }

  // Numbers changed and shapes did not: the cells stay, and with them the keyboard's focus.
  refresh() {
    this.outputs.forEach((row, i) => row.forEach((cell, j) => {
      cell.textContent = text(this.value(i, j));
      cell.setAttribute("aria-label", `output at row ${i}, column ${j}: ${cell.textContent}`);
    }));
    const [i, j] = this.at ?? [0, 0];
    this.outputs[i]?.[j] ? this.show(i, j) : this.show(0, 0);
  }

  grid(title, cells) {
    const grid = element("div", { className: "grid" }, ...cells.flat());
    grid.style.gridTemplateColumns = `repeat(${cells[0]?.length || 1}, auto)`;
    return element("figure", {}, element("figcaption", { textContent: title }), grid);
  }

  entry(matrix, x, y, kind) {
    const input = element("input", { type: "number", step: "any", value: matrix[x][y] });
    input.setAttribute("aria-label", `${kind} at row ${x}, column ${y}`);
    input.addEventListener("change", () => {
      if (Number.isFinite(input.valueAsNumber)) matrix[x][y] = input.valueAsNumber;
      input.value = matrix[x][y]; // what is no number leaves the old one
      if (this.outputs.flat().length) this.refresh();
    });
    return input;
  }

  output(i, j) {
    const cell = element("button", { type: "button" });
    for (const event of ["pointerenter", "focus", "click"]) cell.addEventListener(event, () => this.show(i, j));
    cell.addEventListener("keydown", (event) => {
      const [down, right] = STEPS[event.key] ?? [0, 0];
      if (!down && !right) return;
      event.preventDefault();
      this.outputs[i + down]?.[j + right]?.focus();
    });
    return cell;
  }

  show(i, j) {
    this.at = [i, j];
    const { padding } = this.settings;
    const seen = new Set(this.kernel.flatMap((row, m) => row.map((_, n) => String(this.place(i, j, m, n)))));
    this.pixels.forEach((row, x) => row.forEach((cell, y) =>
      cell.classList.toggle("seen", seen.has(String([x - padding, y - padding])))));
    this.outputs.forEach((row, k) => row.forEach((cell, l) => {
      cell.classList.toggle("chosen", k === i && l === j);
      cell.tabIndex = k === i && l === j ? 0 : -1; // one tab stop; arrow keys reach the others
    }));
    const terms = this.terms(i, j);
    const sign = [...terms.flat(), this.value(i, j)].some(isRounded) ? "≈" : "=";
    const sum = terms.map((pair) => pair.map(factor).join("·")).join(" + ");
    this.line.textContent = `C(${i}, ${j}) ${sign} ${sum} ${sign} ${text(this.value(i, j))}`;
  }
}

if (!customElements.get("conv-window")) customElements.define("conv-window", ConvWindow);
