// Weights as a trial meets them: a spike of a source is added to the input of 32 targets at a time.
//
// A matrix is read as it is. Sparse rows, whose targets may lie in any order, are read through one
// word for each source and 32 targets, which says who is connected, and a copy of the weights in
// the order of the targets: each lane finds its own weight, and no thread waits for another.

const i32 AT_ONCE = 8; // sources whose weights are fetched together

static __device__ __forceinline__ u32 lanes_below(i32 lane) { return (1u << lane) - 1u; }

static __device__ __forceinline__ i64 tiles_of(const Rows &rows) { return (rows.n_post + 31) / 32; }

// Weight from a source to the target of this lane among the 32 of a tile; 0 if there is none.
static __device__ __forceinline__ real weight_between(
    const Rows &rows, i64 pre, i64 tile, i32 lane) {
    if (rows.kind == ROWS_MATRIX) {
        const i64 post = 32 * tile + lane;
        return post < rows.n_post ? rows.weight[pre * rows.n_post + post] : (real)0;
    }
    const i64 at = pre * tiles_of(rows) + tile;
    const u32 mask = rows.mask[at];
    if (!(mask >> lane & 1u)) return (real)0;
    return rows.packed[rows.base[at] + __popc(mask & lanes_below(lane))];
}

// Add the weights of up to AT_ONCE sources, one after the other; a source of -1 is none. What is
// added for pairs that are not connected is 0, which changes no sum: sums begin with +0.
static __device__ __forceinline__ void add_weights(
    const Rows &rows, const i32 (&pre)[AT_ONCE], i64 tile, i32 lane, real &current) {
    real weight[AT_ONCE];
#pragma unroll
    for (i32 k = 0; k < AT_ONCE; k++) {
        weight[k] = pre[k] >= 0 ? weight_between(rows, pre[k], tile, lane) : (real)0;
    }
#pragma unroll
    for (i32 k = 0; k < AT_ONCE; k++) current = current + weight[k];
}

// Goes through the bits of words, the lowest first.
struct BitWalk {
    const u32 *words;
    i32 n_words, w;
    u32 word;
};

static __device__ __forceinline__ BitWalk walk_bits(const u32 *words, i64 n_words) {
    const BitWalk walk = {words, (i32)n_words, 0, words[0]};
    return walk;
}

// Number of the next bit that is set; -1 behind the last.
static __device__ __forceinline__ i32 next_bit(BitWalk &walk) {
    while (walk.word == 0) {
        if (walk.w + 1 >= walk.n_words) return -1;
        walk.word = walk.words[++walk.w];
    }
    const i32 bit = __ffs((i32)walk.word) - 1;
    walk.word &= walk.word - 1u;
    return 32 * walk.w + bit;
}

// ---- laying out sparse rows

// A block lays out the row of one source: who is connected, and where each weight goes.
extern "C" __global__ void lay_out_rows(const Task *task, i64 which) {
    const Rows rows = which == OF_INPUT ? task->input : task->recurrent;
    const i64 pre = blockIdx.x, n_tiles = tiles_of(rows);
    u32 *mask = rows.mask + pre * n_tiles;
    i32 *base = rows.base + pre * n_tiles;
    const i64 first = rows.start[pre], stop = rows.start[pre + 1];
    for (i64 tile = threadIdx.x; tile < n_tiles; tile += blockDim.x) mask[tile] = 0;
    __syncthreads();
    for (i64 s = first + threadIdx.x; s < stop; s += blockDim.x) {
        atomicOr(&mask[rows.post[s] / 32], 1u << (rows.post[s] % 32));
    }
    __syncthreads();
    if (threadIdx.x == 0) {
        i32 at = (i32)first;
        for (i64 tile = 0; tile < n_tiles; tile++) {
            base[tile] = at;
            at += __popc(mask[tile]);
        }
    }
    __syncthreads();
    for (i64 s = first + threadIdx.x; s < stop; s += blockDim.x) {
        const i32 tile = rows.post[s] / 32, lane = rows.post[s] % 32;
        rows.place[s] = base[tile] + __popc(mask[tile] & lanes_below(lane));
        rows.pre[s] = (i32)pre;
    }
}

// Copy weights to where trials read them.
extern "C" __global__ void pack_rows(const Task *task, i64 which, i64 n) {
    const Rows rows = which == OF_INPUT ? task->input : task->recurrent;
    const i64 s = thread_in_grid();
    if (s < n) rows.packed[rows.place[s]] = rows.weight[s];
}
