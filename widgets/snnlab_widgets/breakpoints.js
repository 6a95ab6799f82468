// Where a run shall stop by itself: one line to add a condition, one for each that there is.

class BreakpointsView {
  constructor(model, el) {
    this.model = model;
    this.build(el);
    this.traits = { quantities: this.offer, placed: this.list, hit: this.tell, error: this.complain };
    for (const [name, update] of Object.entries(this.traits)) model.on(`change:${name}`, update);
    for (const update of Object.values(this.traits)) update();
  }

  build(el) {
    this.what = element("select", { "aria-label": "what is looked at", onchange: () => this.describe() });
    this.relation = element("select", { "aria-label": "above or below" },
      element("option", { value: "above", text: "above" }), element("option", { value: "below", text: "below" }));
    this.value = element("input", { type: "number", step: "any", required: true, "aria-label": "number" });
    this.unit = element("span", { class: "snnlab-unit" });
    this.formula = element("input", { type: "text", spellcheck: "false", required: true, "aria-label": "formula",
      placeholder: "rate(exc) > 50 and cv(exc) < 0.5", maxlength: 300,
      title: "rate, cv, mean, min, max, mean_weight, min_weight, max_weight of (a name); > < >= <=, + - * /, abs, and, or, not. "
        + "mean(exc.V_m) needs a recorder of V_m; a name that is not one word stands in quotes" });
    this.rows = element("ul", { "aria-label": "breakpoints" });
    this.hit = element("p", { class: "snnlab-hit", role: "status" });
    this.error = element("p", { class: "snnlab-error", role: "alert", hidden: true });
    const add = element("button", { type: "submit", text: "Stop there", title: "Pause at the very step at which this comes to hold" });
    const form = element("form", { class: "snnlab-tools", "aria-label": "new breakpoint", onsubmit: this.add },
      element("h3", { text: "Breakpoints" }), this.what, this.relation, this.value, this.unit, this.formula, add);
    el.append(part("section", "breakpoints", { "aria-label": "breakpoints" }, form, this.error, this.rows, this.hit));
  }

  add = (event) => {
    event.preventDefault();
    const value = this.value.valueAsNumber;
    this.model.send({ do: "add", what: this.what.value, relation: this.relation.value,
      value: Number.isFinite(value) ? value : null, formula: this.formula.value });
  };

  // The choice stays where it was, as long as there is such a thing.
  offer = () => {
    const chosen = this.what.value;
    const quantities = this.model.get("quantities");
    this.what.replaceChildren(...quantities.map(({ text }) => element("option", { value: text, text, selected: text === chosen })));
    this.describe();
  };

  describe() {
    const found = this.model.get("quantities").find(({ text }) => text === this.what.value);
    const isSpike = found?.kind === "spike";
    const isFormula = found?.kind === "formula";
    this.relation.hidden = isSpike || isFormula;
    this.value.hidden = this.value.disabled = isFormula;
    this.formula.hidden = this.formula.disabled = !isFormula;
    this.value.placeholder = isSpike ? "neuron" : "";
    this.value.setAttribute("aria-label", isSpike ? "index of the neuron" : "number");
    this.unit.textContent = found?.unit === "1" ? "" : found?.unit ?? "";
  }

  list = () => {
    this.rows.replaceChildren(...this.model.get("placed").map(({ text, is_hit: isHit }, place) =>
      element("li", { "data-hit": String(isHit) }, element("span", { text }),
        element("button", { type: "button", class: "snnlab-small-button", text: "\u00d7", title: "Remove", "aria-label": `remove breakpoint: ${text}`,
          onclick: () => this.model.send({ do: "remove", place }) }))));
  };

  tell = () => {
    const hit = this.model.get("hit");
    this.hit.textContent = hit && `Stopped: ${hit}.`;
  };

  complain = () => {
    this.error.textContent = this.model.get("error");
    this.error.hidden = !this.error.textContent;
  };

  close() {
    for (const [name, update] of Object.entries(this.traits)) this.model.off(`change:${name}`, update);
  }
}

export default {
  render({ model, el }) {
    const view = new BreakpointsView(model, el);
    return () => view.close();
  },
};
