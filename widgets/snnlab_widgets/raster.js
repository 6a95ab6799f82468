// The live raster with the population rates under it, on one time axis.
//
// Python sends frames; two may be unacknowledged. A frame is acknowledged after it was painted, and
// it is painted only while the raster is on screen: a view that nobody sees stops the sending.

// Spike counts in a ring of columns; only columns that changed are coloured anew.
class SpikePicture {
  constructor(view, columns, colours) {
    this.rows = view.rows;
    this.columns = columns;
    this.full = view.full_count;
    this.rowColours = rowColours(view, colours);
    this.counts = new Uint8Array(columns * view.rows);
    this.ink = new OffscreenCanvas(columns, view.rows);
    this.pen = this.ink.getContext("2d");
    this.stop = 0;
  }

  clear(stop) {
    this.counts.fill(0);
    this.pen.clearRect(0, 0, this.columns, this.rows);
    this.stop = stop;
  }

  slot(column) {
    return ((column % this.columns) + this.columns) % this.columns;
  }

  advance(stop) {
    const first = Math.max(this.stop, stop - this.columns);
    for (let c = first; c < stop; c++) {
      const at = this.slot(c) * this.rows;
      this.counts.fill(0, at, at + this.rows);
    }
    this.stop = Math.max(this.stop, stop);
  }

  add({ start, stop, mode }, bytes) {
    this.advance(stop);
    if (mode === "points") this.addPoints(start, bytes);
    else this.addImage(start, bytes);
    this.colour(Math.max(start, this.stop - this.columns), stop);
  }

  addPoints(start, bytes) {
    const words = new Uint32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
    const oldest = this.stop - this.columns;
    for (const word of words) {
      const column = start + (word & 0xffff);
      if (column < oldest) continue;
      const at = this.slot(column) * this.rows + (word >>> 16);
      if (this.counts[at] < 255) this.counts[at]++;
    }
  }

  addImage(start, bytes) {
    const oldest = this.stop - this.columns;
    for (let k = 0; k * this.rows < bytes.length; k++) {
      if (start + k < oldest) continue;
      const at = this.slot(start + k) * this.rows;
      for (let r = 0; r < this.rows; r++)
        this.counts[at + r] = Math.min(255, this.counts[at + r] + bytes[k * this.rows + r]);
    }
  }

  // Colours [start, stop), which may wrap around the end of the ring.
  colour(start, stop) {
    for (let c = start; c < stop; ) {
      const slot = this.slot(c);
      const n = Math.min(stop - c, this.columns - slot);
      this.pen.putImageData(this.coloured(slot, n), slot, 0);
      c += n;
    }
  }

  coloured(slot, n) {
    const image = new ImageData(n, this.rows);
    const pixels = new Uint32Array(image.data.buffer);
    for (let k = 0; k < n; k++) {
      const at = (slot + k) * this.rows;
      for (let r = 0; r < this.rows; r++) {
        const count = this.counts[at + r];
        if (count) pixels[(this.rows - 1 - r) * n + k] = this.rowColours[r] | this.alpha(count);
      }
    }
    return image;
  }

  // At least a third, so that no spike is lost; full colour where every neuron fires often.
  alpha(count) {
    const strength = this.full <= 1 ? 1 : Math.max(1 / 3, Math.min(1, Math.sqrt(count / this.full)));
    return Math.round(255 * strength) << 24;
  }

  // Draws columns [left, left + columns) into the area.
  draw(ctx, area, left) {
    const unit = area.width / this.columns;
    const split = this.slot(left);
    const n = this.columns - split;
    ctx.imageSmoothingEnabled = false;
    ctx.drawImage(this.ink, split, 0, n, this.rows, area.x, area.y, n * unit, area.height);
    if (split)
      ctx.drawImage(this.ink, 0, 0, split, this.rows, area.x + n * unit, area.y, split * unit, area.height);
  }
}

function rowColours(view, colours) {
  const packed = new Uint32Array(view.rows);
  view.populations.forEach((population, k) => {
    const [r, g, b] = rgb(colours[k]);
    const first = Math.floor(population.first / view.neurons_per_row);
    packed.fill(r | (g << 8) | (b << 16), first);
  });
  return packed;
}

// Rate of each population in a ring of bins; the scale changes only when it must.
class RateLines {
  constructor(n_populations, n_bins) {
    this.n = n_populations;
    this.bins = n_bins;
    this.values = new Float32Array(n_populations * n_bins);
    this.clear();
  }

  clear() {
    this.values.fill(NaN);
    this.top = 10;
  }

  slot(bin) {
    return (bin % this.bins) * this.n;
  }

  add(first, bytes) {
    const values = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
    for (let k = 0; k * this.n < values.length; k++)
      this.values.set(values.subarray(k * this.n, (k + 1) * this.n), this.slot(first + k));
    this.rescale();
  }

