// A figure for a paper: two buttons, what form its numbers have, and the last one to look at.

class FigureMakerView {
  constructor(model, el) {
    this.model = model;
    this.build(el);
    for (const name of ["picture", "note", "is_busy"]) model.on(`change:${name}`, this.update);
    this.update();
  }

  build(el) {
    this.form = element("select", { "aria-label": "form of the numbers beside the figure" },
      element("option", { value: ".nc", text: "numbers as NetCDF" }), element("option", { value: ".csv", text: "numbers as CSV" }));
    this.buttons = ["svg", "png"].map((kind) => element("button", {
      type: "button", class: `snnlab-small-button snnlab-figure-${kind}`, text: kind.toUpperCase(),
      title: "Raster, rates, intervals and spectrum of the selection, or of the last second, with axes, units and provenance",
      onclick: () => this.model.send({ do: "make", suffix: `.${kind}`, data: this.form.value }) }));
    this.hide = element("button", { type: "button", class: "snnlab-small-button snnlab-figure-hide", text: "Hide", onclick: () => this.model.send({ do: "hide" }) });
    this.note = element("p", { class: "snnlab-doc", role: "status" });
    this.error = element("p", { class: "snnlab-error", role: "alert", hidden: true });
    this.image = element("img", { hidden: true });
    el.append(part("section", "figure", { "aria-label": "figure for a paper" },
      element("div", { class: "snnlab-tools" }, element("h3", { text: "Figure" }), ...this.buttons, this.form, this.hide),
      this.error, this.note, this.image));
  }

  update = () => {
    const { text, is_error: isError } = this.model.get("note");
    const picture = this.model.get("picture");
    const isBusy = this.model.get("is_busy");
    for (const button of this.buttons) button.disabled = isBusy;
    this.note.textContent = isBusy ? "Drawing ..." : isError ? "" : text || "Of the selection, or of the last second where nothing is selected.";
    this.error.textContent = isError ? text : "";
    this.error.hidden = !isError;
    this.hide.hidden = this.image.hidden = !picture;
    if (picture === this.shown) return;
    this.shown = picture;
    if (this.url) URL.revokeObjectURL(this.url);
    this.url = picture ? URL.createObjectURL(new Blob([picture], { type: "image/svg+xml" })) : "";
    this.image.src = this.url;
    this.image.alt = picture ? `Figure. ${text}` : "";
  };

  close() {
    for (const name of ["picture", "note", "is_busy"]) this.model.off(`change:${name}`, this.update);
    if (this.url) URL.revokeObjectURL(this.url);
  }
}

export default {
  render({ model, el }) {
    const view = new FigureMakerView(model, el);
    return () => view.close();
  },
};
