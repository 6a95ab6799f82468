// The ranks of a session: a line for each, how equal their work is, what one died of; start, stop, restart.

const TIMES = [
  ["update", "update of neurons"],
  ["deliver", "delivery of spikes"],
  ["other work", "plasticity, records, rewiring"],
  ["exchange", "exchange of spikes between ranks, without waiting"],
  ["waiting", "waiting for slower ranks within the exchange, about"],
];

const COLUMNS = [
  ["rank", "MPI rank"],
  ["state", ""],
  ["host, process", "The computer, and the number of the process there"],
  ["device", ""],
  ["neurons", "Neurons that it computes"],
  ["synapses", "Synapses onto these"],
  ["memory", "Memory of the whole process (resident set)"],
  ["spikes/s", "Spikes of its neurons in a second of model time"],
  ["busy (%)", "Share of the wall-clock time in which it computes"],
  ["exchange (%)", "Share of the wall-clock time for the exchange of spikes, without waiting"],
  ["waits (%)", "Share of the wall-clock time in which it waits for slower ranks, about: the one that waits least counts as not waiting"],
  ["time", "What it does with its wall-clock time"],
];

const percent = (share) => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;

const swatch = (name) => element("i", { class: "snnlab-time", "data-time": name, "aria-hidden": "true" });

function timeBar(row) {
  const words = row.times.map(([name, share]) => `${name} ${percent(share)}`).join(", ");
  const bar = element("div", { class: "snnlab-times", role: "img", "aria-label": words || "nothing measured yet", title: words });
  for (const [name, share] of row.times)
    bar.append(element("i", { class: "snnlab-time", "data-time": name, style: `width:${100 * share}%` }));
  return element("td", {}, bar);
}

function lineOf(row) {
  const cell = (text, title) => element("td", { text: text === "" ? "\u2013" : text, title });
  const state = element("td", { class: "snnlab-rank-state", "data-state": row.state, title: row.end, text: row.state });
  if (row.end) state.append(element("small", { text: row.end }));
  return element("tr", { "data-rank": row.rank, "data-state": row.state },
    element("th", { scope: "row", text: String(row.rank) }), state, cell(row.place), cell(row.device),
    cell(row.neurons), cell(row.synapses, `${row.network} for its share of the network`), cell(row.memory),
    cell(row.spikes), cell(row.busy), cell(row.exchange), cell(row.waiting), timeBar(row));
}

class ClusterView {
  constructor(model, el) {
    this.model = model;
    this.build(el);
    model.on("change:rows", this.update);
    model.on("change:status", this.update);
    this.update();
  }

  ask = (what, values = {}) => this.model.send({ do: what, ...values });

  button(name, text, title, act = () => this.ask(name)) {
    return element("button", { type: "button", class: `snnlab-ranks-${name}`, title, text, onclick: act });
  }

