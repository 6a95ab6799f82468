// Where drawn synapses go: counted in the first pass, placed in the second.
//
// Rows are numbered over all partitions, one partition's behind the other's. The cursor of a row is
// the number of its synapses so far, or the next free place of the pool; where rows are short it is a
// counter of a few bits, and row_bits.cu knows where the row starts. Threads put targets in any
// order; finish_rows.cu brings them into the order that they have. Where ranks hold the network
// together, the partitions own some of the targets, and what falls onto others is left to others.

enum RuleKind {
    RULE_ONE_TO_ONE,
    RULE_INDEGREE,
    RULE_DISTANCE,
    RULE_ALL_TO_ALL,
    RULE_OUTDEGREE,
    RULE_BERNOULLI
};

const u32 FOR_PARTNERS = 0, FOR_VALUES = 1;  // what random words are for

static __device__ i64 first_thread() { return (i64)blockIdx.x * blockDim.x + threadIdx.x; }
static __device__ i64 all_threads() { return (i64)gridDim.x * blockDim.x; }

// First partition that owns targets of this number or larger ones; the last one if none does.
static __device__ i64 owner_of(const Drawing* draw, i64 target) {
    i64 first = 0, last = draw->n_partitions - 1;
    while (first < last) {
        i64 middle = (first + last) >> 1;
        if (draw->high[middle] > target) last = middle;
        else first = middle + 1;
    }
    return first;
}

// First place of a short row.
static __device__ u64 begin_in_pool(const Drawing* draw, i64 row) {
    return (u64)(row_begin(draw->first, draw->bits, row).start * draw->halves);
}

// Advance the cursor of a row; return what it was.
static __device__ u64 advance(const Drawing* draw, i64 row, u64 n) {
    if (!draw->counter_bits) return atomicAdd(&draw->cursor[row], n);
    return add_to_counter(draw->cursor, row, draw->counter_bits, n, draw->overflows);
}

// Next place of a row of which no other warp takes any.
static __device__ u64 next_place(const Drawing* draw, i64 row) {
    if (!draw->counter_bits) return draw->cursor[row];
    if (draw->is_counting) return 0;
    return counter_of(draw->cursor, row, draw->counter_bits) + begin_in_pool(draw, row);
}

static __device__ void put(const Drawing* draw, i64 source, i64 target) {
    i64 p = owner_of(draw, target);
    if (target < draw->low[p] || target >= draw->high[p]) return;
    i64 row = p * draw->n_pre + source;
    u64 place = advance(draw, row, 1);
    if (draw->is_counting) return;
    if (draw->counter_bits) place += begin_in_pool(draw, row);
    draw->pool[place] = (u16)(draw->local[p] + target - draw->low[p]);
}

// A word names the source of a synapse onto target `index`, or the target of one from there.
static __device__ i64 partner_of(const Drawing* draw, u32 word) {
    u64 n = (u64)(draw->kind == RULE_INDEGREE ? draw->n_pre : draw->n_post);
    return (i64)(((u64)word * n) >> 32);
}

static __device__ void put_partner(const Drawing* draw, i64 index, i64 partner) {
    if (draw->kind == RULE_INDEGREE) put(draw, partner, index);
    else put(draw, index, partner);
}

// Number of the k-th neuron that draws its partners: a target that is owned, or any source.
static __device__ i64 drawing_neuron(const Drawing* draw, i64 k) { return draw->first_drawing + k; }

static __device__ i64 degree_of(const Drawing* draw, i64 index) {
    return draw->degrees[draw->kind == RULE_INDEGREE ? index - draw->first_drawing : 0];
}
