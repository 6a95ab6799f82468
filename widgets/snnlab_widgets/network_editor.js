// The network as a drawing: circles are populations, arrows excite, dots inhibit. Every gesture is
// sent to Python, which answers with a new drawing or with what is wrong.

const SVG = "http://www.w3.org/2000/svg";
const HEIGHT = 350;
const RADIUS = 24;
const STEP = 0.03; // of the width, for each press of an arrow key

function shape(tag, attributes = {}, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "text") node.textContent = value;
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== false) node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

class NetworkView {
  constructor(model, el) {
    this.model = model;
    this.id = `snnlab-${Math.random().toString(36).slice(2)}`;
    this.build(el);
    this.traits = { graph: this.draw, selected: this.draw, forms: this.offer, cost: this.tell, note: this.tell };
    for (const [name, update] of Object.entries(this.traits)) model.on(`change:${name}`, update);
    this.offTheme = onTheme(this.draw);
    this.sizes = new ResizeObserver(() => { if (this.width !== this.stage.clientWidth) this.draw(); });
    this.sizes.observe(this.stage);
    this.draw();
    this.tell();
  }

  ask = (what, values = {}) => this.model.send({ do: what, ...values });

  build(el) {
    const tool = (name, text, title, onclick) =>
      element("button", { type: "button", class: `snnlab-tool-${name}`, "data-tool": name, text, title, onclick });
    this.tools = Object.keys(FORM_TEXTS).map((what) =>
      tool(what, `+ ${FORM_TEXTS[what].toLowerCase()}`, `Add a ${what}`, () => this.toggle(what)));
    for (const button of this.tools) button.setAttribute("aria-expanded", "false");
    this.poke = tool("poke", "Poke", "Let all neurons of the selected population fire now", () => this.ask("poke", { name: this.selected }));
    this.remove = tool("remove", "Remove", "Take the selected part away; undo brings it back", () => this.ask("remove", { name: this.selected }));
    this.svg = shape("svg", { role: "group", "aria-label": "drawing of the network", onpointerdown: this.press });
    this.stage = element("div", { class: "snnlab-drawing" }, this.svg);
    this.place = element("div", { class: "snnlab-place-of-form" });
    this.cost = element("p", { class: "snnlab-doc", title: "Estimated before anything is built" });
    this.preview = element("p", { class: "snnlab-preview", role: "status", hidden: true });
    this.note = element("p", { class: "snnlab-doc" });
    this.error = element("p", { class: "snnlab-error", role: "alert", hidden: true });
    el.append(part("section", "network", { "aria-label": "network" },
      element("h3", { text: "Network" }),
      element("div", { class: "snnlab-tools", role: "toolbar", "aria-label": "network" }, ...this.tools, this.poke, this.remove),
      this.place, this.preview, this.error, this.stage, this.cost, this.note));
  }

  get selected() { return this.model.get("selected"); }
  get graph() { return this.model.get("graph"); }
  get populations() { return this.graph.nodes.filter((n) => n.kind === "population").map((n) => n.name); }
  node(name) { return this.graph.nodes.find((n) => n.name === name); }

  // --- forms --------------------------------------------------------------------------------

  toggle(what) {
    this.openWhat = this.openWhat === what ? undefined : what;
    this.offer();
    this.place.querySelector("input, select")?.focus();
  }

  offer = () => {
    const what = this.openWhat;
    for (const button of this.tools) button.setAttribute("aria-expanded", String(button.dataset.tool === what));
    this.preview.hidden = true;
    this.form = undefined;
    this.svg.classList.toggle("snnlab-is-placing", what === "population");
    if (what === undefined) { this.place.replaceChildren(); return; }
    const isPopulation = this.populations.includes(this.selected);
    this.form = new AddForm(what, this.model.get("forms"), isPopulation ? this.selected : this.populations[0], this.populations, {
      onAdd: this.add, onChange: (name, fields) => this.ask("preview", { what: name, fields }),
    });
    this.place.replaceChildren(this.form.el);
    this.ask("preview", { what, fields: this.form.values() });
  };

  add = (what, fields) => this.ask("add", { what, fields });

  connect(pre, post) {
    const values = FORMS.projection(this.model.get("forms"), pre, this.populations);
    if (this.form?.what === "projection") Object.assign(values, this.form.fields);
    const fields = {};
    for (const [name, field] of Object.entries(values)) if (!field.hidden) fields[name] = field.querySelector("input, select").value;
    const target = this.model.get("forms").projection[post];
    if (this.form?.what !== "projection") fields.weight = target[fields.sign];
    this.ask("add", { what: "projection", fields: { ...fields, pre, post } });
  }

