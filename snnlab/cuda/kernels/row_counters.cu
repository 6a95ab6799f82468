// Counters of rows in a few bits each, side by side in words of 64 bits. How many bits is a power of 2.

static __device__ u64 largest_counter(i64 bits) { return ~(u64)0 >> (64 - bits); }

static __device__ u64 counter_of(const u64* counters, i64 row, i64 bits) {
    const i64 at = row * bits;
    return counters[at / 64] >> at % 64 & largest_counter(bits);
}

// Add to the counter of a row, and return what it was. What does not fit runs over into its
// neighbours: the first that does finds its own counter right, and says so in `overflows`; from then
// on the counters are worth nothing.
static __device__ u64 add_to_counter(u64* counters, i64 row, i64 bits, u64 n, u64* overflows) {
    const i64 at = row * bits;
    const u64 before = atomicAdd(&counters[at / 64], n << at % 64) >> at % 64 & largest_counter(bits);
    if (n > largest_counter(bits) - before) *overflows = 1;
    return before;
}
