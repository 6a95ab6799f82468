// What was done, with undo and redo; branches, and one of them laid over this run.

const CURVE = { width: 300, height: 150 };

// Puts a text on the clipboard that is still to come: a browser lets a page do so soon after a click only,
// so it is asked for at once. Where that is not allowed (no secure address), the old way of a marked text.
async function copyText(coming) {
  try {
    const blob = coming.then((text) => new Blob([text], { type: "text/plain" }));
    await navigator.clipboard.write([new ClipboardItem({ "text/plain": blob })]);
    return true;
  } catch {
    return copyMarked(await coming);
  }
}

function copyMarked(text) {
  const area = element("textarea", { style: "position:fixed;opacity:0", "aria-hidden": "true" });
  const before = document.activeElement;
  area.value = text;
  document.body.append(area);
  area.select();
  const isDone = document.execCommand("copy");
  area.remove();
  before?.focus();
  return isDone;
}

class BranchingView {
  constructor(model, el) {
    this.model = model;
    this.build(el);
    this.traits = { history: this.list, branches: this.offer, comparison: this.draw, note: this.say };
    for (const [name, update] of Object.entries(this.traits)) model.on(`change:${name}`, update);
    model.on("msg:custom", this.take);
    this.offTheme = onTheme(this.draw);
    this.sizes = new ResizeObserver(() => { if (this.drawnWidth !== this.stage.clientWidth) this.draw(); });
    this.sizes.observe(this.stage);
    for (const update of Object.values(this.traits)) update();
  }

  ask = (what, values = {}) => this.model.send({ do: what, ...values });

  button(text, title, onclick, name = "") {
    return element("button", { type: "button", class: `snnlab-small-button ${name}`, text, title, onclick });
  }

  build(el) {
    this.undo = this.button("Undo", "Undo the last edit", () => this.ask("undo"));
    this.redo = this.button("Redo", "Redo the edit that was undone last", () => this.ask("redo"));
    this.entries = element("ol", { "aria-label": "edits, the last one first", tabindex: 0 });
    this.empty = element("p", { class: "snnlab-doc", text: "No edits yet." });
    this.name = element("input", { type: "text", placeholder: "name", "aria-label": "name of the branch", style: "width:110px" });
    this.fork = element("form", {
      class: "snnlab-form", "aria-label": "new branch",
      onsubmit: (event) => { event.preventDefault(); this.ask("branch", { name: this.name.value }); this.name.value = ""; },
    }, this.name, element("button", { type: "submit", class: "snnlab-branch", text: "Branch from here", title: "A second run that goes on from this moment" }));
    this.rows = element("ul", { "aria-label": "branches" });
    this.canvas = element("canvas", { role: "img" });
    this.key = element("p", { class: "snnlab-doc snnlab-curve-key" });
    this.stage = element("div", { class: "snnlab-comparison", hidden: true }, this.key, this.canvas);
    this.note = element("p", { class: "snnlab-doc", role: "status" });
    this.error = element("p", { class: "snnlab-error", role: "alert", hidden: true });
    const keep = [["share", "Session file", "Write a small file that repeats this run"], ["script", "Script", "Write a Python script that repeats this run"],
      ["methods", "Methods section", "Write the methods section of a paper"]].map(([kind, text, title]) => this.button(text, title, () => this.ask("keep", { kind }), `snnlab-keep-${kind}`));
    keep.push(this.button("Copy methods", "Put the methods section on the clipboard, as Markdown", this.copy, "snnlab-copy-methods"));
    el.append(part("section", "history", { "aria-label": "history" },
      element("div", { class: "snnlab-tools" }, element("h3", { text: "History" }), this.undo, this.redo),
      this.empty, this.entries, element("h3", { text: "Branches" }), this.fork, this.rows, this.stage,
      element("div", { class: "snnlab-tools" }, element("small", { text: "Keep this run as" }), ...keep), this.error, this.note));
  }

  list = () => {
    const { entries, can_undo: canUndo, can_redo: canRedo } = this.model.get("history");
    this.undo.disabled = !canUndo;
    this.redo.disabled = !canRedo;
    this.empty.hidden = entries.length > 0;
    this.entries.hidden = !entries.length;
    const words = { undone: "undo: ", redone: "redo: ", made: "" };
    this.entries.replaceChildren(...[...entries].reverse().map(({ n, t, text, how }) => element("li", { "data-how": how },
      element("b", { text: String(n) }), element("span", { text: words[how] + text, title: text }),
      element("time", { text: `${t.toFixed(1)} ms` }),
      this.button("\u21b6", `Go back to t = ${t.toFixed(1)} ms`, () => this.ask("rewind", { t })))));
  };

  copy = async () => {
    const coming = new Promise((resolve) => { this.copied = resolve; });
    this.ask("copy");
    const isDone = await copyText(coming);
    const words = (await coming).split(/\s+/).length;
    this.note.hidden = false;
    this.note.textContent = isDone ? `The methods section is on the clipboard (${integer(words)} words).`
      : "This browser lets no page use the clipboard: take the file of \u201cMethods section\u201d.";
  };

