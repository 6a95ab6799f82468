// Fixed degrees where some draws are rejected: a block for each target, or each source.
//
// Accepted are the first words of the stream, as many as the degree, whose partner is neither the
// neuron itself (autapses off) nor that of an earlier word (multapses off). A table in the block's
// own memory holds for each partner the first word that named it; that does not depend on the order
// in which threads enter words.

const i64 CHUNK = 256;  // words at a time, one for each thread

const u64 NO_ENTRY = ~(u64)0;

// Partner above, number of the word below: the smallest is the first of its partner.
static __device__ u64 entry_of(i64 partner, i64 number) { return (u64)partner << 32 | (u64)number; }

// Neighbours in number lie apart in the table.
static __device__ i64 slot_of(i64 partner, i64 capacity) {
    return (i64)((u32)partner * 0x9e3779b1u) & (capacity - 1);
}

static __device__ void enter(u64* table, i64 capacity, i64 partner, i64 number) {
    u64 entry = entry_of(partner, number);
    i64 slot = slot_of(partner, capacity);
    for (;;) {
        u64 there = atomicCAS(&table[slot], NO_ENTRY, entry);
        if (there == NO_ENTRY) return;
        if ((i64)(there >> 32) == partner) break;
        slot = (slot + 1) & (capacity - 1);
    }
    atomicMin(&table[slot], entry);
}

// Whether a word, which has been entered, was the first to name its partner.
static __device__ bool is_first(const u64* table, i64 capacity, i64 partner, i64 number) {
    i64 slot = slot_of(partner, capacity);
    while ((i64)(table[slot] >> 32) != partner) slot = (slot + 1) & (capacity - 1);
    return table[slot] == entry_of(partner, number);
}

// This thread's word of a chunk. All threads of the block come here, and then to rank_in_block:
// the barrier of each of the two is what the other needs before it writes again.
static __device__ u32 word_of_chunk(const Drawing* draw, i64 first, i64 index) {
    __shared__ u32 words[CHUNK];
    if (threadIdx.x < CHUNK / 4) {
        i64 counter = first / 4 + threadIdx.x;
        Words drawn = draw_words(draw, counter, index);
        for (i64 c = 0; c < 4; c++)
            words[place_of_word(counter, c) - first] = component_of(drawn, c);
    }
    __syncthreads();
    return words[threadIdx.x];
}

// How many threads before this one say yes, and in `all`, how many do.
static __device__ i64 rank_in_block(bool yes, i64* all) {
    __shared__ i32 of_warp[CHUNK / 32];
    u32 ballot = __ballot_sync(FULL_WARP, yes);
    i64 warp = threadIdx.x / 32, before = 0;
    if (threadIdx.x % 32 == 0) of_warp[warp] = __popc(ballot);
    __syncthreads();
    *all = 0;
    for (i64 w = 0; w < CHUNK / 32; w++) {
        if (w < warp) before += of_warp[w];
        *all += of_warp[w];
    }
    return before + __popc(ballot & ((1u << threadIdx.x % 32) - 1));
}

static __device__ void draw_distinct(
    const Drawing* draw, i64 index, u64* table, i64 capacity) {
    i64 degree = degree_of(draw, index), n_accepted = 0, accepted_now;
    for (i64 first = 0; n_accepted < degree; first += CHUNK) {
        i64 number = first + threadIdx.x;
        i64 partner = partner_of(draw, word_of_chunk(draw, first, index));
        bool is_allowed = !(draw->forbids_self && partner == index);
        if (draw->forbids_multiple) {
            if (is_allowed) enter(table, capacity, partner, number);
            __syncthreads();
            if (is_allowed) is_allowed = is_first(table, capacity, partner, number);
        }
        i64 rank = n_accepted + rank_in_block(is_allowed, &accepted_now);
        if (is_allowed && rank < degree) put_partner(draw, index, partner);
        n_accepted += accepted_now;
    }
}

// Blocks of `CHUNK` threads; `tables` has `capacity` entries, a power of 2, for each of them.
extern "C" __global__ void connect_distinct(
    const Drawing* draw, u64* tables, i64 capacity) {
    u64* table = tables + blockIdx.x * capacity;
    for (i64 n = blockIdx.x; n < draw->n_drawing; n += gridDim.x) {
        for (i64 k = threadIdx.x; k < capacity; k += CHUNK) table[k] = NO_ENTRY;
        __syncthreads();
        draw_distinct(draw, drawing_neuron(draw, n), table, capacity);
    }
}
