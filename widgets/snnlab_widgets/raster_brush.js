// Selecting neurons and time by dragging over the raster; the selection stays where it is in time.
// A click pokes the neurons under the pointer.

const FINGER = 5;  // pixels that a click reaches up and down
const STILL = 4;  // pixels that a pointer moves in a click, at most

class RasterBrush {
  constructor(view) {
    this.view = view;
    this.model = view.model;
    this.canvas = view.canvas;
    this.canvas.addEventListener("pointerdown", this.press);
    this.canvas.addEventListener("pointermove", this.drag);
    this.canvas.addEventListener("pointerup", this.release);
    this.canvas.addEventListener("pointercancel", this.cancel);
    this.model.on("change:selection", this.repaint);
  }

  get isOffered() {
    return this.model.get("view").is_brush;
  }

  // Time and neuron under the pointer; outside the raster the nearest.
  place(event) {
    const { raster, span } = this.view;
    const { n_neurons: n, rows, neurons_per_row: each } = this.model.get("view");
    const box = this.canvas.getBoundingClientRect();
    const part = (value, size) => Math.max(0, Math.min(1, value / size));
    const x = part(event.clientX - box.left - raster.x, raster.width);
    const y = 1 - part(event.clientY - box.top - raster.y, raster.height);
    return { t: Math.max(0, span.low + x * (span.high - span.low)), neuron: Math.min(n - 1, Math.floor(y * rows * each)) };
  }

  isInside(event) {
    const { raster } = this.view;
    const box = this.canvas.getBoundingClientRect();
    const x = event.clientX - box.left - raster.x;
    const y = event.clientY - box.top - raster.y;
    return x >= 0 && y >= 0 && x < raster.width && y < raster.height;
  }

  press = (event) => {
    if (!this.isOffered || !this.view.span || event.button !== 0 || !this.isInside(event)) return;
    this.canvas.setPointerCapture(event.pointerId);
    this.from = this.to = this.place(event);
    this.pressed = event;
  };

  drag = (event) => {
    this.canvas.style.cursor = this.isOffered && this.isInside(event) ? "crosshair" : "";
    if (!this.from) return;
    this.to = this.place(event);
    this.repaint();
  };

  release = (event) => {
    if (!this.from) return;
    this.to = this.place(event);
    const selection = this.dragged();
    const { neuron } = this.from;
    this.from = null;
    const moved = Math.max(Math.abs(event.clientX - this.pressed.clientX), Math.abs(event.clientY - this.pressed.clientY));
    if (moved < STILL) this.poke(neuron);
    else if (selection.t_stop > selection.t_start) this.model.send({ do: "select", ...selection });
    this.repaint();
  };

  // Those of the same population within a finger's breadth.
  poke(neuron) {
    const { is_poke, populations, rows, neurons_per_row: each } = this.model.get("view");
    const { first, size } = populations.findLast((p) => p.first <= neuron);
    if (!is_poke || neuron >= first + size) return;
    const reach = Math.max(0, Math.round((FINGER * rows * each) / this.view.raster.height) - 1);
    this.model.send({ do: "poke", first: Math.max(first, neuron - reach), last: Math.min(first + size - 1, neuron + reach) });
  }

  cancel = () => {
    this.from = null;
    this.repaint();
  };

  dragged() {
    const round = (t) => Math.round(t * 10) / 10;
    const [low, high] = [this.from.t, this.to.t].sort((a, b) => a - b);
    const [first, last] = [this.from.neuron, this.to.neuron].sort((a, b) => a - b);
    return { first, last, t_start: round(low), t_stop: round(high) };
  }

  repaint = () => this.view.picture && this.view.paint();

  paint(ctx, colours) {
    const chosen = this.from ? this.dragged() : this.model.get("selection");
    if (chosen?.t_stop === undefined) return;
    const { raster, span } = this.view;
    const { rows, neurons_per_row: each } = this.model.get("view");
    const x = (t) => raster.x + (Math.max(0, Math.min(1, (t - span.low) / (span.high - span.low)))) * raster.width;
    const y = (neuron) => raster.y + raster.height * (1 - neuron / (rows * each));
    const [left, right, top, bottom] = [x(chosen.t_start), x(chosen.t_stop), y(chosen.last + 1), y(chosen.first)];
    if (right - left < 1) return;  // it has left the picture
    ctx.save();
    ctx.globalAlpha = 0.12;
    ctx.fillStyle = colours.ink;
    ctx.fillRect(left, top, right - left, bottom - top);
    ctx.globalAlpha = 1;
    ctx.strokeStyle = colours.ink;
    ctx.strokeRect(left + 0.5, top + 0.5, right - left - 1, bottom - top - 1);
    ctx.restore();
  }

  close() {
    this.model.off("change:selection", this.repaint);
  }
}
