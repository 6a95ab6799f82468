// Where the rows of a table start that has few synapses in a row, in a string of bits: a 0 for each
// synapse, a 1 where a row ends. The string of every 64th row begins where its synapses and the
// rows before say, so that the way to a row is 64 rows long at most.

const i64 ROWS_OF_GROUP = 64;

// Synapses `start` to `stop` of the pool.
struct RowRange {
    i64 start, stop;
};

// The first synapse of a row, and what is left of the string there: `word`, and those behind `at`.
struct RowBegin {
    i64 start, at;
    u64 word;
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
static __device__ RowBegin row_begin(const i64 *first, const u64 *bits, i64 row) {
    const i64 group = row / ROWS_OF_GROUP, origin = first[0];
    const i64 begin = first[group] - origin + group * ROWS_OF_GROUP;
    i64 k = row % ROWS_OF_GROUP, w = begin / 64;
    u64 word = bits[w] & ~(u64)0 << begin % 64;
    if (k == 0) return {first[group], w, word};
    for (i64 n = __popcll(word); n < k; n = __popcll(word)) {  // to the end of the row before
        k -= n;
        word = bits[++w];
    }
    const i64 place = place_of_one(word, k - 1);
    return {64 * w + place + 1 - row + origin, w, word & ~(u64)0 << place << 1};
}

static __device__ RowRange row_in_bits(const i64 *first, const u64 *bits, i64 row) {
    const RowBegin begin = row_begin(first, bits, row);
    i64 w = begin.at;
    u64 word = begin.word;
    while (!word) word = bits[++w];
    return {begin.start, 64 * w + __ffsll((i64)word) - 1 - row + first[0]};
}