  rescale() {
    let most = 0;
    for (const value of this.values) if (value > most) most = value;
    const wanted = Math.max(10, most * 1.15);
    const step = niceStep(wanted, 8);
    const top = Math.ceil(wanted / step) * step;
    if (most > this.top || top < 0.7 * this.top) this.top = top;
  }

  // Bins [first, stop) as lines; x(bin) gives the position of a bin's middle.
  draw(ctx, area, colours, first, stop, x) {
    ctx.save();
    ctx.beginPath();
    ctx.rect(area.x, area.y, area.width, area.height);
    ctx.clip();
    ctx.lineWidth = 1.3;
    ctx.lineJoin = "round";
    for (let p = 0; p < this.n; p++) {
      ctx.strokeStyle = colours[p];
      ctx.beginPath();
      for (let bin = first; bin < stop; bin++) {
        const value = this.values[this.slot(bin) + p];
        if (!Number.isNaN(value)) ctx.lineTo(x(bin), area.y + area.height * (1 - value / this.top));
      }
      ctx.stroke();
    }
    ctx.restore();
  }
}

// One view in the page.
class RasterView {
  constructor(model, el) {
    this.model = model;
    this.pending = [];
    this.marks = [];
    this.isScheduled = false;
    this.isVisible = true;
    this.build(el);
    this.observe(el);
    model.on("msg:custom", this.receive);
    model.on("change:view", this.relayout);
    this.relayout();
  }

  build(el) {
    this.caption = element("figcaption");
    this.note = element("span", { class: "snnlab-note" });
    this.canvas = element("canvas", { class: "snnlab-raster-canvas", role: "img", "data-frame": "0" });
    this.empty = element("div", { class: "snnlab-empty", text: "No spikes yet: press Run." });
    this.stage = element("div", { class: "snnlab-stage" }, this.canvas, this.empty);
    el.append(part("figure", "raster", {}, this.caption, this.stage));
    this.ctx = this.canvas.getContext("2d", { alpha: false });
  }

  observe() {
    this.onScreen = new IntersectionObserver(([entry]) => {
      this.isVisible = entry.isIntersecting;
      if (this.isVisible && this.isStale) this.relayout();
      else this.schedule();
    });
    this.onScreen.observe(this.canvas);
    this.onSize = new ResizeObserver(() => this.stage.clientWidth !== this.width && this.relayout());
    this.onSize.observe(this.stage);
    this.offTheme = onTheme(this.relayout);
  }

  // Lays everything out anew and asks for what is on screen; needed when width, scale or theme change.
  relayout = () => {
    this.width = this.stage.clientWidth;
    if (this.width < 200) return;
    const view = this.model.get("view");
    const unit = unitPixels();
    const ratio = devicePixelRatio || 1;
    this.colours = isLight() ? view.colours : view.colours_dark;
    const columns = Math.floor(((this.width - MARGIN.left - MARGIN.right) * ratio) / unit);
    const rowPixels = Math.max(1, Math.floor((view.height * unit) / view.rows));
    const size = { width: (columns * unit) / ratio, height: (view.rows * rowPixels) / ratio };
    this.raster = { x: MARGIN.left, y: MARGIN.top, ...size };
    this.lines = { x: MARGIN.left, y: size.height + MARGIN.top + 22, width: size.width, height: view.rate_height };
    resize(this.canvas, Math.round(this.width * ratio), Math.round((this.lines.y + this.lines.height + MARGIN.bottom) * ratio));
    this.picture = new SpikePicture(view, columns, this.colours);
    this.rates = new RateLines(view.populations.length, Math.ceil((columns * view.column_ms) / view.bin_ms) + 2);
    this.describe(view);
    this.pending = [];
    this.isStale = false;
    this.paint();
    this.model.send({ do: "ready", columns });
  };

  describe(view) {
    const keys = view.populations.map((p, k) =>
      element("span", { class: "snnlab-key" },
        element("i", { style: `background:${this.colours[k]}`, "aria-hidden": "true" }),
        `${p.name} (${integer(p.size)})`));
    this.note.textContent = view.note;
    const scale = element("select", {
      "aria-label": "time scale", title: "Model time that one pixel stands for",
      onchange: (event) => this.model.send({ do: "scale", column_ms: Number(event.target.value) }),
    });
    for (const ms of view.scales)
      scale.append(element("option", { value: ms, text: `${ms} ms / px`, selected: ms === view.column_ms }));
    this.caption.replaceChildren(...keys, this.note, scale);
  }

  // Another view may keep the frames coming while this one is off screen: it must not hoard them.
  receive = (message, buffers) => {
    if (message.kind === "clear") this.clear();
    if (message.kind !== "frame" || this.isStale) return;
    this.pending.push([message, buffers]);
    this.isStale = !this.isVisible && this.pending.length > 8;
    if (this.isStale) this.pending = [];
    this.schedule();
  };

