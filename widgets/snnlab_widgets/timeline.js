// A slider over the time of the run: its right end follows the run, everything else looks back.

const HOLD = 500; // ms for which the hand on the slider wins over what Python says
const PLAY = 160; // ms from one moment to the next

const inSeconds = (t) => `${(t / 1000).toFixed(2)} s`;

class TimelineView {
  constructor(model, el) {
    this.model = model;
    this.build(el);
    for (const name of ["status", "note", "progress"]) model.on(`change:${name}`, this.update);
    this.update();
  }

  build(el) {
    const button = (name, text, title, onclick) => element("button", { type: "button", class: `snnlab-${name}`, text, title, onclick });
    this.slider = element("input", { type: "range", min: 0, max: 1000, step: "any", value: 1000, "aria-label": "time that is shown", oninput: this.slide });
    this.slider.addEventListener("keydown", this.key);
    this.live = button("live", "Live", "Follow the run again", () => this.look(null));
    this.play = button("play", "Play", "Show the development from the beginning", this.toggle);
    this.rewind = button("rewind", "Rewind to here", "The run goes back to the time that is shown and pauses; what came after it is dropped",
      () => model.send({ do: "rewind" }));
    this.branch = button("branch-here", "Branch here", "Another run goes on from the time that is shown, on a page of its own below; this one is left as it is",
      () => model.send({ do: "branch" }));
    const { model } = this;
    this.format = element("select", { "aria-label": "form of the export", title: "What is written" });
    for (const [value, text] of model.get("formats")) this.format.append(element("option", { value, text }));
    this.export = button("export", "Export", "Write the development to a file beside the notebook",
      () => model.send({ do: "export", format: this.format.value }));
    this.shown = element("output", { class: "snnlab-shown" });
    this.note = element("p", { class: "snnlab-doc", role: "status" });
    this.error = element("p", { class: "snnlab-error", role: "alert", hidden: true });
    this.bar = element("progress", { max: 1, "aria-label": "progress of the export", hidden: true });
    el.append(part("section", "timeline", { "aria-label": "time that is shown" }, ...this.heading(),
      element("div", { class: "snnlab-line-of-time" }, this.live, this.play, this.slider, this.shown, this.rewind, this.branch,
        element("span", { class: "snnlab-group" }, this.format, this.export, this.bar)),
      this.note, this.error));
  }

  // Says of a branch which one it is.
  heading() {
    const { name, t, can_drop: canDrop } = this.model.get("origin");
    if (name === undefined) return [];
    const drop = element("button", { type: "button", class: "snnlab-drop", text: "Close branch", title: "This branch ends, and is forgotten",
      hidden: !canDrop, onclick: () => this.model.send({ do: "drop" }) });
    return [element("header", { class: "snnlab-line-of-time" },
      element("h3", { text: name }), element("span", { text: `a branch from t = ${inSeconds(t)} on` }), drop)];
  }

  slide = () => {
    this.stop();
    this.hold();
    this.want = Number(this.slider.value);
    this.say(this.want);
    if (this.isWaiting) return;
    this.isWaiting = true;
    requestAnimationFrame(() => {
      this.isWaiting = false;
      this.look(this.want);
    });
  };

  // Arrows go from one moment that was kept to the next.
  key = (event) => {
    const way = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
    if (!way) return;
    event.preventDefault();
    this.slider.value = Number(this.slider.value) + way * this.step;
    this.slide();
  };

  get step() {
    const { first, last, n } = this.model.get("status");
    return (last - first) / Math.max(1, n - 1);
  }

  hold() {
    this.isHeld = true;
    clearTimeout(this.letGo);
    this.letGo = setTimeout(() => { this.isHeld = false; this.update(); }, HOLD);
  }

  look(t) {
    if (t === null) this.stop();
    this.model.send({ do: "look", t });
  }

  toggle = () => {
    if (this.timer) return this.stop();
    const { first, is_live: isLive, t } = this.model.get("status");
    this.at = isLive ? first : t;
    this.timer = setInterval(this.next, PLAY);
    this.next();
    this.update();
  };

  next = () => {
    const { last } = this.model.get("status");
    const isEnd = this.at >= last;
    this.look(isEnd ? null : this.at);
    this.at += this.step;
  };

  stop() {
    if (!this.timer) return;
    clearInterval(this.timer);
    this.timer = undefined;
    this.update();
  }

  say(t) {
    const { last, is_live: isLive } = this.model.get("status");
    const back = last - t;
    this.shown.textContent = isLive && !this.isHeld ? `live, t = ${inSeconds(t)}` : `t = ${inSeconds(t)} of ${inSeconds(last)}`;
    this.slider.setAttribute("aria-valuetext", this.shown.textContent);
    this.slider.title = back > 0 ? `${inSeconds(back)} back` : "";
  }

  update = () => {
    const status = this.model.get("status");
    const { text, is_error: isError } = this.model.get("note");
    const progress = this.model.get("progress");
    if (!this.isHeld) {
      this.slider.min = status.first;
      this.slider.max = Math.max(status.last, status.first + 1e-9);
      this.slider.value = status.is_live ? status.last : status.t;
      this.say(status.t);
    }
    this.live.disabled = status.is_live;
    this.live.setAttribute("aria-pressed", String(status.is_live));
    this.slider.disabled = this.play.disabled = status.n < 2;
    this.play.textContent = this.timer ? "Stop" : "Play";
    this.rewind.disabled = !status.can_rewind;
    this.bar.hidden = progress === null;
    this.export.disabled = progress !== null;
    if (progress !== null) this.bar.value = progress;
    this.note.textContent = isError ? "" : text;
    this.error.textContent = isError ? text : "";
    this.error.hidden = !isError;
    this.note.hidden = isError || !text;
  };

  close() {
    clearInterval(this.timer);
    clearTimeout(this.letGo);
    for (const name of ["status", "note", "progress"]) this.model.off(`change:${name}`, this.update);
  }
}

export default {
  render({ model, el }) {
    const view = new TimelineView(model, el);
    return () => view.close();
  },
};
