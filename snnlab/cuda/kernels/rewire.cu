// Rewiring: between two chunks, rules remove synapses from rows and append new ones.
//
// What an attempt finds depends on its row and on the in-degree of its target. So the warps of a
// block make attempts at the same time as long as these have no source and no target in common:
// what comes out is the same as of one after the other. A block deals with the targets of one
// partition; blocks need not know of each other.

// ---- when

// Steps until the next call of any rule after step `now`.
static __device__ i64 until_call(const Network &net, i64 now) {
    i64 ahead = 1ll << 62;
    for (i64 r = 0; r < net.work.n_rewirings; ++r) {
        const i64 every = net.rewirings.table[r * N_REWIRING_FIELDS + REWIRING_EVERY];
        ahead = min_i64(ahead, every - remainder_of(now, every));
    }
    return ahead;
}

static __device__ __forceinline__ bool is_due(const i64 *own, i64 now) {
    return now > 0 && remainder_of(now, own[REWIRING_EVERY]) == 0;
}

static __device__ bool is_any_due(const Network &net, i64 now) {
    bool found = false;
    for (i64 r = 0; r < net.work.n_rewirings; ++r) {
        found |= is_due(net.rewirings.table + r * N_REWIRING_FIELDS, now);
    }
    return found;
}

// ---- who spiked last

// A spike: the later one comes first, of one step the one with the lower random rank.
struct LastSpike {
    i32 step; // counted from the first step of the chunk; -1: none
    u32 rank;
    i32 neuron;
};

static __device__ LastSpike first_of(const LastSpike &a, const LastSpike &b) {
    if (a.step != b.step) return a.step > b.step ? a : b;
    if (a.rank != b.rank) return a.rank < b.rank ? a : b;
    return a.neuron <= b.neuron ? a : b;
}

static __device__ __forceinline__ i32 highest_bit(u64 bits) {
    const u32 high = (u32)(bits >> 32);
    return high ? 63 - __clz((i32)high) : 31 - __clz((i32)(u32)bits);
}

// The last spike that lane by lane is found among the pending ones of a population.
static __device__ LastSpike last_of_lane(
    const Network &net, const Pending &pending, i64 population, i64 start) {
    LastSpike last = {-1, 0, 0};
    for (i64 k = pending.first + lane_in_warp(); k < pending.last; k += 32) {
        const i64 at = pending.turn * net.work.capacity + k, slot = net.held.spike_slot[at];
        if (net.program.block_population[slot / BLOCK] != population) continue;
        const i64 step = net.held.spike_start[at] + highest_bit(net.held.spike_steps[at]);
        const u32 neuron = (u32)(slot - net.program.first_slot[population]);
        const Words words = philox4x32(
            neuron, (u32)step, RANK_WORDS, (u32)population, (u32)net.program.seed, 0);
        const LastSpike spike = {(i32)(step - start), words.a, (i32)neuron};
        last = first_of(last, spike);
    }
    return last;
}

// Note who of the pending spikes was the last, in populations that are watched, one on each warp.
static __device__ void watch_spikes(const Network &net, const Pending &pending) {
    if (pending.first == pending.last) return;
    const i64 start = net.held.spike_start[pending.turn * net.work.capacity + pending.first];
    const i64 n = net.work.n_populations;
    for (i64 population = warp_in_grid(); population < n; population += warps_of_grid()) {
        if (!net.rewirings.is_watched[population]) continue;
        LastSpike last = last_of_lane(net, pending, population, start);
        for (i32 offset = 16; offset > 0; offset /= 2) {
            LastSpike other;
            other.step = __shfl_xor_sync(FULL_WARP, last.step, offset);
            other.rank = __shfl_xor_sync(FULL_WARP, last.rank, offset);
            other.neuron = __shfl_xor_sync(FULL_WARP, last.neuron, offset);
            last = first_of(last, other);
        }
        if (lane_in_warp() != 0 || last.step < 0) continue;
        i64 *noted = net.rewirings.last_spike + 3 * population;
        noted[0] = start + last.step;
        noted[1] = last.rank;
        noted[2] = last.neuron;
    }
}

// ---- rows

// One rewiring in one partition, at one step.
struct RulePart {
    const i64 *own;   // its numbers, REWIRING_...
    const i64 *table; // those of its synapse table, TABLE_...
    i64 r, p, now;
    i64 low, high;    // the targets that the partition owns
    i64 last;         // the source neuron that spiked last; -1: none
};

