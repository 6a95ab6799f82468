// Prove and break: two questions to a run, answered by copies of it in a table that fills.

class TrustView {
  constructor(model, el) {
    this.model = model;
    this.build(el);
    for (const name of ["shown", "trouble", "error"]) model.on(`change:${name}`, this.update);
    this.update();
  }

  button(text, title, name, values) {
    return element("button", { type: "button", class: `snnlab-small-button snnlab-trust-${name}`, text, title,
      onclick: () => this.model.send(values) });
  }

  build(el) {
    this.asks = [
      this.button("Prove", "Compute the last 200 ms again: threads, GPUs, ranks; compare spikes and weights to the bit", "prove", { do: "prove" }),
      this.button("Break: time step", "Make dt larger in copies until one stops; says why, and which dt it bears", "break-dt", { do: "limit", subject: "dt" }),
      this.button("Break: weights", "Make the weights of all projections stronger in copies until one stops", "break-weights", { do: "limit", subject: "weights" }),
    ];
    this.cancel = this.button("Cancel", "End it; what is done stays", "cancel", { do: "cancel" });
    this.hint = element("p", { class: "snnlab-doc", text: "Copies answer, beside the run: is it the same everywhere, and what would break it?" });
    this.alert = element("div", { class: "snnlab-alert", role: "alert", hidden: true });
    this.error = element("p", { class: "snnlab-error", role: "alert", hidden: true });
    this.summary = element("p", { class: "snnlab-summary", role: "status" });
    this.caption = element("caption", { class: "snnlab-doc" });
    this.body = element("tbody");
    this.table = element("table", { hidden: true }, this.caption, this.body);
    this.advice = element("p", { class: "snnlab-advice" });
    el.append(part("section", "trust", { "aria-label": "prove and break" },
      element("div", { class: "snnlab-tools" }, element("h3", { text: "Prove and break" }), ...this.asks, this.cancel),
      this.hint, this.alert, this.error, this.table, this.summary, this.advice));
  }

  update = () => {
    const { title, summary, advice, rows, is_busy: isBusy } = this.model.get("shown");
    const error = this.model.get("error");
    this.cancel.disabled = !isBusy;
    this.hint.hidden = Boolean(title);
    this.error.textContent = error;
    this.error.hidden = !error;
    this.tellTrouble(this.model.get("trouble"));
    this.table.hidden = !title;
    this.caption.textContent = title;
    this.summary.textContent = summary;
    this.advice.textContent = advice;
    this.body.replaceChildren(...rows.map(({ place, verdict, text, aside, progress }) =>
      element("tr", { "data-place": place },
        element("th", { scope: "row", text: place }),
        element("td", { "data-verdict": verdict, text: verdict }),
        progress === null ? element("td", { text }) : element("td", {}, element("progress", { max: 1, value: progress, "aria-label": `progress of ${place}` })),
        element("td", { text: aside }))));
  };

  tellTrouble(text) {
    this.alert.hidden = !text;
    if (text === this.told) return;
    this.told = text;
    this.alert.replaceChildren(
      element("p", { text: `The run was stopped. ${text.split("\n")[0]}` }),
      this.button("Find a dt that goes well", "Make dt smaller in copies until one goes well", "mend", { do: "limit", subject: "dt" }),
      " ",
      this.button("Find weights that go well", "Make the weights weaker in copies until one goes well", "mend-weights", { do: "limit", subject: "weights" }));
  }

  close() {
    for (const name of ["shown", "trouble", "error"]) this.model.off(`change:${name}`, this.update);
  }
}

export default {
  render({ model, el }) {
    const view = new TrustView(model, el);
    return () => view.close();
  },
};
