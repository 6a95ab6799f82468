// Where rows start: running sums over the numbers of synapses of all rows of a table.
//
// Each block sums a stretch of rows, one block sums the stretches, and each block goes through its
// stretch again, now knowing what lies before it.

const i64 SUMMING = 256;  // threads of these kernels

// Sum over this thread and all before it, and in `all` over the whole block. All come here.
static __device__ i64 sum_of_threads(i64 value, i64* all) {
    __shared__ i64 sums[SUMMING];
    __syncthreads();  // those of the time before have been read
    sums[threadIdx.x] = value;
    __syncthreads();
    for (i64 distance = 1; distance < SUMMING; distance *= 2) {
        i64 there = threadIdx.x >= distance ? sums[threadIdx.x - distance] : 0;
        __syncthreads();
        sums[threadIdx.x] += there;
        __syncthreads();
    }
    *all = sums[SUMMING - 1];
    return sums[threadIdx.x];
}

static __device__ i64 stretch_begin(i64 n, i64 block) { return n * block / gridDim.x; }

// Synapses of each stretch, and in `found[1]` the longest row of all.
extern "C" __global__ void sum_rows(const u64* counts, i64 n, i64* stretches, u64* found) {
    i64 last = stretch_begin(n, (i64)blockIdx.x + 1), sum = 0, all;
    u64 most = 0;
    for (i64 row = stretch_begin(n, blockIdx.x) + threadIdx.x; row < last; row += SUMMING) {
        sum += counts[row];
        if (counts[row] > most) most = counts[row];
    }
    sum_of_threads(sum, &all);
    if (threadIdx.x == 0) stretches[blockIdx.x] = all;
    if (most > 0) atomicMax(&found[1], most);
}

// In one block: what lies before each stretch, and in `found[0]` the number of all synapses.
extern "C" __global__ void sum_stretches(i64* stretches, i64 n, u64* found) {
    i64 before = 0, all;
    for (i64 first = 0; first < n; first += SUMMING) {
        i64 k = first + threadIdx.x, own = k < n ? stretches[k] : 0;
        i64 sum = before + sum_of_threads(own, &all);
        if (k < n) stretches[k] = sum - own;
        before += all;
    }
    if (threadIdx.x == 0) found[0] = before;
}

// Of each partition the start of every row, and behind them where the last row ends.
extern "C" __global__ void start_rows(
    const u64* counts, i64 n, i64 n_pre, const i64* stretches, i64* row_start, i64 base) {
    i64 before = stretches[blockIdx.x], all, last = stretch_begin(n, (i64)blockIdx.x + 1);
    for (i64 first = stretch_begin(n, blockIdx.x); first < last; first += SUMMING) {
        i64 row = first + threadIdx.x, own = row < last ? counts[row] : 0;
        i64 end = before + sum_of_threads(own, &all), p = row / n_pre;
        if (row < last) row_start[base + row + p] = end - own;
        if (row < last && row == (p + 1) * n_pre - 1) row_start[base + row + p + 1] = end;
        before += all;
    }
}