static __device__ RulePart rule_part(const Network &net, i64 r, i64 p, i64 now) {
    RulePart part;
    part.own = net.rewirings.table + r * N_REWIRING_FIELDS;
    part.table = net.synapses.table + part.own[REWIRING_TABLE] * N_TABLE_FIELDS;
    part.r = r;
    part.p = p;
    part.now = now;
    const i64 first = net.program.first_slot[part.own[REWIRING_POST]];
    part.low = max_i64(net.program.bounds[p] * BLOCK - first, 0);
    part.high = min_i64(net.program.bounds[p + 1] * BLOCK - first, part.own[REWIRING_N_POST]);
    part.last = net.rewirings.last_spike[3 * part.own[REWIRING_SOURCE] + 2];
    return part;
}

// Where a row starts, and the next one does; where its synapses end.
struct GrowingRow {
    const i64 *start;
    i64 *stop;
};

static __device__ GrowingRow growing_row(const Network &net, const RulePart &part, i64 pre) {
    const i64 at = part.p * (part.table[TABLE_N_ROWS] + 1) + pre;
    const GrowingRow row = {
        net.synapses.row_start + part.table[TABLE_ROW_BASE] + at,
        net.synapses.row_start + part.table[TABLE_STOP_BASE] + at};
    return row;
}

// Place of the synapse onto a target in a row; -1 if there is none. All lanes take part.
static __device__ i64 find_synapse(const Network &net, const GrowingRow &row, i32 target) {
    const i64 stop = *row.stop;
    for (i64 first = *row.start; first < stop; first += 32) {
        const i64 e = first + lane_in_warp();
        const u32 found = __ballot_sync(FULL_WARP, e < stop && net.synapses.targets[e] == target);
        if (found) return first + __ffs((i32)found) - 1;
    }
    return -1;
}

// A row that is changed is brought up to date first: its new synapse has not seen the spikes
// before. All lanes take part, and all see the outcome.
static __device__ void catch_up_row(
    const Network &net, const RulePart &part, const GrowingRow &row, i64 pre) {
    const i64 m = part.own[REWIRING_PLASTIC];
    if (m < 0) return;
    const PlasticPart learning = plastic_part(net, m, part.p);
    if (learning.own[PLASTIC_EVERY_STEP] || learning.own[PLASTIC_HISTORY] == 0) return;
    const i64 n_pieces = (*row.stop - *row.start + PIECE - 1) / PIECE;
    for (i64 piece = 0; piece < n_pieces; ++piece) {
        catch_up_of_model(net, learning, pre, piece, part.now - 1);
    }
    __syncwarp();
    if (lane_in_warp() == 0) net.plastic.done[place_of_row(learning, pre)] = part.now - 1;
    __syncwarp();
}

// The state variables of a synapse, and the way from one to the next.
struct StatePlace {
    real *first;
    i64 stride;
};

static __device__ StatePlace state_place(const Network &net, const RulePart &part, i64 e) {
    const PlasticPart learning = plastic_part(net, part.own[REWIRING_PLASTIC], part.p);
    const StatePlace place = {
        net.plastic.state + learning.own[PLASTIC_STATE_BASE] +
            (e - learning.own[PLASTIC_TARGETS_BASE]),
        learning.numbers[NUMBER_STRIDE]};
    return place;
}

static __device__ void read_synapse_state(
    const Network &net, const RulePart &part, i64 e, real *state) {
    if (part.own[REWIRING_PLASTIC] < 0) {
        state[0] = net.rewirings.start[part.own[REWIRING_START_BASE]];
        return;
    }
    const StatePlace from = state_place(net, part, e);
    for (i64 k = 0; k < part.own[REWIRING_N_STATES]; ++k) state[k] = from.first[k * from.stride];
}

// ---- changes, each made by one lane

static __device__ __forceinline__ i64 *counts_of(const Network &net, const RulePart &part) {
    return net.rewirings.counts + (part.r * net.work.n_partitions + part.p) * N_NOTES;
}

// Event number n of a partition.
static __device__ __forceinline__ i64 *event_of(const Network &net, i64 p, i64 n) {
    return net.rewirings.events + (p * net.work.most_events + n) * N_EVENT_FIELDS;
}

