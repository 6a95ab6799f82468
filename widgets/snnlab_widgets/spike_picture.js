// Spike counts in a ring of columns; only columns that changed are coloured anew.
class SpikePicture {
  constructor(view, columns, colours) {
    this.rows = view.rows;
    this.columns = columns;
    this.full = view.full_count;
    this.rowColours = rowColours(view, colours);
    this.counts = new Uint8Array(columns * view.rows);
    this.image = new ImageData(columns, view.rows); // kept: a new one for each frame is soon rubbish
    this.pixels = new Uint32Array(this.image.data.buffer);
    this.ink = new OffscreenCanvas(columns, view.rows);
    this.pen = this.ink.getContext("2d");
    this.stop = 0;
  }

  clear(stop) {
    this.counts.fill(0);
    this.pen.clearRect(0, 0, this.columns, this.rows);
    this.stop = stop;
  }

  slot(column) {
    return ((column % this.columns) + this.columns) % this.columns;
  }

  advance(stop) {
    const first = Math.max(this.stop, stop - this.columns);
    for (let c = first; c < stop; c++) {
      const at = this.slot(c) * this.rows;
      this.counts.fill(0, at, at + this.rows);
    }
    this.stop = Math.max(this.stop, stop);
  }

  add(packed, bytes) {
    const { start, stop, mode } = packed;
    this.advance(stop);
    if (mode === "sparse") this.addSparse(packed, bytes);
    else this.addImage(packed, bytes);
    this.colour(Math.max(start, this.stop - this.columns), stop);
  }

  // Ascending pixels: `bits` low bits of each, then for each the zeros by which the rest is larger
  // than the one before it, and a one.
  addSparse({ start, n, bits }, bytes) {
    const oldest = this.stop - this.columns;
    const most = (1 << bits) - 1;
    let [rest, k, column, first] = [0, 0, start, 0];
    for (let place = (n * bits + 7) >> 3; k < n; place++) {
      for (let word = bytes[place], bit = 0; bit < 8; bit++, word >>= 1) {
        if (!(word & 1)) {
          rest++;
          continue;
        }
        const at = k++ * bits;
        const low = ((bytes[at >> 3] | (bytes[(at >> 3) + 1] << 8)) >> (at & 7)) & most;
        const pixel = (rest << bits) | low;
        for (; pixel - first >= this.rows; column++) first += this.rows;
        if (column >= oldest) this.count(column, pixel - first, 1);
      }
    }
  }

  count(column, row, n) {
    const at = this.slot(column) * this.rows + row;
    this.counts[at] = Math.min(255, this.counts[at] + n);
  }

  // Counts of `bits` bits each, column by column.
  addImage({ start, stop, bits }, bytes) {
    const most = (1 << bits) - 1;
    for (let c = Math.max(start, this.stop - this.columns); c < stop; c++) {
      let bit = (c - start) * this.rows * bits;
      for (let r = 0; r < this.rows; r++, bit += bits) {
        const n = (bytes[bit >> 3] >> (bit & 7)) & most;
        if (n) this.count(c, r, n);
      }
    }
  }

  // Colours [start, stop), which may wrap around the end of the ring.
  colour(start, stop) {
    for (let c = start; c < stop; ) {
      const slot = this.slot(c);
      const n = Math.min(stop - c, this.columns - slot);
      this.colourSlots(slot, slot + n);
      this.pen.putImageData(this.image, 0, 0, slot, 0, n, this.rows);
      c += n;
    }
  }

  colourSlots(first, stop) {
    for (let slot = first; slot < stop; slot++) {
      for (let r = 0, at = slot * this.rows; r < this.rows; r++, at++) {
        const count = this.counts[at];
        this.pixels[(this.rows - 1 - r) * this.columns + slot] = count && this.rowColours[r] | this.alpha(count);
      }
    }
  }

  // At least a third, so that no spike is lost; full colour where every neuron fires often.
  alpha(count) {
    const strength = this.full <= 1 ? 1 : Math.max(1 / 3, Math.min(1, Math.sqrt(count / this.full)));
    return Math.round(255 * strength) << 24;
  }

  // Draws columns [left, left + columns) into the area.
  draw(ctx, area, left) {
    const unit = area.width / this.columns;
    const split = this.slot(left);
    const n = this.columns - split;
    ctx.imageSmoothingEnabled = false;
    ctx.drawImage(this.ink, split, 0, n, this.rows, area.x, area.y, n * unit, area.height);
    if (split)
      ctx.drawImage(this.ink, 0, 0, split, this.rows, area.x + n * unit, area.y, split * unit, area.height);
  }
}

function rowColours(view, colours) {
  const packed = new Uint32Array(view.rows);
  view.populations.forEach((population, k) => {
    const [r, g, b] = rgb(colours[k]);
    const first = Math.floor(population.first / view.neurons_per_row);
    packed.fill(r | (g << 8) | (b << 16), first);
  });
  return packed;
}