  build(el) {
    const start = () => this.ask("start", { n: Number(this.n.value), device: this.device.value });
    this.n = element("input", { type: "number", min: 1, step: 1, value: 2, "aria-label": "number of ranks",
      title: "Number of MPI processes that hold the network together",
      onkeydown: (event) => { if (event.key === "Enter" && !this.start.disabled) start(); } });
    this.gpu = element("option", { value: "cuda", text: "GPU" });
    this.device = element("select", { "aria-label": "device of each rank" }, element("option", { value: "cpu", text: "CPU" }), this.gpu);
    this.start = this.button("start", "Start", "Go on on so many ranks, from where the run is now; the spikes stay the same", start);
    this.stop = this.button("stop", "Stop", "End the ranks and go on in one process");
    this.restart = this.button("restart", "Restart", "End the ranks and start as many again; the run goes on");
    this.doing = element("span", { class: "snnlab-doing", role: "status" });
    this.title = element("strong");
    this.text = element("span");
    this.promise = element("p", { class: "snnlab-doc" });
    this.mend = this.button("mend", "Restart from the checkpoint", "Start the ranks again and go on from the last checkpoint", () => this.ask("restart"));
    this.alert = element("div", { class: "snnlab-alert", role: "alert" },
      element("p", {}, element("span", { "aria-hidden": "true", text: "\u26a0 " }), this.title), this.text, this.promise, this.mend);
    this.none = element("p", { class: "snnlab-none", text: "One process computes this network. Choose a number of ranks and press Start: the run goes on with the same spikes." });
    this.body = element("tbody");
    this.window = element("span");
    const heads = COLUMNS.map(([text, title]) => element("th", { text, title, scope: "col" }));
    this.table = element("div", { class: "snnlab-scroll", tabindex: 0, role: "group", "aria-label": "table of ranks" },
      element("table", {}, element("thead", {}, element("tr", {}, ...heads)), this.body));
    this.work = element("div", { class: "snnlab-work", role: "img" });
    this.balance = element("span", { class: "snnlab-note" });
    this.share = element("div", { class: "snnlab-balance" }, element("b", { text: "Share of the work" }), this.work, this.balance);
    this.key = element("p", { class: "snnlab-time-key" }, ...TIMES.map(([name, title]) => element("span", { title }, swatch(name), name)), this.window);
    el.append(part("section", "ranks", { "aria-label": "ranks" },
      element("header", {}, element("h3", { text: "Ranks" }),
        element("div", { class: "snnlab-group", role: "toolbar", "aria-label": "ranks" }, this.n, this.device, this.start, this.stop, this.restart), this.doing),
      this.alert, this.none, this.table, this.key, this.share));
  }

  update = () => {
    const rows = this.model.get("rows"), status = this.model.get("status");
    const isSpread = rows.length > 0;
    this.start.disabled = !status.can_start;
    this.stop.disabled = !status.can_stop;
    this.restart.disabled = !status.can_restart;
    this.start.textContent = isSpread ? "Change" : "Start";
    if (isSpread && status.n !== this.known) this.n.value = this.known = status.n;
    if (isSpread && status.device !== this.knownDevice) this.device.value = this.knownDevice = status.device;
    this.gpu.disabled = Boolean(status.no_gpu);
    this.gpu.textContent = status.no_gpu ? "GPU (none)" : "GPU";
    this.device.title = status.no_gpu ? `Ranks compute on CPUs here. ${status.no_gpu}` : "What each rank computes on: ranks take the GPUs of this computer in turn";
    this.doing.textContent = status.doing ? `${status.doing}\u2026` : "";
    this.alert.hidden = !status.error.title;
    this.restart.hidden = false;
    if (status.error.title) this.tell(status.error);
    this.none.hidden = isSpread || Boolean(status.doing);
    this.table.hidden = this.key.hidden = this.share.hidden = !isSpread;
    this.window.textContent = status.window;
    this.body.replaceChildren(...rows.map(lineOf));
    this.divide(rows, status);
  };

  // An alert is read out when its text changes, so that is set only then.
  tell({ title, text, restart }) {
    const set = (node, words) => { if (node.textContent !== words) node.textContent = words; };
    set(this.title, title);
    set(this.text, restart ? "" : text);
    set(this.promise, restart);
    this.mend.hidden = this.promise.hidden = !restart;
    this.restart.hidden = Boolean(restart);
  }

  // One bar for all ranks: equal parts are equal work.
  divide(rows, { balance }) {
    this.share.hidden = this.share.hidden || balance === "";
    this.balance.textContent = balance;
    this.work.setAttribute("aria-label", rows.map((row) => `rank ${row.rank}: ${percent(row.work)}`).join(", "));
    this.work.replaceChildren(...rows.map((row) => element("i", {
      style: `width:${100 * row.work}%`, title: `rank ${row.rank}: ${percent(row.work)}`,
      text: row.work > 0.04 ? `${row.rank}` : "" })));
  }

  close() {
    this.model.off("change:rows", this.update);
    this.model.off("change:status", this.update);
  }
}

export default {
  render({ model, el }) {
    const view = new ClusterView(model, el);
    return () => view.close();
  },
};
