// A sheet of neurons: what they prefer or do as colours, a patch that is selected, one that is lesioned.
//
// Drag to select a patch, with Shift to add to it; click to add or remove one neuron. The arrows move
// a cursor, Space selects where it is, Escape selects nothing.

class SheetView extends PictureView {
  constructor(model, el) {
    const select = (name, title, message) => element("select", { "aria-label": name, title,
      onchange: (event) => model.send(message(event.target.value)) });
    const population = select("population", "Whose neurons are shown and selected", (population) => ({ do: "turn", population }));
    const quantity = select("quantity", "What the colours show", (quantity) => ({ do: "show", quantity }));
    const button = (name, text, title, ask) => element("button", { type: "button", class: `snnlab-${name}`, text, title, onclick: ask });
    const lesion = button("lesion", "Lesion selection", "Silence and cut off the neurons that are selected",
      () => model.send({ do: "lesion", neurons: [...this.selected].sort((a, b) => a - b) }));
    const recover = button("recover", "Recover all", "Let all lesioned neurons of this sheet live again",
      () => model.send({ do: "recover" }));
    const note = element("p", { class: "snnlab-doc", role: "status" });
    const error = element("p", { class: "snnlab-error", role: "alert" });
    super(model, el, "sheet", "sheet of neurons: drag to select a patch",
      element("div", { class: "snnlab-tools" }, population, quantity, lesion, recover));
    this.figure.append(note, error);
    Object.assign(this, { population, quantity, lesion, recover, note, error });
    this.selected = new Set();
    this.cursor = null;
    this.canvas.tabIndex = 0;
    this.listen();
    for (const name of ["status", "sheets"]) model.on(`change:${name}`, this.update);
    this.update();
  }

  listen() {
    this.canvas.addEventListener("pointerdown", this.press);
    this.canvas.addEventListener("pointermove", this.drag);
    this.canvas.addEventListener("pointerup", this.release);
    this.canvas.addEventListener("pointercancel", () => { this.from = null; this.show(); });
    this.canvas.addEventListener("keydown", this.key);
  }

  update = () => {
    const { population, quantity, can_edit: canEdit, n_lesioned: n, error } = this.model.get("status");
    const sheets = this.model.get("sheets");
    fill(this.population, sheets.map((s) => s.population), population);
    fill(this.quantity, sheets.find((s) => s.population === population)?.quantities ?? [], quantity);
    if (this.turned !== population) this.selected?.clear();
    this.turned = population;
    this.recover.disabled = !canEdit || !n;
    this.error.textContent = error;
    this.error.hidden = !error;
    this.tell();
    if (this.area) this.paint();
  };

  tell() {
    const { can_edit: canEdit, n_lesioned: n, hint } = this.model.get("status");
    const k = this.selected.size;
    this.lesion.disabled = !canEdit || !k;
    const parts = [];
    if (k) parts.push(`${integer(k)} selected`);
    if (n) parts.push(`${integer(n)} lesioned (crossed)`);
    if (hint) parts.push(hint);
    this.note.textContent = parts.join("; ");
    this.canvas.dataset.selected = k;
    this.canvas.dataset.lesioned = n;
  }

  take() {
    super.take();
    const lesioned = this.buffers[1];
    for (const neuron of this.selected) if (lesioned[neuron]) this.selected.delete(neuron);
    this.tell();
  }

  // The neuron under the pointer, as [column, row]; outside the image the nearest.
  cell(event) {
    const { columns, rows } = this.shown;
    const box = this.canvas.getBoundingClientRect();
    const clamp = (value, n) => Math.max(0, Math.min(n - 1, Math.floor(value)));
    const x = (event.clientX - box.left - this.area.x) / this.area.width;
    const y = 1 - (event.clientY - box.top - this.area.y) / this.area.height;
    return [clamp(x * columns, columns), clamp(y * rows, rows)];
  }

  isInside(event) {
    const box = this.canvas.getBoundingClientRect();
    const x = event.clientX - box.left - this.area.x;
    const y = event.clientY - box.top - this.area.y;
    return x >= 0 && y >= 0 && x < this.area.width && y < this.area.height;
  }

  press = (event) => {
    if (!this.area || event.button !== 0 || !this.isInside(event)) return;
    this.canvas.setPointerCapture(event.pointerId);
    this.from = this.to = this.cell(event);
    this.isAdding = event.shiftKey || event.ctrlKey || event.metaKey;
    this.show();
  };

  drag = (event) => {
    if (!this.from) return;
    this.to = this.cell(event);
    this.show();
  };

