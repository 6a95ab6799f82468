// Run, pause, step, go back, reset, undo, redo, speed, device; what the run is doing is always in view.

const ICONS = {
  run: "M4 2.5v11l9-5.5z",
  pause: "M4 3h3v10H4zM9 3h3v10H9z",
  step: "M3 3v10l6-5zM10.5 3h2.5v10h-2.5z",
  back: "M8 3v10L1.5 8zM15 3v10L8.5 8z",
  until: "M2 7h7V4l4.5 4L9 12V9H2zM13.5 3H15v10h-1.5z",
};

// Drawn as lines.
const LINES = {
  reset: "M3.2 9.5a5 5 0 1 0 1.1-5L2.5 6.3M2.5 2.5v3.8h3.8",
  undo: "M6.5 3.5 3 7l3.5 3.5M3 7h6.5a3.3 3.3 0 0 1 0 6.6H6",
  redo: "M9.5 3.5 13 7l-3.5 3.5M13 7H6.5a3.3 3.3 0 0 0 0 6.6H10",
};

function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", ICONS[name] ?? LINES[name]);
  if (name in LINES) path.setAttribute("class", "snnlab-line");
  svg.append(path);
  return svg;
}

const clock = (seconds) => {
  const s = Math.ceil(seconds);
  const two = (n) => String(n).padStart(2, "0");
  return s < 3600
    ? `${Math.floor(s / 60)}:${two(s % 60)}`
    : `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
};

const milliseconds = (t) => {
  const [whole, rest] = t.toFixed(1).split(".");
  return `${integer(Number(whole))}.${rest} ms`;
};

class TransportView {
  constructor(model, el) {
    this.model = model;
    this.page = Math.random().toString(36).slice(2);
    this.requests = 0;
    this.build(el);
    model.on("change:status", this.told);
    model.on("change:about", this.update);
    model.on("change:device", this.update);
    document.addEventListener(model.get("line"), this.overheard);
    this.clock = setInterval(this.age, 500);
    this.told();
  }

  // A status comes from Python, or with a frame of the raster; the older of two is not shown.
  told = () => this.take(this.model.get("status"));
  overheard = (event) => this.take(event.detail);

  take(status) {
    if (status.n < this.status?.n) return;
    this.status = status;
    this.since = performance.now();
    this.update();
  }

  ask = (what, values = {}) => this.model.send({ do: what, ...values });

  // What is chosen here stays until the kernel has answered that; what is older does not replace it.
  choose(select, what, values) {
    this.requests += 1;
    select.request = this.requests;
    this.ask(what, { ...values, page: this.page, request: this.requests });
  }

  show(select, value) {
    if ((select.request ?? 0) <= (this.status.answered[this.page] ?? 0)) select.value = value;
  }

  button(name, text, title, values = () => ({})) {
    const button = element("button", {
      type: "button", class: `snnlab-${name}`, title, "aria-label": title,
      onclick: () => this.ask(name, values()),
    }, icon(name));
    if (text) button.append(element("span", { text }));
    return button;
  }

  number(label, value) {
    return element("input", { type: "number", min: 0, step: "any", value, "aria-label": label, title: label });
  }

  build(el) {
    this.run = this.button("run", "Run", "Run");
    this.pause = this.button("pause", "Pause", "Pause at the next step boundary");
    this.ms = this.number("length of a step in ms", 10);
    this.goal = this.number("model time to run until, in ms", 2000);
    this.backMs = this.number("length of the way back in ms", 1000);
    this.back = this.button("back", "", "Go back by this model time; what was recorded after it is dropped, later edits can be redone",
      () => ({ duration: Number(this.backMs.value) }));
    this.undo = this.button("undo", "", "Undo the last edit");
    this.redo = this.button("redo", "", "Redo the edit that was undone last");
    this.speed = element("select", { "aria-label": "speed", title: "Model time per wall-clock time",
      onchange: () => this.choose(this.speed, "speed", { speed: this.speed.value }) });
    for (const speed of this.model.get("speeds")) this.speed.append(element("option", { value: speed, text: speed }));
    this.place = element("select", { class: "snnlab-place", "aria-label": "device", title: "What computes the network; the run goes on there",
      onchange: () => this.choose(this.place, "move", { device: this.place.value }) });
    for (const [name, text] of this.model.get("devices")) this.place.append(element("option", { value: name, text }));
    this.about = element("div", { class: "snnlab-about" });
    this.device = element("div", { class: "snnlab-device", title: "What computes the network, and the memory that it takes there" });
    this.time = readout("model time");
    this.factor = readout("real-time factor (lower is faster)", "Wall-clock time over model time; below 1 is faster than real time");
    this.eta = readout("ETA", "Wall-clock time until the run ends");
    const numbers = [this.time, this.factor, this.eta].map((output) => output.parentElement);
    this.readout = element("div", { class: "snnlab-readout" }, ...numbers);
    this.state = element("div", { class: "snnlab-state", role: "status" });
    const group = (...parts) => element("div", { class: "snnlab-group" }, ...parts);
    const bar = element("div", { class: "snnlab-bar", role: "toolbar", "aria-label": "simulation" },
      group(this.run, this.pause, this.button("reset", "", "Reset to the start, keeping the parameters")),
      group(this.button("step", "1 step", "Advance by one time step")),
      group(this.button("until", "Step", "Advance by this model time", () => ({ duration: Number(this.ms.value) })), this.ms, unitOf("ms")),
      group(this.button("until", "Run until", "Run until this model time", () => ({ t: Number(this.goal.value) })), this.goal, unitOf("ms")),
      group(this.back, this.backMs, unitOf("ms")),
      group(this.undo, this.redo),
      group(element("label", { text: "Speed " }), this.speed));
    if (this.place.options.length) bar.append(group(element("label", { text: "Device " }), this.place));
    el.append(part("section", "transport", { "aria-label": "transport" },
      element("header", {}, element("strong", { text: "snnlab" }), this.about, this.device, this.readout, this.state), bar));
  }

  update = () => {
    const { status } = this;
    setText(this.about, this.model.get("about"));
    setText(this.device, this.model.get("device"));
    this.undo.disabled = !status.can_undo;
    this.back.disabled = this.backMs.disabled = !status.can_go_back;
    this.redo.disabled = !status.can_redo;
    this.run.disabled = status.state === "running";
    this.pause.disabled = status.state !== "running";
    // A speed that was set by code is offered as well.
    if (![...this.speed.options].some((option) => option.value === status.speed))
      this.speed.append(element("option", { value: status.speed, text: status.speed }));
    this.show(this.speed, status.speed);
    this.show(this.place, status.device);
    setText(this.time, milliseconds(status.t));
    setText(this.factor, status.real_time_factor === null ? "\u2013" : status.real_time_factor.toPrecision(2));
    setText(this.eta, status.eta_s === null ? "\u2013" : clock(status.eta_s));
    this.age();
  };

  // Python may be too busy to tell that it is: the age of the last frame goes on counting here.
  age = () => {
    const { state, frame_age_s } = this.status;
    const seconds = frame_age_s + (performance.now() - this.since) / 1000;
    const isLate = state === "running" && frame_age_s !== null && seconds > 1;
    const age = state === "running" && frame_age_s !== null ? `, last frame ${seconds.toFixed(1)} s ago` : "";
    const look = isLate ? "late" : state;
    if (this.state.dataset.state !== look) this.state.dataset.state = look;
    setText(this.state, state + age);
  };

  close() {
    clearInterval(this.clock);
    document.removeEventListener(this.model.get("line"), this.overheard);
    this.model.off("change:status", this.told);
    this.model.off("change:about", this.update);
    this.model.off("change:device", this.update);
  }
}

const unitOf = (text) => element("span", { class: "snnlab-unit", text });

// What is not new is left alone: the page would lay itself out again.
function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

// The place of a number, in a span with its name.
function readout(label, title = label) {
  const output = element("output");
  element("span", { title }, element("small", { text: label }), output);
  return output;
}

export default {
  render({ model, el }) {
    const view = new TransportView(model, el);
    return () => view.close();
  },
};