  take = (message) => {
    if (message.do === "copy") this.copied?.(message.text);
  };

  offer = () => {
    const rows = this.model.get("branches").map((branch) => {
      const { name, t, state, from, n_edits: n, is_compared: isCompared } = branch;
      const compare = this.button(isCompared ? "Hide" : "Compare", "Lay it over this run", () => this.ask("compare", { branch: name }));
      return element("li", { "data-branch": name },
        element("span", { class: "snnlab-branch-name", text: name }),
        element("small", { text: `from ${from.toFixed(1)} ms, now ${t.toFixed(1)} ms, ${state}, ${n} ${n === 1 ? "edit" : "edits"}` }),
        this.trial(name),
        this.button("Catch up", "Run until the time of this run, and compare", () => this.ask("catch_up", { branch: name }), "snnlab-catch-up"),
        compare, this.button("\u2715", `Close ${name}`, () => this.ask("drop", { branch: name })));
    });
    const key = JSON.stringify(this.model.get("branches").map((b) => [b.name, b.is_compared]));
    const isTyping = this.rows.contains(document.activeElement) && document.activeElement.tagName === "INPUT";
    if (isTyping && key === this.rowsKey) {
      this.model.get("branches").forEach((b, k) => { this.rows.children[k].querySelector("small").textContent = rows[k].querySelector("small").textContent; });
      return;
    }
    this.rowsKey = key;
    this.rows.replaceChildren(...rows);
  };

  // One number of a branch, set by what is typed: "g = 6", "exc.tau_m = 15 ms".
  trial(branch) {
    const entry = element("input", { type: "text", placeholder: "g = 6", title: "A change of this branch alone: g = 6, or exc.tau_m = 15 ms",
      "aria-label": `change ${branch}`, style: "width:110px" });
    entry.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      const found = /^\s*(?:(.+)\.)?([^.=]+?)\s*=\s*(.+?)\s*$/.exec(entry.value);
      if (!found) return;
      this.ask("try", { branch, target: found[1] ?? "", name: found[2], text: found[3] });
      entry.value = "";
    });
    return entry;
  }

  draw = () => {
    const told = this.model.get("comparison");
    this.stage.hidden = !told.curves;
    if (!told.curves) return;
    const width = this.drawnWidth = this.stage.clientWidth || CURVE.width;
    const ratio = devicePixelRatio || 1;
    resize(this.canvas, Math.round(width * ratio), Math.round(CURVE.height * ratio));
    const ctx = this.canvas.getContext("2d");
    const colours = theme(this.canvas);
    ctx.scale(ratio, ratio);
    ctx.fillStyle = colours.paper;
    ctx.fillRect(0, 0, width, CURVE.height);
    const area = { x: 52, y: MARGIN.top, width: width - 52 - MARGIN.right, height: CURVE.height - MARGIN.top - MARGIN.bottom };
    const high = 1.1 * Math.max(1, ...told.curves.flatMap((c) => c.rate));
    drawAxes(ctx, area, colours, { x: { low: told.t_start, high: told.t_stop, label: "time (ms)" }, y: { low: 0, high, label: "rate (spikes/s)", most: 4 } });
    const x = (t) => area.x + ((t - told.t_start) / (told.t_stop - told.t_start)) * area.width;
    const y = (r) => area.y + area.height * (1 - r / high);
    told.curves.forEach((curve, k) => {
      ctx.strokeStyle = colours.light ? curve.colour : curve.colour_dark;
      ctx.lineWidth = 1.5;
      ctx.setLineDash(k ? [5, 3] : []);
      ctx.beginPath();
      curve.t.forEach((t, i) => (i ? ctx.lineTo(x(t), y(curve.rate[i])) : ctx.moveTo(x(t), y(curve.rate[i]))));
      ctx.stroke();
    });
    ctx.setLineDash([]);
    const said = told.parts_at === null ? "no difference" : `first different spike at ${told.parts_at.toFixed(1)} ms`;
    if (told.parts_at !== null) {
      ctx.fillStyle = colours.ink;
      ctx.fillRect(x(told.parts_at), area.y, 1, area.height);
    }
    this.key.replaceChildren(...told.curves.map((c, k) => element("span", { style: `border-bottom: 2px ${k ? "dashed" : "solid"} ${colours.light ? c.colour : c.colour_dark}`, text: c.name })),
      element("span", { text: said }));
    this.canvas.setAttribute("aria-label", `rates of ${told.curves.map((c) => c.name).join(" and ")}: ${said}`);
  };

  say = () => {
    const { text, is_error: isError } = this.model.get("note");
    this.note.textContent = isError ? "" : text;
    this.note.hidden = isError || !text;
    this.error.textContent = isError ? text : "";
    this.error.hidden = !isError;
  };

  close() {
    this.model.off("msg:custom", this.take);
    for (const [name, update] of Object.entries(this.traits)) this.model.off(`change:${name}`, update);
    this.offTheme();
    this.sizes.disconnect();
  }
}

export default {
  render({ model, el }) {
    const view = new BranchingView(model, el);
    return () => view.close();
  },
};