static __device__ void put_event(
    const Network &net, const RulePart &part, i64 n, bool is_formed, i64 pre, i64 post) {
    i64 *event = event_of(net, part.p, n);
    event[0] = part.now;
    event[1] = part.r;
    event[2] = is_formed;
    event[3] = pre;
    event[4] = post;
}

// Write down what happened to a pair.
static __device__ void note(
    const Network &net, const RulePart &part, bool is_formed, i64 pre, i64 post) {
    u64 *n_events = (u64 *)(net.rewirings.notes + part.p * N_NOTES + NOTE_N_EVENTS);
    put_event(net, part, (i64)atomicAdd(n_events, 1ull), is_formed, pre, post);
    atomicAdd((u64 *)counts_of(net, part) + (is_formed ? 1 : 2), 1ull);
    if (part.own[REWIRING_SLOTS]) keep_afferent(net, part.own, is_formed, pre, post);
    net.rewirings.indegree[part.own[REWIRING_INDEGREE_BASE] + post] += is_formed ? 1 : -1;
}

// Take a synapse out of its row; the last one of the row takes its place.
static __device__ void remove_synapse(
    const Network &net, const RulePart &part, const GrowingRow &row, i64 e) {
    const i64 last = *row.stop - 1;
    *row.stop = last;
    net.synapses.targets[e] = net.synapses.targets[last];
    if (part.own[REWIRING_PLASTIC] < 0) return;
    const StatePlace to = state_place(net, part, e), from = state_place(net, part, last);
    for (i64 k = 0; k < part.own[REWIRING_N_STATES]; ++k) {
        to.first[k * to.stride] = from.first[k * from.stride];
    }
}

// Put a new synapse behind a row that has room; its rule may say from which weight it starts.
static __device__ void append_synapse(
    const Network &net, const RulePart &part, const GrowingRow &row, i32 target, const real *pair,
    const RuleDraws &draws) {
    const i64 e = *row.stop;
    *row.stop = e + 1;
    net.synapses.targets[e] = (u16)target;
    if (part.own[REWIRING_PLASTIC] < 0) return;
    const StatePlace to = state_place(net, part, e);
    const real *start = net.rewirings.start + part.own[REWIRING_START_BASE];
    for (i64 k = 0; k < part.own[REWIRING_N_STATES]; ++k) to.first[k * to.stride] = start[k];
    if (!part.own[REWIRING_INITIAL]) return;
    const real *params = net.rewirings.params + part.own[REWIRING_PARAMS_BASE];
    *to.first = initial_by_rule(part.own[REWIRING_PRUNE], pair, params, draws);
}

// ---- one attempt, on one warp

// The number by which the rows of a partition name a target.
static __device__ __forceinline__ i32 target_of(
    const Network &net, const RulePart &part, i64 post) {
    return (i32)(net.program.first_slot[part.own[REWIRING_POST]] + post -
                 net.program.bounds[part.p] * BLOCK);
}

static __device__ double distance_of(const Network &net, const RulePart &part, i64 pre, i64 post) {
    const double *from = net.rewirings.positions + 2 * (part.own[REWIRING_PRE_BASE] + pre);
    const double *to = net.rewirings.positions + 2 * (part.own[REWIRING_POST_BASE] + post);
    double squared = 0;
    for (int axis = 0; axis < 2; ++axis) {
        const double period = net.rewirings.period[2 * part.r + axis];
        double d = abs_(from[axis] - to[axis]);
        if (period > 0 && period - d < d) d = period - d;
        squared += d * d;
    }
    return sqrt_(squared);
}

// A number between 0 and 1 that a pair has for ever.
static __device__ real mark_of(const Network &net, const RulePart &part, i64 pre, i64 post) {
    const Words words = philox4x32(
        (u32)pre, (u32)post, MARK_WORDS, 0, (u32)net.program.seed, (u32)part.own[REWIRING_MARKS]);
    return (real)((words.a >> 9) + 0.5) * (real)0x1p-23;
}

// What a rule sees of a pair.
static __device__ void see_pair(
    const Network &net, const RulePart &part, i64 pre, i64 post, real *pair) {
    pair[0] = part.own[REWIRING_HAS_DISTANCE] ? (real)distance_of(net, part, pre, post) : (real)0;
    pair[1] = (real)net.rewirings.indegree[part.own[REWIRING_INDEGREE_BASE] + post];
    pair[2] = part.own[REWIRING_READS_MARK] ? mark_of(net, part, pre, post) : (real)0;
}

