// Placed targets become finished synapses, in the same memory: a block for each row.
//
// Keys (projection, target) are sorted; a synapse's word is named by its source, its target and its
// number among the synapses between these two, and picks weight and delay from tables of quantiles.
// Keys (delay, place) are sorted after them. All of a row is read before any of it is written.

const u32 TARGET_BITS = 16, TARGET_MASK = 0xffff;
const i64 TABLE_SIZE = 65536;  // of quantiles

enum StorageKind { STORED_SHARED, STORED_PACKED, STORED_WIDE, STORED_PLASTIC };

// Next one behind the placed synapses of a projection, counted from the start of the row.
extern "C" __global__ void note_borders(
    const u64* cursor, const i64* row_start, i64 base, i64 n_pre, i64 n_rows, i64 halves,
    u32* borders, i64 projection) {
    for (i64 row = first_thread(); row < n_rows; row += all_threads()) {
        u64 start = (u64)(row_start[base + row + row / n_pre] * halves);
        borders[projection * n_rows + row] = (u32)(cursor[row] - start);
    }
}

// The same of short rows, whose cursors are counters.
extern "C" __global__ void note_counters(
    const u64* counters, i64 n_words, u64* borders, i64 projection) {
    for (i64 k = first_thread(); k < n_words; k += all_threads())
        borders[projection * n_words + k] = counters[k];
}

// Move the rows of a table to its place in the pool; put cursors at their starts.
extern "C" __global__ void move_rows(
    i64* row_start, i64 base, i64 n_pre, i64 n_partitions, i64 first_place, i64 halves,
    u64* cursor) {
    i64 n = n_partitions * (n_pre + 1);
    for (i64 k = first_thread(); k < n; k += all_threads()) {
        i64 start = row_start[base + k] + first_place, p = k / (n_pre + 1);
        row_start[base + k] = start;
        if (k - p * (n_pre + 1) < n_pre) cursor[k - p] = (u64)(start * halves);
    }
}

// A row on its way.
struct PlacedRow {
    i64 number, partition, source, start, length;
};

static __device__ PlacedRow placed_row(const PlacedTable* table, i64 number) {
    i64 p = number / table->n_pre, source = number - p * table->n_pre;
    if (table->counter_bits) {
        RowRange row = row_in_bits(table->first_of_rows, table->row_bits, number);
        return {number, p, source, row.start, row.stop - row.start};
    }
    i64 at = table->row_base + number + p, start = table->row_start[at];
    return {number, p, source, start, table->row_start[at + 1] - start};
}

// Where the synapses of a projection end within a row that does not tell them by their targets.
static __device__ i64 border_of(const PlacedTable* table, const PlacedRow& row, i64 projection) {
    i64 n_rows = table->n_partitions * table->n_pre, bits = table->counter_bits;
    if (!bits) return table->borders[projection * n_rows + row.number];
    i64 n_words = (n_rows * bits + 63) / 64;
    return (i64)counter_of(table->border_counters + projection * n_words, row.number, bits);
}

// Projection of a placed synapse.
static __device__ i64 projection_of(
    const PlacedTable* table, const PlacedRow& row, i64 place, i64 target) {
    i64 first = 0, last = table->n_projections - 1, of_partition = row.partition * (last + 1);
    if (table->is_bordered) {
        while (first < last) {
            i64 middle = (first + last) >> 1;
            if (border_of(table, row, middle) > place) last = middle;
            else first = middle + 1;
        }
        return first;
    }
    if (last == 0) return 0;
    const i64* begins = table->range_begin + of_partition;
    while (first < last) {  // the last range that begins at the target or before
        i64 middle = (first + last + 1) >> 1;
        if (begins[middle] <= target) first = middle;
        else last = middle - 1;
    }
    return table->range_projection[of_partition + first];
}

static __device__ void load_keys(const PlacedTable* table, const PlacedRow& row, u32* keys) {
    bool is_packed = table->kind == STORED_PACKED;
    const u16* placed = is_packed ? (const u16*)(table->packed + row.start)
                                  : table->targets + row.start;
    for (i64 j = threadIdx.x; j < row.length; j += blockDim.x)
        keys[j] = (u32)projection_of(table, row, j, placed[j]) << TARGET_BITS | placed[j];
}

// First place whose key is not smaller.
template <typename Key>
static __device__ i64 find_key(const Key* keys, i64 n, Key key) {
    i64 first = 0, last = n;
    while (first < last) {
        i64 middle = (first + last) >> 1;
        if (keys[middle] < key) first = middle + 1;
        else last = middle;
    }
    return first;
}

// Number of a synapse among those of its projection between the same two neurons.
static __device__ u32 repeat_of(const u32* keys, i64 place) {
    if (place == 0 || keys[place - 1] != keys[place]) return 0;
    return (u32)(place - find_key(keys, place, keys[place]));
}

