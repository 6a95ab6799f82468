// Rate of each population in a ring of bins; the scale changes only when it must.
class RateLines {
  constructor(n_populations, n_bins) {
    this.n = n_populations;
    this.bins = n_bins;
    this.values = new Float32Array(n_populations * n_bins);
    this.clear();
  }

  clear() {
    this.values.fill(NaN);
    this.top = 10;
  }

  slot(bin) {
    return (bin % this.bins) * this.n;
  }

  add(first, bytes) {
    const values = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
    for (let k = 0; k * this.n < values.length; k++)
      this.values.set(values.subarray(k * this.n, (k + 1) * this.n), this.slot(first + k));
    this.rescale();
  }

  rescale() {
    let most = 0;
    for (const value of this.values) if (value > most) most = value;
    const wanted = Math.max(10, most * 1.15);
    const step = niceStep(wanted, 8);
    const top = Math.ceil(wanted / step) * step;
    if (most > this.top || top < 0.7 * this.top) this.top = top;
  }

  // Bins [first, stop) as lines; x(bin) gives the position of a bin's middle.
  draw(ctx, area, colours, first, stop, x) {
    ctx.save();
    ctx.beginPath();
    ctx.rect(area.x, area.y, area.width, area.height);
    ctx.clip();
    ctx.lineWidth = 1.3;
    ctx.lineJoin = "round";
    for (let p = 0; p < this.n; p++) {
      ctx.strokeStyle = colours[p];
      ctx.beginPath();
      for (let bin = first; bin < stop; bin++) {
        const value = this.values[this.slot(bin) + p];
        if (!Number.isNaN(value)) ctx.lineTo(x(bin), area.y + area.height * (1 - value / this.top));
      }
      ctx.stroke();
    }
    ctx.restore();
  }
}
