// A picture of a map: an image of indexed colours with axes, a bar of colours and a caption.
//
// Python sends a picture when the last one was painted; what is not on screen is not painted.

const NOTHING = 255; // index of what has no value
const BAR = { gap: 12, width: 12, room: 58 };
const LEFT = 46; // room for the axis along y
const FINE = 3; // an image is drawn so much larger before it is fitted in

class PictureView {
  constructor(model, el, name, label, ...tools) {
    this.model = model;
    this.isVisible = true;
    this.caption = element("figcaption");
    this.canvas = element("canvas", { role: "img", "aria-label": label, "data-frame": "0" });
    this.empty = element("div", { class: "snnlab-empty" });
    this.stage = element("div", { class: "snnlab-stage" }, this.canvas, this.empty);
    this.figure = part("figure", `picture snnlab-${name}`, { "aria-label": label }, this.caption, ...tools, this.stage);
    el.append(this.figure);
    this.ctx = this.canvas.getContext("2d");
    this.image = document.createElement("canvas");
    this.palettes = Object.fromEntries(Object.entries(model.get("palettes")).map(([k, v]) => [k, v.map(rgb)]));
    model.on("msg:custom", this.receive);
    this.onScreen = new IntersectionObserver(([entry]) => {
      this.isVisible = entry.isIntersecting;
      this.schedule();
    });
    this.onScreen.observe(this.canvas);
    this.onSize = new ResizeObserver(() => this.stage.clientWidth !== this.width && this.layout());
    this.onSize.observe(this.stage);
    this.offTheme = onTheme(() => this.layout());
    model.send({ do: "ready" });
  }

  receive = (message, buffers) => {
    if (message.kind !== "picture") return;
    this.waiting = [message, buffers.map((b) => new Uint8Array(b.buffer, b.byteOffset, b.byteLength))];
    this.schedule();
  };

  schedule() {
    if (this.isScheduled || !this.isVisible || !this.waiting) return;
    this.isScheduled = true;
    requestAnimationFrame(() => {
      this.isScheduled = false;
      [this.shown, this.buffers] = this.waiting;
      this.waiting = undefined;
      this.take();
      this.layout();
      this.canvas.dataset.frame = this.shown.k;
      this.canvas.dataset.t = this.shown.t;
      this.model.send({ do: "painted", k: this.shown.k });
    });
  }

  // Turns indices into an image; its lowest row comes first in the data.
  take() {
    const { columns, rows, palette } = this.shown;
    const colours = this.palettes[palette];
    const nothing = rgb(this.model.get("nothing"));
    this.image.width = columns;
    this.image.height = rows;
    const data = new ImageData(columns, rows);
    const [indices] = this.buffers;
    for (let y = 0, at = 0; y < rows; y++) {
      for (let x = 0, from = (rows - 1 - y) * columns; x < columns; x++, from++, at += 4) {
        const index = indices[from];
        const colour = index === NOTHING ? nothing : colours[index];
        data.data[at] = colour[0];
        data.data[at + 1] = colour[1];
        data.data[at + 2] = colour[2];
        data.data[at + 3] = 255;
      }
    }
    this.image.getContext("2d").putImageData(data, 0, 0);
  }

  // The image with larger pixels, to be made smaller smoothly.
  fine() {
    const large = document.createElement("canvas");
    large.width = this.image.width * FINE;
    large.height = this.image.height * FINE;
    const ctx = large.getContext("2d");
    ctx.imageSmoothingEnabled = false;
    ctx.drawImage(this.image, 0, 0, large.width, large.height);
    return large;
  }