  release = (event) => {
    if (!this.from) return;
    this.to = this.cell(event);
    const cells = this.box();
    this.from = null;
    if (cells.length === 1) this.toggle(cells[0]);
    else {
      if (!this.isAdding) this.selected.clear();
      for (const neuron of cells) this.add(neuron);
    }
    this.show();
  };

  // The neurons of the box that is being dragged.
  box() {
    const { columns } = this.shown;
    const [x0, x1] = [this.from[0], this.to[0]].sort((a, b) => a - b);
    const [y0, y1] = [this.from[1], this.to[1]].sort((a, b) => a - b);
    const found = [];
    for (let y = y0; y <= y1; y++) for (let x = x0; x <= x1; x++) found.push(y * columns + x);
    return found;
  }

  toggle(neuron) {
    if (!this.selected.delete(neuron)) this.add(neuron);
  }

  add(neuron) {
    if (!this.buffers[1][neuron]) this.selected.add(neuron);
  }

  key = (event) => {
    const move = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (!this.shown || !(move || event.key === " " || event.key === "Escape")) return;
    event.preventDefault();
    const { columns, rows } = this.shown;
    if (event.key === "Escape") this.selected.clear();
    else if (!this.cursor) this.cursor = [columns >> 1, rows >> 1];
    else if (event.key === " ") this.toggle(this.cursor[1] * columns + this.cursor[0]);
    else this.cursor = [(this.cursor[0] + move[0] + columns) % columns, (this.cursor[1] + move[1] + rows) % rows];
    if (event.shiftKey && move) this.add(this.cursor[1] * columns + this.cursor[0]);
    this.show();
  };

  show() {
    this.tell();
    this.paint();
  }

  paintOver(ctx, area, colours) {
    const { columns, rows } = this.shown;
    const side = area.width / columns;
    const place = (neuron) => [area.x + (neuron % columns) * side, area.y + (rows - 1 - Math.floor(neuron / columns)) * side];
    const lesioned = this.buffers[1];
    lesioned.forEach((is, neuron) => is && this.paintCross(ctx, ...place(neuron), side));
    const selected = new Set(this.selected);
    if (this.from) {
      if (!this.isAdding) selected.clear();
      for (const neuron of this.box()) selected.add(neuron);
    }
    this.paintOutline(ctx, selected, columns, place, side, colours);
    if (this.cursor && document.activeElement === this.canvas) {
      ctx.strokeStyle = colours.ink;
      ctx.lineWidth = 2;
      ctx.strokeRect(...place(this.cursor[1] * columns + this.cursor[0]), side, side);
    }
  }

  paintCross(ctx, x, y, side) {
    ctx.fillStyle = "rgb(255 255 255 / 65%)";
    ctx.fillRect(x, y, side, side);
    ctx.strokeStyle = "#b00020";
    ctx.lineWidth = Math.max(1, side / 12);
    ctx.beginPath();
    ctx.moveTo(x + side * 0.2, y + side * 0.2);
    ctx.lineTo(x + side * 0.8, y + side * 0.8);
    ctx.moveTo(x + side * 0.8, y + side * 0.2);
    ctx.lineTo(x + side * 0.2, y + side * 0.8);
    ctx.stroke();
  }

  // A line round the patch, white within black, to be seen on every colour.
  paintOutline(ctx, selected, columns, place, side) {
    const path = new Path2D();
    for (const neuron of selected) {
      const [x, y] = place(neuron);
      const edge = (x0, y0, x1, y1) => { path.moveTo(x0, y0); path.lineTo(x1, y1); };
      if (!selected.has(neuron + columns)) edge(x, y, x + side, y);
      if (!selected.has(neuron - columns)) edge(x, y + side, x + side, y + side);
      if (neuron % columns === 0 || !selected.has(neuron - 1)) edge(x, y, x, y + side);
      if (neuron % columns === columns - 1 || !selected.has(neuron + 1)) edge(x + side, y, x + side, y + side);
    }
    for (const [width, colour] of [[4, "#ffffff"], [2, "#000000"]]) {
      ctx.lineWidth = width;
      ctx.strokeStyle = colour;
      ctx.stroke(path);
    }
  }

  close() {
    for (const name of ["status", "sheets"]) this.model.off(`change:${name}`, this.update);
    super.close();
  }
}

function fill(select, names, chosen) {
  if ([...select.options].map((o) => o.value).join("\n") !== names.join("\n"))
    select.replaceChildren(...names.map((value) => element("option", { value, text: value })));
  select.value = chosen;
}

export default {
  render({ model, el }) {
    const view = new SheetView(model, el);
    return () => view.close();
  },
};
