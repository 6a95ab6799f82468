// Where the rows of a table start that has few synapses in a row, in a string of bits: a 0 for each
// synapse, a 1 where a row ends. The string of every 64th row begins where its synapses and the
// rows before say, so that the way to a row is 64 rows long at most.

const i64 ROWS_OF_GROUP = 64;

// Synapses `start` to `stop` of the pool.
struct RowRange {
    i64 start, stop;
};

// Place of the 1 that has `k` of them below it.
static __device__ i64 place_of_one(u64 word, i64 k) {
    i64 place = 0;
    for (i64 half = 32; half > 0; half /= 2) {
        const i64 n = __popcll(word >> place & (((u64)1 << half) - 1));
        if (k < n) continue;
        k -= n;
        place += half;
    }
    return place;
}

// Row number `row`, counted over all partitions, whose groups of rows start at synapses `first`.
static __device__ RowRange row_in_bits(const i64 *first, const u64 *bits, i64 row) {
    const i64 group = row / ROWS_OF_GROUP, origin = first[0];
    const i64 begin = first[group] - origin + group * ROWS_OF_GROUP;
    i64 k = row % ROWS_OF_GROUP, w = begin / 64;
    u64 word = bits[w] & ~(u64)0 << begin % 64;
    RowRange found = {first[group], 0};
    if (k > 0) {  // to the end of the row before
        for (i64 n = __popcll(word); n < k; n = __popcll(word)) {
            k -= n;
            word = bits[++w];
        }
        const i64 place = place_of_one(word, k - 1);
        found.start = 64 * w + place + 1 - row + origin;
        word &= ~(u64)0 << place << 1;
    }
    while (!word) word = bits[++w];
    found.stop = 64 * w + __ffsll((i64)word) - 1 - row + origin;
    return found;
}

// Write down a table's rows; bits are 0, or those of the same rows already.
extern "C" __global__ void write_row_bits(
    const i64 *row_start, i64 n_pre, i64 n_rows, i64 *first, u64 *bits) {
    for (i64 row = first_thread(); row < n_rows; row += all_threads()) {
        const i64 at = row + row / n_pre, place = row_start[at + 1] - row_start[0] + row;
        atomicOr(bits + place / 64, (u64)1 << place % 64);
        if (row % ROWS_OF_GROUP == 0) first[row / ROWS_OF_GROUP] = row_start[at];
    }
}

// Of each partition the start of every row, and behind them where the last row ends.
extern "C" __global__ void read_row_bits(
    const i64 *first, const u64 *bits, i64 n_pre, i64 n_rows, i64 *row_start) {
    for (i64 row = first_thread(); row < n_rows; row += all_threads()) {
        const RowRange range = row_in_bits(first, bits, row);
        const i64 at = row + row / n_pre;
        row_start[at] = range.start;
        if (row % n_pre == n_pre - 1) row_start[at + 1] = range.stop;
    }
}