// Ask the rule about one pair, and do what it decides; the row has room.
static __device__ void attempt(
    const Network &net, const RulePart &part, i64 number, i64 pre, i64 post) {
    const i64 *own = part.own;
    const GrowingRow row = growing_row(net, part, pre);
    const i32 target = target_of(net, part, post);
    const RuleDraws draws = {(u32)net.program.seed, (u32)own[REWIRING_STREAM], (u32)number,
                             RULE_WORDS, (u32)part.now};
    const real *params = net.rewirings.params + own[REWIRING_PARAMS_BASE];
    real pair[N_PAIR], state[MOST_RULE_STATES];
    see_pair(net, part, pre, post, pair);
    const i64 e = find_synapse(net, row, target);
    if (e >= 0) {
        catch_up_row(net, part, row, pre);
        read_synapse_state(net, part, e, state);
        const bool goes = prune_of_rule(own[REWIRING_PRUNE], state, pair, params, draws);
        __syncwarp(); // all have read what one now changes
        if (goes && lane_in_warp() == 0) {
            remove_synapse(net, part, row, e);
            note(net, part, false, pre, post);
        }
    } else if (accept_of_rule(own[REWIRING_ACCEPT], pair, params, draws)) {
        catch_up_row(net, part, row, pre);
        __syncwarp();
        if (lane_in_warp() == 0) {
            append_synapse(net, part, row, target, pair, draws);
            note(net, part, true, pre, post);
        }
    }
}

// ---- all attempts of a call, on one block

// Attempts that follow one another.
struct Attempts {
    i32 pre[32], post[32]; // a source of -1: there is nothing to do
    i32 n;                 // how many may be made at the same time
};

static __device__ __forceinline__ bool are_alive(
    const Network &net, const RulePart &part, i64 pre, i64 post) {
    return !(net.rewirings.is_lesioned[part.own[REWIRING_PRE_BASE] + pre] ||
             net.rewirings.is_lesioned[part.own[REWIRING_POST_BASE] + post]);
}

// Source that a rule proposes for attempt number k; -1: none.
static __device__ i32 proposed_source(const Network &net, const RulePart &part, i64 k, i64 post) {
    const i64 *own = part.own;
    const RuleDraws draws = {(u32)net.program.seed, (u32)own[REWIRING_STREAM], (u32)k, RULE_WORDS,
                             (u32)part.now};
    const real target[4] = {
        (real)post, (real)own[REWIRING_N_POST], (real)own[REWIRING_N_PRE],
        (real)net.rewirings.indegree[own[REWIRING_INDEGREE_BASE] + post]};
    const real *params = net.rewirings.params + own[REWIRING_PARAMS_BASE];
    const real pre = propose_by_rule(own[REWIRING_PRUNE], target, params, draws);
    return pre >= (real)0 && pre < target[2] ? (i32)pre : -1;
}

// Draw pair number k of those for a purpose; one lane does. False if it is not the partition's.
static __device__ bool draw_pair(
    const Network &net, const RulePart &part, i64 k, u32 purpose, i32 &pre, i32 &post) {
    const i64 *own = part.own;
    const Words words = philox4x32(
        (u32)k, (u32)part.now, PAIR_WORDS, purpose, (u32)net.program.seed,
        (u32)own[REWIRING_PAIRS]);
    post = (i32)((u64)words.a * (u64)own[REWIRING_N_POST] >> 32);
    pre = (i32)((u64)words.b * (u64)own[REWIRING_N_PRE] >> 32);
    if (own[REWIRING_IS_LAST_SPIKE]) pre = (i32)part.last;
    const bool is_own = part.low <= post && post < part.high;
    if (own[REWIRING_PROPOSE] && is_own) pre = proposed_source(net, part, k, post);
    if (own[REWIRING_SLOTS] && is_own) pre = choose_source(net, own, words, pre, post);
    return is_own && pre >= 0 && !(own[REWIRING_FORBIDS_SELF] && pre == post) &&
           are_alive(net, part, pre, post);
}

// Whether an attempt does not depend on the `n` before it.
static __device__ bool stands_alone(const Attempts &attempts, i32 n) {
    bool is_alone = true;
    for (i32 j = 0; j < n; ++j) {
        is_alone &= attempts.pre[j] < 0 || (attempts.pre[j] != attempts.pre[n] &&
                                            attempts.post[j] != attempts.post[n]);
    }
    return is_alone;
}

