// The live raster with the population rates under it, on one time axis.
//
// Python sends frames, and asks with some of them for an answer. It comes when the frame was painted,
// and that is only while the raster is on screen: a view that nobody sees stops the sending.

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
    this.brush = new RasterBrush(this);
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
    this.rates = new RateLines(view, Math.ceil((columns * view.column_ms) / view.bin_ms) + 2);
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
    const hint = element("span", { class: "snnlab-note", text: view.is_poke ? "drag: select \u00b7 click: poke" : "" });
    this.caption.replaceChildren(...keys, this.note, hint, scale);
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
    this.answer(this.pending);
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

  // Everything that came since the last paint, one paint, one answer at most.
  show() {
    const todo = this.pending;
    this.pending = [];
    if (!todo.length) return;
    for (const [message, [spikes, rates]] of todo) this.take(message, spikes, rates);
    this.paint();
    const { k, step, aside } = todo.at(-1)[0];
    for (const [line, detail] of Object.entries(aside)) document.dispatchEvent(new CustomEvent(line, { detail }));
    this.canvas.dataset.frame = k;
    this.canvas.dataset.step = step;
    this.answer(todo);
  }

  // Tells that frames are done with, if one of them asks for that.
  answer(frames) {
    if (frames.some(([message]) => message.asks)) this.model.send({ do: "painted", k: frames.at(-1)[0].k });
  }

  take(message, spikes, rates) {
    if (message.is_fresh) {
      this.picture.clear(message.start);
      this.rates.clear();
    }
    this.picture.add(message, bytesOf(spikes));
    this.rates.add(message.first_bin, message.width, bytesOf(rates));
    this.marks = message.marks ?? this.marks;
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
    this.span = span;
    this.brush.paint(ctx, colours);
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
    this.brush.close();
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
