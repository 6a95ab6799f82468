// The weights of one projection: a matrix of sources and targets, and a histogram beside it.

const BARS = { width: 350, height: 230, left: 86 };  // room for numbers of synapses

class WeightsView extends PictureView {
  constructor(model, el) {
    const choice = element("select", { "aria-label": "projection", title: "Whose weights are shown",
      onchange: () => model.send({ do: "choose", projection: choice.value }) });
    const tools = element("div", { class: "snnlab-tools" }, element("h3", { text: "Weights" }), choice);
    super(model, el, "weights", "weights of a projection", tools);
    this.choice = choice;
    this.bars = element("canvas", { role: "img", "aria-label": "histogram of weights" });
    this.figure.append(this.bars);
    for (const name of ["projections", "projection"]) model.on(`change:${name}`, this.offer);
    this.offer();
  }

  offer = () => {
    const [names, chosen] = [this.model.get("projections"), this.model.get("projection")];
    this.choice.replaceChildren(...names.map((name) => element("option", { value: name, text: name, selected: name === chosen })));
    this.figure.hidden = !names.length;
  };

  paint() {
    super.paint();
    const { low, high, counts, label } = this.shown.histogram;
    const top = Math.max(1, ...counts);
    this.bars.hidden = !counts.some((n) => n > 0);
    const ratio = devicePixelRatio || 1;
    resize(this.bars, BARS.width * ratio, (BARS.height + MARGIN.top + MARGIN.bottom) * ratio);
    const ctx = this.bars.getContext("2d");
    const colours = theme(this.bars);
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    const area = { x: BARS.left, y: MARGIN.top, width: BARS.width - BARS.left - MARGIN.right, height: BARS.height };
    const bar = area.width / counts.length;
    ctx.fillStyle = colours.light ? "#0072B2" : "#56B4E9";
    counts.forEach((n, k) => {
      const height = (area.height * n) / top;
      ctx.fillRect(area.x + k * bar, area.y + area.height - height, Math.max(1, bar - 1), height);
    });
    drawAxes(ctx, area, colours, {
      x: { low, high, label, most: 4, isSigned: true },
      y: { low: 0, high: top, label: "synapses", most: 4 },
    });
  }

  close() {
    for (const name of ["projections", "projection"]) this.model.off(`change:${name}`, this.offer);
    super.close();
  }
}

export default {
  render({ model, el }) {
    const view = new WeightsView(model, el);
    return () => view.close();
  },
};
