// The receptive fields of all targets, or the connection matrix.

export default {
  render({ model, el }) {
    const choice = element("select", { "aria-label": "picture", title: "What is shown",
      onchange: () => model.send({ do: "show", what: choice.value }) });
    for (const what of model.get("choices")) choice.append(element("option", { value: what, text: what }));
    choice.value = model.get("what");
    const tools = element("div", { class: "snnlab-tools" }, choice);
    const view = new PictureView(model, el, "fields", "receptive fields of the targets", tools);
    return () => view.close();
  },
};
