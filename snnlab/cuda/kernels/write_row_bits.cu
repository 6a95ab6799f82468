// The string of bits of a table's rows, written from how many synapses each of them has: a thread for
// each group of rows.

static __device__ i64 groups_of(i64 n_rows) {
    return (n_rows + ROWS_OF_GROUP - 1) / ROWS_OF_GROUP;
}

// Synapses of each group of rows, and in `longest` of the longest row.
extern "C" __global__ void sum_groups(
    const u64* counters, i64 counter_bits, i64 n_rows, i64* sums, u64* longest) {
    u64 most = 0;
    for (i64 group = first_thread(); group < groups_of(n_rows); group += all_threads()) {
        const i64 last = min_i64((group + 1) * ROWS_OF_GROUP, n_rows);
        u64 sum = 0;
        for (i64 row = group * ROWS_OF_GROUP; row < last; row++) {
            const u64 n = counter_of(counters, row, counter_bits);
            sum += n;
            if (n > most) most = n;
        }
        sums[group] = (i64)sum;
    }
    if (most > 0) atomicMax(longest, most);
}

// Groups start at synapses `first`, of which 0 is that of the table; bits are 0.
extern "C" __global__ void write_row_bits(
    const u64* counters, i64 counter_bits, i64 n_rows, const i64* first, u64* bits) {
    for (i64 group = first_thread(); group < groups_of(n_rows); group += all_threads()) {
        const i64 last = min_i64((group + 1) * ROWS_OF_GROUP, n_rows);
        i64 place = first[group] + group * ROWS_OF_GROUP, w = place / 64;
        u64 word = 0;
        for (i64 row = group * ROWS_OF_GROUP; row < last; row++, place++) {
            place += counter_of(counters, row, counter_bits);
            if (place / 64 != w) {
                if (word) atomicOr(bits + w, word);
                w = place / 64;
                word = 0;
            }
            word |= (u64)1 << place % 64;
        }
        atomicOr(bits + w, word);
    }
}

// The table lies this much further on in the pool.
extern "C" __global__ void move_row_bits(i64* first, i64 n, i64 by) {
    for (i64 k = first_thread(); k < n; k += all_threads()) first[k] += by;
}
