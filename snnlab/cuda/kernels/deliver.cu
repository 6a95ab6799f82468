// Delivery: warps share the rows of all neurons that fired, a piece of a row at a time. Sums are
// integers, so it does not matter who adds first.

// Spikes that have not been delivered: a range of one half of the record.
struct Pending {
    i64 turn, first, last;
};

// A piece of the row of one spike.
struct Piece {
    i64 spike;     // its place in the record
    i64 source;    // the neuron's number within its population
    i64 table;     // synapse table
    i64 partition;
    i64 number;    // of the piece within the row
};

// Item number `w` of the work; false where the population of the spike has less of it.
static __device__ bool find_piece(
    const Network &net, const Pending &pending, const Items &items, i64 w, Piece &piece) {
    const i64 k = quotient(w, items.most);
    piece.spike = pending.turn * net.work.capacity + pending.first + k;
    const i64 slot = net.held.spike_slot[piece.spike];
    const i64 population = net.program.block_population[slot / BLOCK];
    const i64 item = items.start[population] + (w - k * items.most);
    if (item >= items.start[population + 1]) return false;
    piece.source = slot - net.program.first_slot[population];
    piece.table = items.table[item];
    piece.partition = items.partition[item];
    piece.number = items.piece[item];
    return true;
}

static __device__ __forceinline__ i64 n_items(const Pending &pending, const Items &items) {
    return (pending.last - pending.first) * items.most;
}

// Which delay synapse number `e` of a row has: the first whose synapses end behind it.
static __device__ i32 delay_of(const u32 *ends, i32 n_delays, i64 e) {
    i32 low = 0, high = n_delays - 1;
    while (low < high) {
        const i32 middle = (low + high) / 2;
        if ((i64)ends[middle] <= e) low = middle + 1;
        else high = middle;
    }
    return low;
}

// A synapse's target within the partition, and its weight at the exponent of the port.
static __device__ __forceinline__ i32 read_synapse(
    const Synapses &synapses, const i64 *table, i64 e, i32 &target) {
    if (table[TABLE_KIND] == PACKED) {
        const u32 word = synapses.packed[e];
        target = (i32)(word & 0xFFFFu);
        return (i32)((u32)((i32)word >> 16) << table[TABLE_SHIFT]);
    }
    target = synapses.targets[e];
    return table[TABLE_KIND] == SHARED ? (i32)table[TABLE_WEIGHT] : synapses.wide[e];
}

// Where the input of a port of a partition begins in the ring.
static __device__ __forceinline__ i64 port_base(const Program &program, i64 p, i64 port) {
    const i64 n_local = (program.bounds[p + 1] - program.bounds[p]) * BLOCK;
    return program.ring_offset[p] + port * n_local;
}

static __device__ __forceinline__ i64 slot_stride(const Program &program, i64 p) {
    return program.max_ports * (program.bounds[p + 1] - program.bounds[p]) * BLOCK;
}

// Which synapses the row of a piece has.
static __device__ construction::RowRange row_of(
    const Network &net, const Piece &piece, const i64 *table) {
    const i64 n_rows = table[TABLE_N_ROWS];
    if (table[TABLE_SHORT_FIRST_BASE] >= 0) {
        const u64 *where = net.row_places.where + 2 * piece.table;
        return construction::row_in_bits(
            (const i64 *)where[0], (const u64 *)where[1], piece.partition * n_rows + piece.source);
    }
    const i64 row = piece.partition * (n_rows + 1) + piece.source;
    return {net.synapses.row_start[table[TABLE_ROW_BASE] + row],
        net.synapses.row_start[table[TABLE_STOP_BASE] + row]};
}

// Deliver one spike along one piece of its row; lane by lane.
static __device__ void deliver_piece(const Network &net, const Piece &piece, i64 step) {
    const Program &program = net.program;
    const Synapses &synapses = net.synapses;
    const i64 *table = synapses.table + piece.table * N_TABLE_FIELDS;
    const i64 n_rows = table[TABLE_N_ROWS], p = piece.partition;
    const i32 n_delays = (i32)table[TABLE_N_DELAYS];
    const construction::RowRange row = row_of(net, piece, table);
    const i64 start = row.start;
    const i64 stop = min_i64(row.stop, start + (piece.number + 1) * PIECE);
    const u32 *ends =
        synapses.segment_ends + table[TABLE_ENDS_BASE] + (p * n_rows + piece.source) * n_delays;
    i32 *ring = net.held.ring + port_base(program, p, table[TABLE_PORT]);
    const i64 stride = slot_stride(program, p);
    const i32 n_slots = (i32)program.ring_slots;
    const i32 first_slot = (i32)remainder_of(step + table[TABLE_FIRST_DELAY], n_slots);
    i64 e = start + piece.number * PIECE + lane_in_warp();
    if (e >= stop) return;
    i32 d = n_delays > 1 ? delay_of(ends, n_delays, e - start) : 0;
    for (; e < stop; e += 32) {
        while (n_delays > 1 && (i64)ends[d] <= e - start) ++d;
        i32 target;
        const i32 weight = read_synapse(synapses, table, e, target);
        const i32 slot = first_slot + d < n_slots ? first_slot + d : first_slot + d - n_slots;
        atomicAdd(ring + slot * stride + target, weight);
    }
}

// Deliver all pending spikes along the rows of static synapses.
static __device__ void deliver(const Network &net, const Pending &pending) {
    const i64 n = n_items(pending, net.items);
    for (i64 w = warp_in_grid(); w < n; w += warps_of_grid()) {
        Piece piece;
        if (!find_piece(net, pending, net.items, w, piece)) continue;
        const i64 start = net.held.spike_start[piece.spike];
        for (u64 steps = net.held.spike_steps[piece.spike]; steps; steps &= steps - 1) {
            deliver_piece(net, piece, start + __ffsll((i64)steps) - 1);
        }
    }
}
