// Rate and irregularity of each population, as a table, and what computing them costs; text only,
// so names cannot become markup.

const cell = (text, title) => element("td", { text, title });

const statisticsHead = [
  ["population", ""],
  ["neurons", "Number of neurons"],
  ["rate (spikes/s)", "Mean rate per neuron"],
  ["published (spikes/s)", "Rate in the publication that the network is taken from"],
  ["CV", "Coefficient of variation of the interspike intervals, mean over neurons: 0 regular, 1 Poisson"],
];

const costTitle = "Where the engine's time goes, mean over its threads; "
  + "other: waiting for the slowest thread or for a core, health checks, Python";

export default {
  render({ model, el }) {
    const caption = element("caption");
    const body = element("tbody");
    const heads = statisticsHead.map(([text, title]) => element("th", { text, title, scope: "col" }));
    const head = element("thead", {}, element("tr", {}, ...heads));
    const cost = element("p", { class: "snnlab-cost", title: costTitle });
    el.append(part("section", "statistics", { "aria-label": "statistics" },
      element("h3", { text: "Statistics" }), element("table", {}, caption, head, body), cost));
    const row = (r) => {
      const colour = isLight() ? r.colour : r.colour_dark;
      const name = element("th", { scope: "row" },
        element("i", { style: `background:${colour}`, "aria-hidden": "true" }), r.name);
      if (r.trouble) name.append(element("span", { class: "snnlab-trouble", text: `\u26a0 ${r.trouble}` }));
      return element("tr", { "data-population": r.name },
        name, cell(integer(r.size)), cell(r.rate), cell(r.reference), cell(r.cv));
    };
    const update = () => {
      const table = model.get("table");
      const hasReference = table.rows.some((r) => r.reference !== "");
      caption.textContent = table.caption;
      cost.textContent = table.cost;
      body.replaceChildren(...table.rows.map(row));
      body.parentElement.classList.toggle("snnlab-no-reference", !hasReference);
    };
    model.on("change:table", update);
    const offTheme = onTheme(update);
    update();
    return () => {
      model.off("change:table", update);
      offTheme();
    };
  },
};
