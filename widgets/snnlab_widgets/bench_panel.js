// Benchmarks: what is missing, a run with its progress, a history whose points are records, and what differs.

const SVG = "http://www.w3.org/2000/svg";
const CHART = { width: 720, height: 230, left: 70, right: 14, top: 30, bottom: 46 };

function drawn(tag, attributes = {}, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

const figures = (value) => (value === null || value === undefined ? "unavailable" : String(+value.toPrecision(4)));

function tableOf(label, heads, rows) {
  const head = element("tr", {}, ...heads.map((text) => element("th", { scope: "col", text })));
  const body = rows.map((row) => element("tr", {}, ...row.map((cell, k) =>
    element(k ? "td" : "th", k ? { text: String(cell) } : { scope: "row", text: String(cell) }))));
  return element("div", { class: "snnlab-scroll", tabindex: 0, role: "group", "aria-label": label },
    element("table", {}, element("caption", { text: label }), element("thead", {}, head), element("tbody", {}, ...body)));
}

class BenchView {
  constructor(model, el) {
    this.model = model;
    this.build(el);
    this.changes = { plan: this.showPlan, status: this.showStatus, lines: this.showLines, line: this.showLine,
      record: this.showRecord, comparison: this.showComparison };
    for (const [name, show] of Object.entries(this.changes)) { model.on(`change:${name}`, show); show(); }
  }

  ask = (what, values = {}) => this.model.send({ do: what, ...values });

  button(name, text, title, act = () => this.ask(name)) {
    return element("button", { type: "button", class: `snnlab-bench-${name}`, title, text, onclick: act });
  }

  build(el) {
    this.run = this.button("run", "Run what is missing", "Measure, in processes of their own, every cell that the store lacks");
    this.stop = this.button("stop", "Stop", "End after this round; what was measured becomes records");
    this.progress = element("progress", { "aria-label": "progress of the runs", max: 1, value: 0 });
    this.doing = element("span", { class: "snnlab-doing", role: "status" });
    this.alert = element("div", { class: "snnlab-alert", role: "alert" });
    this.plan = element("div");
    this.choice = element("select", { "aria-label": "history", onchange: () => this.ask("line", { name: this.choice.value }) });
    this.chart = element("div", { class: "snnlab-bench-chart" });
    this.record = element("div", { class: "snnlab-bench-record" });
    this.again = this.button("again", "Reproduce", "Run this again at its version, and compare", () => this.ask("reproduce", { name: this.shown }));
    this.other = element("select", { "aria-label": "record to compare with" });
    this.compare = this.button("compare", "Compare", "First what differs, then the ratio",
      () => this.ask("compare", { a: this.other.value, b: this.shown }));
    this.actions = element("div", { class: "snnlab-group", role: "toolbar", "aria-label": "record" },
      this.again, element("label", { text: "with " }, this.other), this.compare);
    this.comparison = element("div", { class: "snnlab-bench-comparison", "aria-live": "polite" });
    el.append(part("section", "bench", { "aria-label": "benchmarks" },
      element("header", {}, element("h3", { text: "Benchmarks" }),
        element("div", { class: "snnlab-group", role: "toolbar", "aria-label": "runs" }, this.run, this.stop), this.progress, this.doing),
      this.alert, this.plan, element("label", { text: "History " }, this.choice), this.chart, this.record, this.actions, this.comparison));
  }

  showPlan = () => {
    const rows = this.model.get("plan");
    this.plan.replaceChildren(tableOf("Plan", ["cell", "have", "wanted", "to run", "seconds a run", ""],
      rows.map((r) => [r.label, r.have, r.wanted, r.missing, r.seconds ?? "", r.obstacle])));
    this.showStatus();
  };

  showStatus = () => {
    const { doing, done, total, line, error } = this.model.get("status");
    this.run.disabled = Boolean(doing) || !this.model.get("plan").some((row) => row.missing);
    this.stop.disabled = !doing;
    this.again.disabled = Boolean(doing) || !this.model.get("record").recipe?.can;
    this.progress.hidden = !doing;
    this.progress.max = Math.max(total, 1);
    this.progress.value = done;
    this.doing.textContent = doing ? `${doing}: ${done} of ${total} runs. ${line}` : "";
    this.alert.hidden = !error;
    if (this.alert.textContent !== error) this.alert.textContent = error;
  };

  showLines = () => {
    const lines = this.model.get("lines");
    this.choice.replaceChildren(...lines.map(({ id, name }) => element("option", { value: id, text: name })));
    this.choice.parentElement.hidden = !lines.length;
    this.choice.value = this.model.get("line").id ?? "";
  };

  showLine = () => {
    const line = this.model.get("line");
    this.choice.value = line.id ?? "";
    if (!line.points?.length) {
      this.chart.replaceChildren(element("p", { class: "snnlab-none", text: "No record of a version yet: run what is missing." }));
      return;
    }
    this.chart.replaceChildren(this.picture(line));
    const kept = this.other.value;
    this.other.replaceChildren(...line.points.map(({ id, version }) => element("option", { value: id, text: `${version} (${id.slice(0, 8)}\u2026${id.slice(-4)})` })));
    if (line.points.some(({ id }) => id === kept)) this.other.value = kept;
  };

  picture(line) {
    const { width, height, left, right, top, bottom } = CHART;
    const values = line.points.map(({ value }) => value);
    const room = 0.1 * (Math.max(...values) - Math.min(...values)) || 0.1 * Math.abs(values[0]) || 1;
    const low = Math.min(...values) - room, high = Math.max(...values) + room;
    const at = (k) => left + ((width - left - right) * (k + 0.5)) / values.length;
    const up = (value) => top + ((height - top - bottom) * (high - value)) / (high - low);
    const floor = height - bottom;
    const unit = line.unit && line.unit !== "1" ? ` [${line.unit}]` : "";
    const said = line.events.map(({ at: k, word }) => `${word} at ${line.points[k].version}`).join(", ") || "no change";
    const svg = drawn("svg", { viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": `${line.quantity}${unit} of ${values.length} records; ${said}` });
    const text = (words, attributes) => { const node = drawn("text", attributes); node.textContent = words; return node; };
    svg.append(text(`${line.quantity}${unit}`, { x: left, y: 16 }), text("version", { x: width - right, y: height - 4, "text-anchor": "end" }),
      drawn("path", { class: "snnlab-bench-axis", d: `M${left} ${top}V${floor}H${width - right}` }));
    for (const value of ticks(low, high, 5)) svg.append(text(figures(value), { x: left - 8, y: up(value) + 4, "text-anchor": "end" }));
    const step = Math.ceil(values.length / 9);
    line.points.forEach(({ version }, k) => { if (k % step === 0) svg.append(text(version.slice(0, 8), { x: at(k), y: floor + 16, "text-anchor": "middle" })); });
    for (const [start, stop, median] of line.levels)
      svg.append(drawn("line", { class: "snnlab-bench-level", x1: at(start - 0.4), x2: at(stop - 0.6), y1: up(median), y2: up(median) }));
    line.events.forEach(({ at: k, word, cause }, n) => {
      const mark = drawn("line", { class: "snnlab-bench-event", "data-word": word, x1: at(k - 0.5), x2: at(k - 0.5), y1: top, y2: floor });
      const title = drawn("title");
      title.textContent = cause;
      mark.append(title);
      svg.append(mark, text(word, { x: at(k - 0.5) + 4, y: top + 10 + 14 * (n % 3) }));
    });
    line.points.forEach((point, k) => svg.append(this.point(point, at(k), up(point.value), line.unit)));
    return svg;
  }

  point({ id, value, version, noisy }, x, y, unit) {
    const label = `${version}: ${figures(value)} ${unit}${noisy ? ", noisy" : ""}`;
    const open = () => this.ask("open", { name: id });
    const node = drawn("circle", { class: "snnlab-bench-point", cx: x, cy: y, r: 6, tabindex: 0, role: "button", "aria-label": label,
      "data-id": id, "data-noisy": noisy, "aria-pressed": id === this.shown, onclick: open,
      onkeydown: (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); open(); } } });
    const title = drawn("title");
    title.textContent = label;
    node.append(title);
    return node;
  }

  showRecord = () => {
    const { id, facts, phases, missing, status, recipe } = this.model.get("record");
    this.shown = id;
    for (const node of this.chart.querySelectorAll(".snnlab-bench-point")) node.setAttribute("aria-pressed", node.dataset.id === id);
    this.actions.hidden = !id;
    if (!id) return this.record.replaceChildren();
    const parts = [tableOf("Record", ["coordinate", "value"], facts),
      tableOf("Wall time [s]", ["phase", "repeats", "median", "least", "most", "stands out"],
        phases.map(([name, n, ...rest]) => [name, n, ...rest.slice(0, 3).map(figures), rest[3]])),
      element("p", { class: "snnlab-doc", text: `Repeats: ${status || "not recorded"}.${missing.length ? ` Unavailable: ${missing.join(", ")}.` : ""}` })];
    if (!recipe.can) parts.push(element("p", { class: "snnlab-doc", text: `Cannot be reproduced here. ${recipe.why}` }));
    else if (recipe.differences.length) parts.push(tableOf("What differs here from where it was made", ["what", "name", "then", "now"], recipe.differences));
    else parts.push(element("p", { class: "snnlab-doc", text: "Nothing that was recorded differs here from where it was made." }));
    this.record.replaceChildren(...parts);
    this.showStatus();
  };

  showComparison = () => {
    const { differences, medians, ratio, word } = this.model.get("comparison");
    if (!medians) return this.comparison.replaceChildren();
    const table = differences.length ? tableOf("What differs", ["what", "name", "a", "b"], differences)
      : element("p", { text: "Nothing differs: the same version, machine, stack, parameters and layout." });
    this.comparison.replaceChildren(table, element("p", { text:
      `Medians: a ${figures(medians[0])}, b ${figures(medians[1])}; b / a = ${figures(ratio)}. This is called: ${word}. Only pairs measured in one batch can show a regression.` }));
  };

  close() {
    for (const [name, show] of Object.entries(this.changes)) this.model.off(`change:${name}`, show);
  }
}

export default {
  render({ model, el }) {
    const view = new BenchView(model, el);
    return () => view.close();
  },
};
