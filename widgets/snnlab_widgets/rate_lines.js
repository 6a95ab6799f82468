// Rate of each population in a ring of bins; the scale changes only when it must.
class RateLines {
  constructor({ populations, bin_ms }, n_bins) {
    this.n = populations.length;
    this.bins = n_bins;
    this.perHz = populations.map(({ size }) => size * bin_ms * 1e-3);
    this.values = new Float32Array(this.n * n_bins);
    this.clear();
  }

  clear() {
    this.values.fill(NaN);
    this.top = 10;
  }

  slot(bin) {
    return (bin % this.bins) * this.n;
  }

  // Numbers of spikes, of `width` bytes each, bin by bin.
  add(first, width, bytes) {
    const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const count = { 1: (at) => bytes[at], 2: (at) => data.getUint16(at, true), 4: (at) => data.getUint32(at, true) }[width];
    for (let k = 0; k * width < bytes.length; k++) {
      const p = k % this.n;
      this.values[this.slot(first + (k - p) / this.n) + p] = count(k * width) / this.perHz[p];
    }
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