  // After a reset there is nothing to show.
  clear() {
    this.pending = [];
    this.marks = [];
    this.bins = undefined;
    this.picture?.clear(0);
    this.rates?.clear();
    if (this.picture) this.paint();
  }

  schedule() {
    if (this.isScheduled || !this.isVisible || !this.pending.length || !this.picture) return;
    this.isScheduled = true;
    requestAnimationFrame(() => {
      this.isScheduled = false;
      this.show();
    });
  }

  // Everything that came since the last paint, one paint, one acknowledgement.
  show() {
    const todo = this.pending;
    this.pending = [];
    if (!todo.length) return;
    for (const [message, [spikes, rates]] of todo) this.take(message, spikes, rates);
    this.paint();
    const { k, step } = todo[todo.length - 1][0];
    this.canvas.dataset.frame = k;
    this.canvas.dataset.step = step;
    this.model.send({ do: "painted", k });
  }

  take(message, spikes, rates) {
    if (message.is_fresh) {
      this.picture.clear(message.start);
      this.rates.clear();
    }
    this.picture.add(message, bytesOf(spikes));
    this.rates.add(message.first_bin, bytesOf(rates));
    this.marks = message.marks;
    this.bins = { first: this.bins && !message.is_fresh ? this.bins.first : message.first_bin, stop: message.stop_bin };
  }

  paint() {
    const view = this.model.get("view");
    const { ctx } = this;
    const ratio = devicePixelRatio || 1;
    const colours = theme(this.canvas);
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    ctx.fillStyle = colours.paper;
    ctx.fillRect(0, 0, this.canvas.width, this.canvas.height);
    const left = Math.max(0, this.picture.stop - this.picture.columns);
    this.picture.draw(ctx, this.raster, left);
    const span = { low: left * view.column_ms, high: (left + this.picture.columns) * view.column_ms };
    this.paintRates(ctx, view, span);
    this.paintMarks(ctx, colours, span);
    drawAxes(ctx, this.raster, colours, {
      x: { ...span, isLabelled: false },
      y: { low: 0, high: view.rows * view.neurons_per_row, label: "neuron (global id)" },
    });
    drawAxes(ctx, this.lines, colours, {
      x: { ...span, label: "time (ms)" },
      y: { low: 0, high: this.rates.top, label: "rate (spikes/s)", most: 5 },
    });
    this.empty.hidden = this.picture.stop > 0;
    this.canvas.setAttribute("aria-label", spoken(view, span));
  }

  paintRates(ctx, view, span) {
    if (!this.bins) return;
    const first = Math.max(this.bins.first, Math.floor(span.low / view.bin_ms));
    const scale = this.lines.width / (span.high - span.low);
    const x = (bin) => this.lines.x + ((bin + 0.5) * view.bin_ms - span.low) * scale;
    this.rates.draw(ctx, this.lines, this.colours, first, this.bins.stop, x);
  }

  // A dashed line where an edit took effect, with what it set; newest first, where there is room.
  paintMarks(ctx, colours, span) {
    ctx.save();
    ctx.setLineDash([4, 3]);
    ctx.strokeStyle = colours.ink;
    ctx.font = colours.font;
    ctx.textBaseline = "top";
    let room = this.raster.x + this.raster.width;
    for (const { t, text } of [...this.marks].reverse()) {
      if (t < span.low || t > span.high) continue;
      const x = this.raster.x + ((t - span.low) / (span.high - span.low)) * this.raster.width;
      const width = ctx.measureText(text).width + 8;
      const isNewest = room === this.raster.x + this.raster.width;
      const left = isNewest ? Math.min(x, room - width) : x;
      ctx.globalAlpha = left + width <= room ? 1 : 0.25;
      this.paintLine(ctx, x);
      if (left + width > room) continue;
      this.paintTag(ctx, colours, text, left, width);
      room = left;
    }
    ctx.restore();
  }

  paintLine(ctx, x) {
    ctx.beginPath();
    ctx.moveTo(x, this.raster.y);
    ctx.lineTo(x, this.lines.y + this.lines.height);
    ctx.stroke();
  }

  paintTag(ctx, colours, text, left, width) {
    ctx.fillStyle = colours.paper;
    ctx.fillRect(left + 1, this.raster.y + 2, width, 17);
    ctx.fillStyle = colours.ink;
    ctx.textAlign = "left";
    ctx.fillText(text, left + 5, this.raster.y + 5);
  }

  close() {
    this.model.off("msg:custom", this.receive);
    this.model.off("change:view", this.relayout);
    this.onScreen.disconnect();
    this.onSize.disconnect();
    this.offTheme();
  }
}

const bytesOf = (view) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);

const spoken = (view, span) =>
  `Raster of ${view.n_neurons} neurons and rates of ${view.populations.length} populations, ` +
  `${tickText(Math.round(span.low))} to ${tickText(Math.round(span.high))} ms. ${view.note}`;

export default {
  render({ model, el }) {
    const view = new RasterView(model, el);
    return () => view.close();
  },
};