  // The image is as large as its room allows, with whole pixels where they are large.
  layout() {
    this.width = this.stage.clientWidth;
    if (this.width < 120 || !this.shown) return;
    const { columns, rows, title, empty } = this.shown;
    const ratio = devicePixelRatio || 1;
    const room = Math.min(this.width - LEFT - BAR.gap - BAR.width - BAR.room, this.model.get("side"));
    const fit = (room * ratio) / Math.max(columns, rows);
    // Few and large pixels are all alike; of many, a little blur is seen less than lost room.
    this.isFine = fit < 6;
    const scale = (this.isFine ? fit : Math.floor(fit)) / ratio;
    this.area = { x: LEFT, y: MARGIN.top, width: columns * scale, height: rows * scale };
    resize(this.canvas, Math.round(this.width * ratio), Math.round((this.area.y + this.area.height + MARGIN.bottom + 4) * ratio));
    this.canvas.dataset.area = [this.area.x, this.area.y, this.area.width, this.area.height].join(" ");
    this.caption.textContent = title;
    this.empty.textContent = empty;
    this.empty.hidden = !empty;
    this.paint();
  }

  paint() {
    const { ctx, area, shown } = this;
    const ratio = devicePixelRatio || 1;
    const colours = theme(this.canvas);
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    ctx.clearRect(0, 0, this.canvas.width, this.canvas.height);
    ctx.imageSmoothingEnabled = this.isFine;
    ctx.imageSmoothingQuality = "high";
    ctx.drawImage(this.isFine ? this.fine() : this.image, area.x, area.y, area.width, area.height);
    ctx.strokeStyle = colours.faint;
    ctx.lineWidth = 1;
    ctx.strokeRect(area.x - 0.5, area.y - 0.5, area.width + 1, area.height + 1);
    ctx.fillStyle = colours.ink;
    ctx.font = colours.font;
    this.paintAxes(ctx, area, shown);
    this.paintBar(ctx, area, shown, colours);
    this.paintOver(ctx, area, colours);
  }

  paintAxes(ctx, area, { x, y }) {
    const bottom = area.y + area.height;
    ctx.textAlign = "center";
    ctx.textBaseline = "top";
    for (const [at, text] of x.ticks) {
      const left = area.x + at * area.width;
      ctx.fillRect(Math.round(left), bottom, 1, 4);
      ctx.fillText(text, left, bottom + 6);
    }
    ctx.fillText(x.label, area.x + area.width / 2, bottom + 22);
    ctx.textAlign = "right";
    ctx.textBaseline = "middle";
    for (const [at, text] of y.ticks) {
      const top = bottom - at * area.height;
      ctx.fillRect(area.x - 4, Math.round(top), 4, 1);
      ctx.fillText(text, area.x - 7, top);
    }
    this.paintUpwards(ctx, y.label, 11, area.y + area.height / 2);
  }

  paintUpwards(ctx, text, x, y) {
    ctx.save();
    ctx.translate(x, y);
    ctx.rotate(-Math.PI / 2);
    ctx.textAlign = "center";
    ctx.textBaseline = "middle";
    ctx.fillText(text, 0, 0);
    ctx.restore();
  }

  paintBar(ctx, area, { value, palette }, colours) {
    const left = area.x + area.width + BAR.gap;
    const list = this.palettes[palette];
    for (let row = 0; row < area.height; row++) {
      const [r, g, b] = list[Math.round((1 - row / area.height) * (list.length - 1))];
      ctx.fillStyle = `rgb(${r} ${g} ${b})`;
      ctx.fillRect(left, area.y + row, BAR.width, 1);
    }
    ctx.strokeRect(left - 0.5, area.y - 0.5, BAR.width + 1, area.height + 1);
    ctx.fillStyle = colours.ink;
    ctx.textAlign = "left";
    ctx.textBaseline = "middle";
    for (const v of ticks(value.low, value.high, area.height / 60)) {
      const top = area.y + area.height * (1 - (v - value.low) / (value.high - value.low));
      ctx.fillRect(left + BAR.width, Math.round(top), 4, 1);
      ctx.fillText(tickText(v), left + BAR.width + 7, top);
    }
    this.paintUpwards(ctx, value.label, left + BAR.width + BAR.room - 14, area.y + area.height / 2);
  }

  // What lies over the image; for those who know more than a picture.
  paintOver() {}

  close() {
    this.model.off("msg:custom", this.receive);
    this.onScreen.disconnect();
    this.onSize.disconnect();
    this.offTheme();
  }
}
