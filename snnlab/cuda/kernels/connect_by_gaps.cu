// Bernoulli rows: a warp walks a row from gap to gap, 32 gaps at a time.
//
// The gaps start anew at every segment of the row, so that a partition begins in its middle.

const i64 GAPS_OF_CHUNK = 64;  // words that go with one chunk of a segment
const i32 LONGEST_GAP = 4096, UNDECIDED_GAP = 32768;  // see snnlab/build/gaps.py
const i32 GUIDE_SHIFT = 18;

static __device__ i32 gap_of(const Drawing* draw, u32 word) {
    i32 gap = draw->guide[word >> GUIDE_SHIFT];
    if (gap < UNDECIDED_GAP) return gap;
    gap -= UNDECIDED_GAP;
    while ((i64)word >= draw->thresholds[gap]) gap++;
    return gap;
}

// The word of this lane among the 32 of group `g`: each lane has the four words of a counter.
static __device__ u32 word_of_group(const Words& words, i32 g) {
    i32 lane = threadIdx.x % 32, holder = g * 8 + lane % 8;
    u32 word = 0;
    for (i32 c = 0; c < 4; c++) {
        u32 there = __shfl_sync(FULL_WARP, component_of(words, c), holder);
        if (c == lane / 8) word = there;
    }
    return word;
}

// Sum of the values of this lane and all before it.
static __device__ i32 sum_of_lanes(i32 value) {
    i32 lane = threadIdx.x % 32;
    for (i32 distance = 1; distance < 32; distance *= 2) {
        i32 there = __shfl_up_sync(FULL_WARP, value, distance);
        if (lane >= distance) value += there;
    }
    return value;
}

// A row, or that part of it that a partition owns.
struct OwnedRow {
    i64 source, low, high, shift, forbidden;
};

// Go on by 32 gaps behind target `t`, which is advanced; return how many targets were kept.
static __device__ i32 walk_group(
    const Drawing* draw, const OwnedRow& row, u32 word, i64 end, u64 place, i64* t) {
    i32 gap = gap_of(draw, word), lane = threadIdx.x % 32;
    i32 reach = sum_of_lanes(gap == LONGEST_GAP ? LONGEST_GAP : gap + 1);
    i64 target = *t + reach;
    bool is_hit = gap != LONGEST_GAP && target >= row.low && target < end;
    bool is_kept = is_hit && target != row.forbidden;
    u32 kept = __ballot_sync(FULL_WARP, is_kept);
    place += __popc(kept & ((1u << lane) - 1));
    if (is_kept && !draw->is_counting) draw->pool[place] = (u16)(target + row.shift);
    *t += __shfl_sync(FULL_WARP, reach, 31);
    return __popc(kept);
}

// One sequence of gaps; returns the place behind the targets that were kept.
static __device__ u64 walk_segment(
    const Drawing* draw, const OwnedRow& row, i64 segment, u64 place) {
    i64 length = draw->segment_length, t = segment * length - 1;
    i64 end = min_i64((segment + 1) * length, row.high);
    i64 counter = segment * (length / GAPS_OF_CHUNK + 1) * (GAPS_OF_CHUNK / 4);
    for (; t < end; counter += 32) {
        Words words = draw_words(draw, counter + threadIdx.x % 32, row.source);
        for (i32 g = 0; g < 4 && t < end; g++)
            place += walk_group(draw, row, word_of_group(words, g), end, place, &t);
    }
    return place;
}

extern "C" __global__ void connect_by_gaps(const Drawing* draw) {
    i64 n_rows = draw->n_partitions * draw->n_pre;
    for (i64 k = first_thread() / 32; k < n_rows; k += all_threads() / 32) {
        i64 p = k / draw->n_pre, source = k - p * draw->n_pre, low = draw->low[p];
        i64 forbidden = draw->forbids_self ? source : -1;
        OwnedRow row = {source, low, draw->high[p], draw->local[p] - low, forbidden};
        if (row.low >= row.high) continue;
        const u64 begin = next_place(draw, k);
        u64 place = begin;
        i64 segment = row.low / draw->segment_length;
        for (; segment * draw->segment_length < row.high; segment++)
            place = walk_segment(draw, row, segment, place);
        __syncwarp();
        if (threadIdx.x % 32 == 0) advance(draw, k, place - begin);
    }
}
