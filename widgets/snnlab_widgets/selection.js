// Statistics of a selection: what is selected, as numbers that can be typed; a table; intervals and
// spectrum as two small pictures.

const CHART = { width: 280, height: 150 };

class SelectionView {
  constructor(model, el) {
    this.model = model;
    const field = (name, title, step) => element("input", { type: "number", min: 0, step, title, "aria-label": title,
      "data-name": name, onchange: this.type });
    this.fields = {
      first: field("first", "First neuron (global id)", 1),
      last: field("last", "Last neuron (global id)", 1),
      t_start: field("t_start", "Begin of the time (ms)", "any"),
      t_stop: field("t_stop", "End of the time (ms)", "any"),
    };
    this.follow = element("input", { type: "checkbox", onchange: () => model.send({ do: "follow", follows: this.follow.checked }) });
    this.clear = element("button", { type: "button", class: "snnlab-clear", text: "Clear", onclick: () => model.send({ do: "clear" }) });
    this.poke = element("button", { type: "button", class: "snnlab-poke", text: "Poke", title: "Let the selected neurons fire now",
      hidden: !model.get("can_poke"), onclick: () => model.send({ do: "poke" }) });
    this.empty = element("p", { class: "snnlab-doc", text: "Drag over the raster to select neurons and time, or type them here." });
    this.error = element("p", { class: "snnlab-error", role: "alert" });
    this.rows = element("dl");
    this.charts = ["intervals", "spectrum"].map((name) => element("canvas", { role: "img", "data-chart": name }));
    const { first, last, t_start, t_stop } = this.fields;
    el.append(part("section", "selection", { "aria-label": "statistics of the selection" },
      element("h3", { text: "Selection" }),
      element("div", { class: "snnlab-tools" }, "neurons", first, "to", last, "time", t_start, "to", t_stop, "ms",
        element("label", {}, this.follow, " follow the run"), this.poke, this.clear),
      this.empty, this.error, element("div", { class: "snnlab-found" }, this.rows, ...this.charts)));
    for (const name of ["selection", "shown", "follows"]) model.on(`change:${name}`, this.update);
    this.offTheme = onTheme(this.update);
    this.update();
  }

  // Typing is over when all four are there.
  type = (event) => {
    event.target.shown = event.target.value;
    const values = Object.fromEntries(Object.entries(this.fields).map(([name, f]) => [name, f.valueAsNumber]));
    if (Object.values(values).every(Number.isFinite)) this.model.send({ do: "select", ...values });
  };

  // What is half typed is not replaced, even while the selection follows the run.
  isTyping(field) {
    return document.activeElement === field && field.value !== (field.shown ?? "");
  }

  update = () => {
    const chosen = this.model.get("selection");
    const { rows, intervals, spectrum, error } = this.model.get("shown");
    const isEmpty = chosen.t_stop === undefined;
    for (const [name, f] of Object.entries(this.fields))
      if (!this.isTyping(f) && (document.activeElement !== f || !error))
        f.value = f.shown = isEmpty ? "" : String(+chosen[name].toFixed(1));
    this.follow.checked = this.model.get("follows");
    this.follow.disabled = this.poke.disabled = this.clear.disabled = isEmpty;
    this.empty.hidden = !isEmpty;
    this.error.textContent = error;
    this.error.hidden = !error;
    this.rows.replaceChildren(...rows.map(([name, value, title]) =>
      element("div", { title, "data-statistic": name }, element("dt", { text: name }), element("dd", { text: value }))));
    this.drawIntervals(this.charts[0], intervals);
    this.drawSpectrum(this.charts[1], spectrum);
  };

  chart(canvas, isThere, label) {
    canvas.hidden = !isThere;
    if (!isThere) return null;
    const ratio = devicePixelRatio || 1;
    resize(canvas, CHART.width * ratio, CHART.height * ratio);
    canvas.setAttribute("aria-label", label);
    const ctx = canvas.getContext("2d");
    const colours = theme(canvas);
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    ctx.fillStyle = colours.paper;
    ctx.fillRect(0, 0, CHART.width, CHART.height);
    const area = { x: 62, y: 6, width: CHART.width - 72, height: CHART.height - 46 };
    return { ctx, colours, area };
  }

  drawIntervals(canvas, { width, counts }) {
    const found = this.chart(canvas, counts?.length, "Histogram of inter-spike intervals");
    if (!found) return;
    const { ctx, colours, area } = found;
    const top = Math.max(...counts);
    const bar = area.width / counts.length;
    ctx.fillStyle = colours.light ? "#0072B2" : "#56B4E9";
    counts.forEach((n, k) => {
      const height = (area.height * n) / top;
      ctx.fillRect(area.x + k * bar, area.y + area.height - height, Math.max(1, bar - 1), height);
    });
    drawAxes(ctx, area, colours, {
      x: { low: 0, high: width * counts.length, label: "interval (ms)", most: 5 },
      y: { low: 0, high: top, label: "intervals", most: 4 },
    });
  }

  drawSpectrum(canvas, { frequency, power }) {
    const found = this.chart(canvas, power?.length, "Power spectrum of the population rate");
    if (!found) return;
    const { ctx, colours, area } = found;
    const [low, high, top] = [frequency[0], frequency[frequency.length - 1], Math.max(...power)];
    ctx.strokeStyle = colours.light ? "#0072B2" : "#56B4E9";
    ctx.lineWidth = 1.3;
    ctx.beginPath();
    power.forEach((value, k) => ctx.lineTo(
      area.x + ((frequency[k] - low) / Math.max(high - low, 1e-9)) * area.width, area.y + area.height * (1 - value / top)));
    ctx.stroke();
    drawAxes(ctx, area, colours, {
      x: { low, high, label: "frequency (Hz)", most: 5 },
      y: { low: 0, high: top, label: "power (1/s\u00b2/Hz)", most: 4 },
    });
  }

  close() {
    for (const name of ["selection", "shown", "follows"]) this.model.off(`change:${name}`, this.update);
    this.offTheme();
  }
}

export default {
  render({ model, el }) {
    const view = new SelectionView(model, el);
    return () => view.close();
  },
};