// Draw the attempts from number `first` on. One warp does; none may be made if there is no room.
static __device__ void draw_attempts(
    const Network &net, const RulePart &part, i64 first, Attempts &attempts) {
    const i32 lane = lane_in_warp();
    i32 pre = -1, post = -1;
    bool may_go = first + lane < part.own[REWIRING_ATTEMPTS];
    const bool is_one = may_go && draw_pair(net, part, first + lane, 0, pre, post);
    attempts.pre[lane] = is_one ? pre : -1;
    attempts.post[lane] = post;
    __syncwarp();
    const u32 ones = __ballot_sync(FULL_WARP, is_one);
    i64 *notes = net.rewirings.notes + part.p * N_NOTES;
    const i64 free_events = net.work.most_events - *(volatile i64 *)(notes + NOTE_N_EVENTS);
    if (is_one) {
        const GrowingRow row = growing_row(net, part, pre);
        may_go = rank_in_warp(ones) < free_events && *row.stop < row.start[1] &&
                 stands_alone(attempts, lane);
    } else if (may_go && (part.own[REWIRING_SLOTS] || part.own[REWIRING_PROPOSE])) {
        // What an earlier attempt does to the target may give it something to do.
        may_go = stands_alone(attempts, lane);
    }
    const u32 stops = ~__ballot_sync(FULL_WARP, may_go);
    if (lane != 0) return;
    attempts.n = stops ? __ffs((i32)stops) - 1 : 32;
    const u32 made = attempts.n < 32 ? ones & ((1u << attempts.n) - 1u) : ones;
    counts_of(net, part)[0] += __popc(made);
}

// Make the attempts from number `first` on; return how many have been made when there is no room
// for the next, or all.
static __device__ i64 make_attempts(const Network &net, const RulePart &part, i64 first) {
    __shared__ Attempts attempts;
    bool has_room = true;
    while (has_room && first < part.own[REWIRING_ATTEMPTS]) {
        if (threadIdx.x < 32) draw_attempts(net, part, first, attempts);
        __syncthreads();
        const i32 n = attempts.n;
        for (i32 k = threadIdx.x / 32; k < n; k += blockDim.x / 32) {
            if (attempts.pre[k] < 0) continue;
            attempt(net, part, first + k, attempts.pre[k], attempts.post[k]);
        }
        __syncthreads();
        first += n;
        has_room = n > 0;
    }
    return first;
}

// Whether a rule that replaces synapses is due; without attempts it rests.
static __device__ __forceinline__ bool is_replacing(const i64 *own, i64 now) {
    return own[REWIRING_REPLACES] && own[REWIRING_ATTEMPTS] > 0 && is_due(own, now);
}

// Do what is due in a partition, or go on with it where there was no room. It stops before a rule
// that replaces synapses, too: that is a matter of all partitions.
static __device__ void rewire_partition(const Network &net, i64 p, i64 now) {
    i64 *notes = net.rewirings.notes + p * N_NOTES;
    const bool is_done = notes[NOTE_DONE_STEP] >= now;
    i64 r = is_done ? net.work.n_rewirings : notes[NOTE_REWIRING], first = notes[NOTE_ATTEMPT];
    bool has_room = true;
    __syncthreads(); // all have read
    while (has_room && r < net.work.n_rewirings) {
        const RulePart part = rule_part(net, r, p, now);
        if (N_REPLACING && is_replacing(part.own, now)) break;
        if (is_due(part.own, now) && !part.own[REWIRING_REPLACES]) {
            const i64 since = clock64();
            first = make_attempts(net, part, first);
            if (threadIdx.x == 0) counts_of(net, part)[COUNT_TICKS] += clock64() - since;
            has_room = first >= part.own[REWIRING_ATTEMPTS];
        }
        if (has_room) {
            ++r;
            first = 0;
        }
    }
    if (is_done || threadIdx.x != 0) return;
    const bool is_last = r == net.work.n_rewirings;
    notes[NOTE_NEEDS_ROOM] = !has_room;
    notes[NOTE_REWIRING] = is_last ? 0 : r;
    notes[NOTE_ATTEMPT] = first;
    if (is_last) notes[NOTE_DONE_STEP] = now;
    if (!has_room) atomicMax(net.held.counters + NEEDS_ROOM, 1ull);
}

static __device__ __forceinline__ bool needs_room(const Network &net) {
    return *(volatile u64 *)(net.held.counters + NEEDS_ROOM) != 0;
}