  tell = () => {
    const { text, preview } = this.model.get("cost");
    const { text: said, is_error: isError } = this.model.get("note");
    this.cost.textContent = text;
    this.preview.textContent = preview;
    this.preview.hidden = !preview || !this.form;
    this.preview.classList.toggle("snnlab-too-large", preview.startsWith("Does not fit"));
    this.error.textContent = isError ? said : "";
    this.error.hidden = !isError || !said;
    const { omitted } = this.graph;
    this.note.textContent = [isError ? "" : said, omitted ? `${integer(omitted)} smaller projections are not drawn.` : ""].filter(Boolean).join(" ");
    this.note.hidden = !this.note.textContent;
  };

  // --- the drawing --------------------------------------------------------------------------

  at(node) { return [node.x * this.width, node.y * HEIGHT]; }

  draw = () => {
    this.width = this.stage.clientWidth || 300;
    const focused = this.svg.contains(document.activeElement) ? document.activeElement.dataset.name : undefined;
    this.svg.setAttribute("viewBox", `0 0 ${this.width} ${HEIGHT}`);
    this.svg.setAttribute("width", this.width);
    this.svg.setAttribute("height", HEIGHT);
    const { nodes, edges } = this.graph;
    this.svg.replaceChildren(this.markers());
    if (!nodes.length)
      this.svg.append(shape("text", { x: this.width / 2, y: HEIGHT / 2, class: "snnlab-hint", text: "Nothing yet: add a population." }));
    for (const edge of edges) this.svg.append(this.edge(edge));
    for (const node of nodes) this.svg.append(this.drawn(node));
    const kind = this.node(this.selected)?.kind;
    this.poke.disabled = kind !== "population";
    this.remove.disabled = !kind && !edges.some((e) => e.name === this.selected);
    if (focused !== undefined) this.svg.querySelector(`[data-name="${CSS.escape(focused)}"]`)?.focus();
    this.tell();
  };

  markers() {
    const marker = (id, inner) => shape("marker", {
      id: `${this.id}-${id}`, viewBox: "0 0 10 10", refX: id === "inh" ? 5 : 9, refY: 5, markerWidth: 9, markerHeight: 9,
      markerUnits: "userSpaceOnUse", orient: "auto-start-reverse",
    }, inner);
    return shape("defs", {},
      marker("exc", shape("path", { d: "M0 0.8 10 5 0 9.2z", class: "snnlab-tip" })),
      marker("inh", shape("circle", { cx: 5, cy: 5, r: 4.2, class: "snnlab-tip snnlab-tip-inh" })));
  }

  radius(node) { return node.kind === "population" ? RADIUS : 15; }

  path(edge) {
    const [pre, post] = [this.node(edge.pre), this.node(edge.post)];
    const [x0, y0] = this.at(pre);
    if (pre === post) {
      const r = RADIUS;
      return `M${x0 - r * 0.75} ${y0 - r * 0.75} C${x0 - r * 2} ${y0 - r * 2.6} ${x0 + r * 2} ${y0 - r * 2.6} ${x0 + r * 0.75} ${y0 - r * 0.8}`;
    }
    const [x1, y1] = this.at(post);
    const [dx, dy] = [x1 - x0, y1 - y0];
    const length = Math.hypot(dx, dy) || 1;
    const bend = edge.kind === "projection" ? 0.16 : 0;
    const [cx, cy] = [(x0 + x1) / 2 - dy * bend, (y0 + y1) / 2 + dx * bend];
    const trim = (x, y, r) => {
      const [ux, uy] = [cx - x, cy - y];
      const u = Math.hypot(ux, uy) || 1;
      return [x + (ux / u) * r, y + (uy / u) * r];
    };
    const [ax, ay] = trim(x0, y0, this.radius(pre) + 1);
    const [bx, by] = trim(x1, y1, this.radius(post) + (length > 60 ? 4 : 2));
    return `M${ax} ${ay} Q${cx} ${cy} ${bx} ${by}`;
  }

  edge(edge) {
    const d = this.path(edge);
    const isChosen = edge.name === this.selected;
    const line = shape("path", { d, class: `snnlab-edge snnlab-edge-${edge.kind} snnlab-${edge.sign}`, "marker-end": edge.kind === "recorder" ? undefined : `url(#${this.id}-${edge.sign})` });
    if (edge.kind !== "projection") return shape("g", { "aria-hidden": "true" }, line);
    return shape("g", {
      class: `snnlab-projection${isChosen ? " snnlab-chosen" : ""}`, tabindex: 0, role: "button", "data-name": edge.name,
      "aria-label": `projection ${edge.note}, ${edge.sign === "inh" ? "inhibitory" : "excitatory"}`, "aria-pressed": String(isChosen),
      onclick: () => this.choose(edge.name), onkeydown: (event) => this.key(event, edge),
    }, shape("title", { text: edge.note }), shape("path", { d, class: "snnlab-grip" }), line);
  }

