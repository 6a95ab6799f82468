// The parameters of the selected part, each with slider, entry, unit, meaning and its own error.

// A slider has whole positions; this maps them to values with few digits.
class Scale {
  constructor({ low, high, is_log }) {
    Object.assign(this, { low, high, isLog: is_log });
    this.step = is_log ? 0 : niceStep(high - low, 100);
    this.most = is_log ? 100 : Math.round((high - low) / this.step);
  }

  value(position) {
    if (this.isLog) return +(this.low * (this.high / this.low) ** (position / this.most)).toPrecision(3);
    return +Math.min(this.high, this.low + position * this.step).toPrecision(10);
  }

  position(value) {
    if (this.isLog) return Math.round((this.most * Math.log(value / this.low)) / Math.log(this.high / this.low));
    return Math.round((value - this.low) / this.step);
  }
}

const SHORT = 9;  // letters of a value that are seen beside a slider; more are told on hovering, and seen while it is edited

const withUnit = (text, unit) => (unit === "1" ? text : `${text} ${unit}`);

// One parameter.
class Row {
  constructor(row, ask) {
    this.ask = ask;
    this.request = 0;
    this.isHeld = false;
    this.name = row.name;
    this.isNumber = row.low !== null;
    this.id = `snnlab-${Math.random().toString(36).slice(2)}`;
    this.build(row);
    this.update(row, 0);
  }

  build(row) {
    const label = element("label", { for: this.id, text: row.name, title: row.doc });
    this.entry = element("input", {
      type: "text", id: this.id, spellcheck: "false", title: row.bounds, "aria-describedby": `${this.id}-error`,
      onchange: () => this.send(this.entry.value),
      onkeydown: (event) => event.key === "Escape" && this.takeBack(),
    });
    this.error = element("p", { class: "snnlab-error", id: `${this.id}-error`, role: "alert", hidden: true });
    const unit = unitText(row.unit);
    const slider = this.isNumber ? this.buildSlider(row) : element("span");
    this.el = element("div", { class: "snnlab-row", "data-name": row.name }, label, slider, this.entry, unit, this.error);
    if (row.doc) this.el.append(element("p", { class: "snnlab-doc", text: row.doc }));
  }

  buildSlider(row) {
    this.scale = new Scale(row);
    this.slider = element("input", {
      type: "range", min: 0, max: this.scale.most, step: 1, "aria-label": row.name, title: `${row.doc} (${row.bounds})`,
      oninput: () => this.slide(), onpointerdown: () => { this.isHeld = true; },
      onpointerup: this.letGo, onpointercancel: this.letGo, onblur: this.letGo,
    });
    return this.slider;
  }

  // What the kernel has done meanwhile is shown when the hand is off.
  letGo = () => {
    this.isHeld = false;
    this.update(this.row, this.answered);
  };

  // The same slider with another range keeps the focus and the hand.
  stretch(row) {
    if (!this.slider || (row.low === this.row?.low && row.high === this.row?.high)) return;
    this.scale = new Scale(row);
    this.slider.max = this.scale.most;
    const value = parseFloat(this.entry.value);
    this.slider.value = this.scale.position(Number.isFinite(value) ? value : row.value);
  }

  slide() {
    this.entry.value = String(this.scale.value(Number(this.slider.value)));
    this.speak(this.entry.value);
    this.sendSoon();
  }

  // The first value at once, then at most one per paint, however fast the pointer moves.
  sendSoon() {
    if (this.isWaiting || this.entry.value === this.sent) return;
    this.isWaiting = true;
    this.send(this.entry.value);
    requestAnimationFrame(() => {
      this.isWaiting = false;
      this.sendSoon();
    });
  }

  send(text) {
    this.sent = this.shown = text;
    this.request = this.ask({ do: "set", name: this.name, text });
  }

  speak(text) {
    this.slider?.setAttribute("aria-valuetext", withUnit(text, this.row?.unit ?? "1"));
  }

  // What was asked for here wins over what is older, however long the kernel takes to answer.
  update(row, answered) {
    this.stretch(row);
    this.row = row;
    this.answered = answered;
    this.fail(row.error);
    if (row.error || this.request > answered || this.isTurning() || this.isTyping()) return;
    this.show(row);
  }

  // Under the hand, or turned on since the last value was sent: the next one goes with the next paint.
  isTurning() {
    return this.isHeld || (this.isWaiting && this.entry.value !== this.sent);
  }

  takeBack() {
    this.fail(this.row.error);
    this.show(this.row);
  }

  show(row) {
    this.sent = undefined;
    this.entry.value = this.shown = row.text;
    this.entry.title = row.text.length > SHORT ? `${row.text} (${row.bounds})` : row.bounds;
    if (this.slider && row.value !== null) this.slider.value = this.scale.position(row.value);
    this.speak(row.text);
  }

  isTyping() {
    return this.entry.matches(":focus") && this.entry.value !== this.shown;
  }

  fail(text) {
    this.error.hidden = !text;
    this.error.textContent = text;
    this.entry.setAttribute("aria-invalid", String(Boolean(text)));
  }
}

const unitText = (unit) => element("span", { class: "snnlab-unit", text: unit === "1" ? "" : unit });

class InspectorView {
  constructor(model, el) {
    this.model = model;
    this.page = Math.random().toString(36).slice(2);
    this.requests = 0;
    this.rows = [];
    this.select = element("select", {
      "aria-label": "part of the network", onchange: () => model.send({ do: "select", target: this.select.value }),
    });
    this.title = element("p", { class: "snnlab-doc" });
    this.body = element("div", { class: "snnlab-rows" });
    el.append(part("section", "inspector", { "aria-label": "inspector" },
      element("h3", { text: "Inspector" }), this.select, this.title, this.body));
    model.on("change:targets", this.offer);
    model.on("change:form", this.update);
    this.offer();
    this.update();
  }

  offer = () => {
    this.select.replaceChildren();
    for (const { group, items } of this.model.get("targets")) {
      const options = items.map(([value, text]) => element("option", { value, text }));
      this.select.append(element("optgroup", { label: group }, ...options));
    }
    this.select.value = this.model.get("form").target;
  };

  update = () => {
    const form = this.model.get("form");
    this.select.value = form.target;
    this.title.textContent = form.title;
    const key = JSON.stringify([form.target, form.rows.map((r) => [r.name, r.unit, r.low === null])]);
    if (key !== this.key) this.rebuild(form);
    else form.rows.forEach((row, k) => this.rows[k].update(row, form.answered[this.page] ?? 0));
    this.key = key;
  };

  rebuild(form) {
    const ask = (message) => {
      this.requests += 1;
      this.model.send({ ...message, target: form.target, page: this.page, request: this.requests });
      return this.requests;
    };
    this.rows = form.rows.map((row) => new Row(row, ask));
    this.body.replaceChildren(...this.rows.map((row) => row.el));
    if (!form.rows.length) this.body.append(element("p", { class: "snnlab-doc", text: "Nothing to set here." }));
  }

  close() {
    this.model.off("change:targets", this.offer);
    this.model.off("change:form", this.update);
  }
}

export default {
  render({ model, el }) {
    const view = new InspectorView(model, el);
    return () => view.close();
  },
};