static __device__ u32 word_of(
    const PlacedTable* table, const PlacedRow& row, const u32* keys, i64 place) {
    i64 projection = keys[place] >> TARGET_BITS;
    i64 first = table->first[projection * table->n_partitions + row.partition];
    u32 target = (u32)((i64)(keys[place] & TARGET_MASK) + first);
    u32 repeat = repeat_of(keys, place), stream = (u32)table->stream[projection];
    return philox4x32(target, (u32)row.source, FOR_VALUES, repeat, (u32)table->seed, stream).a;
}

// Delay behind the smallest of the table.
static __device__ u32 delay_of(const PlacedTable* table, u32 key, u32 word) {
    i64 quantiles = table->delay_of[key >> TARGET_BITS] * TABLE_SIZE;
    return table->delays[quantiles + (word >> 16)] - (u32)table->first_delay;
}

static __device__ i32 weight_of(const PlacedTable* table, u32 key, u32 word) {
    i64 quantiles = table->weight_of[key >> TARGET_BITS] * TABLE_SIZE;
    return table->weights[quantiles + (word & 0xffff)];
}

// Order by delay, and then by place; find where each delay ends.
template <typename Order>
static __device__ void order_by_delay(
    const PlacedTable* table, const PlacedRow& row, const u32* keys, Order* order) {
    const i64 shift = sizeof(Order) * 4;  // the lower half is the place
    for (i64 j = threadIdx.x; j < row.length; j += blockDim.x) {
        u32 delay = delay_of(table, keys[j], word_of(table, row, keys, j));
        order[j] = (Order)delay << shift | (Order)j;
    }
    __syncthreads();
    sort_keys(order, row.length);
    u32* ends = table->segment_ends + table->ends_base + row.number * table->n_delays;
    for (i64 d = threadIdx.x; d < table->n_delays; d += blockDim.x)
        ends[d] = (u32)find_key(order, row.length, (Order)(d + 1) << shift);
}

static __device__ void write_synapse(
    const PlacedTable* table, const PlacedRow& row, const u32* keys, i64 from, i64 to) {
    u32 key = keys[from];
    bool has_weight = table->kind != STORED_SHARED;
    i32 weight = has_weight ? weight_of(table, key, word_of(table, row, keys, from)) : 0;
    if (table->kind == STORED_PACKED) {
        table->packed[to] = (u32)weight << TARGET_BITS | (key & TARGET_MASK);
        return;
    }
    table->targets[to] = (u16)key;
    if (has_weight) table->wide[to] = weight;
}

template <typename Order>
static __device__ void finish_row(
    const PlacedTable* table, const PlacedRow& row, u32* keys, Order* order) {
    const Order place_mask = ((Order)1 << sizeof(Order) * 4) - 1;
    load_keys(table, row, keys);
    __syncthreads();
    if (table->is_unsorted) sort_keys(keys, row.length);
    bool is_ordered = table->n_delays == 0;
    if (!is_ordered) order_by_delay(table, row, keys, order);
    for (i64 j = threadIdx.x; j < row.length; j += blockDim.x) {
        i64 from = is_ordered ? j : (i64)(order[j] & place_mask);
        write_synapse(table, row, keys, from, row.start + j);
    }
    __syncthreads();  // before the next row takes their place
}

// Keys that a row needs.
static __device__ i64 keys_of_row(const PlacedTable* table, const PlacedRow& row) {
    return table->n_delays > 0 ? 2 * row.length : row.length;
}

// Rows that need more keys than `more_than`, up to `most`, for which there is room in `keys`.
static __device__ void finish_rows_between(
    const PlacedTable* table, i64 more_than, i64 most, u32* keys) {
    for (i64 k = blockIdx.x; k < table->n_partitions * table->n_pre; k += gridDim.x) {
        PlacedRow row = placed_row(table, k);
        i64 n_keys = keys_of_row(table, row);
        if (n_keys > more_than && n_keys <= most) finish_row(table, row, keys, keys + row.length);
    }
}

const i64 FEW_KEYS = 2048, MANY_KEYS = 12000;  // at most what a block can have: 48 KiB

extern "C" __global__ void finish_short_rows(const PlacedTable* table) {
    __shared__ u32 keys[FEW_KEYS];
    // A row without synapses has delays to end.
    finish_rows_between(table, table->n_delays > 0 ? -1 : 0, FEW_KEYS, keys);
}

extern "C" __global__ void finish_rows(const PlacedTable* table) {
    __shared__ u32 keys[MANY_KEYS];
    finish_rows_between(table, FEW_KEYS, MANY_KEYS, keys);
}

// Rows of any length beyond; `keys` and `order` have room for `longest` of each block.
extern "C" __global__ void finish_long_rows(
    const PlacedTable* table, u32* keys, u64* order, i64 longest) {
    keys += blockIdx.x * longest;
    if (table->n_delays > 0) order += blockIdx.x * longest;
    for (i64 k = blockIdx.x; k < table->n_partitions * table->n_pre; k += gridDim.x) {
        PlacedRow row = placed_row(table, k);
        if (keys_of_row(table, row) > MANY_KEYS) finish_row(table, row, keys, order);
    }
}