  drawn(node) {
    const [x, y] = this.at(node);
    const isChosen = node.name === this.selected;
    const colour = isLight() ? node.colour : node.colour_dark;
    const group = shape("g", {
      class: `snnlab-node snnlab-node-${node.kind}${isChosen ? " snnlab-chosen" : ""}${node.name === this.from ? " snnlab-from" : ""}`,
      transform: `translate(${x} ${y})`, tabindex: 0, role: "button", "data-name": node.name,
      "aria-label": `${node.kind} ${node.note}`, "aria-pressed": String(isChosen), onkeydown: (event) => this.key(event, node),
    }, shape("title", { text: node.note }));
    if (node.kind === "population") {
      group.append(
        shape("circle", { r: RADIUS, class: "snnlab-body", style: `stroke:${colour}` }),
        shape("text", { y: 4, class: "snnlab-size", text: node.text }),
        shape("text", { y: RADIUS + 15, class: "snnlab-name", text: short(node.name) }),
        shape("circle", { cx: RADIUS * 0.72, cy: RADIUS * 0.72, r: 6, class: "snnlab-handle" },
          shape("title", { text: "Drag to another population to connect" })));
    } else {
      const width = Math.max(46, node.text.length * 6.4 + 12);
      group.append(
        shape("rect", { x: -width / 2, y: -11, width, height: 22, rx: node.kind === "stimulus" ? 11 : 2, class: "snnlab-body" }),
        shape("text", { y: 4, class: "snnlab-small", text: node.text }));
    }
    return group;
  }

  // --- hands --------------------------------------------------------------------------------

  choose(name) { this.ask("select", { name }); }

  spot(event) {
    const box = this.svg.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  }

  press = (event) => {
    const group = event.target.closest(".snnlab-node");
    if (!group) {
      if (event.target.closest(".snnlab-projection")) return;
      if (this.openWhat === "population") {
        const [x, y] = this.spot(event);
        this.add("population", { ...this.form.values(), x, y });
      } else this.choose("");
      return;
    }
    event.preventDefault();
    group.focus();
    const node = this.node(group.dataset.name);
    const isJoining = event.target.closest(".snnlab-handle") !== null || (event.shiftKey && node.kind === "population");
    this.follow(event, node, isJoining);
  };

  follow(start, node, isJoining) {
    const [x0, y0] = this.spot(start);
    const [nx, ny] = [node.x, node.y];
    let hasMoved = false;
    const line = isJoining ? shape("path", { class: "snnlab-pulled" }) : undefined;
    if (line) this.svg.append(line);
    const move = (event) => {
      const [x, y] = this.spot(event);
      hasMoved ||= Math.hypot((x - x0) * this.width, (y - y0) * HEIGHT) > 4;
      if (!hasMoved) return;
      if (line) {
        const [ax, ay] = this.at(node);
        line.setAttribute("d", `M${ax} ${ay} L${x * this.width} ${y * HEIGHT}`);
        return;
      }
      Object.assign(node, { x: clamp(nx + x - x0), y: clamp(ny + y - y0) });
      this.draw();
    };
    const up = (event) => {
      window.removeEventListener("pointermove", move);
      window.removeEventListener("pointerup", up);
      line?.remove();
      if (isJoining && hasMoved) {
        const target = document.elementsFromPoint(event.clientX, event.clientY).map((e) => e.closest?.(".snnlab-node-population")).find(Boolean);
        if (target && this.svg.contains(target)) this.connect(node.name, target.dataset.name);
      } else if (hasMoved) this.ask("move", { name: node.name, x: node.x, y: node.y });
      else this.choose(node.name);
    };
    window.addEventListener("pointermove", move);
    window.addEventListener("pointerup", up);
  }

  // Enter selects, arrows move, c connects with whatever Enter is pressed on next, Delete removes.
  key(event, item) {
    const way = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] }[event.key];
    if (event.key === "Enter" || event.key === " ") {
      if (this.from && item.kind === "population") this.connect(this.from, item.name);
      else this.choose(item.name);
      this.from = undefined;
    } else if (event.key === "Delete" || event.key === "Backspace") this.ask("remove", { name: item.name });
    else if (event.key === "c" && item.kind === "population") this.from = item.name;
    else if (event.key === "Escape") this.from = undefined;
    else if (way && item.x !== undefined) this.ask("move", { name: item.name, x: clamp(item.x + way[0]), y: clamp(item.y + way[1]) });
    else return;
    event.preventDefault();
    this.draw();
  }

  close() {
    for (const [name, update] of Object.entries(this.traits)) this.model.off(`change:${name}`, update);
    this.offTheme();
    this.sizes.disconnect();
  }
}

const clamp = (value) => Math.min(0.96, Math.max(0.04, value));

const short = (name) => (name.length > 14 ? `${name.slice(0, 13)}\u2026` : name);

export default {
  render({ model, el }) {
    const view = new NetworkView(model, el);
    return () => view.close();
  },
};
