// Where drawn synapses go: counted in the first pass, placed in the second.
//
// Rows are numbered over all partitions, one partition's behind the other's. The cursor of a row is
// the number of its synapses so far, or the next free place of the pool. Threads put targets in any
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

static __device__ void put(const Drawing* draw, i64 source, i64 target) {
    i64 p = owner_of(draw, target);
    if (target < draw->low[p] || target >= draw->high[p]) return;
    u64 place = atomicAdd(&draw->cursor[p * draw->n_pre + source], (u64)1);
    if (!draw->is_counting) draw->pool[place] = (u16)(draw->local[p] + target - draw->low[p]);
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
