// Rewiring by rules that replace: all synapses are visited, and as many are formed as went.
//
// A block deals with the targets of one partition, but how many are formed is one number for all of
// them. So the pairs that are drawn are numbered, and partitions go through them in rounds: each
// forms what its own targets may get, then the grid meets, and all blocks find the same number at
// which the last synapse that is needed was formed. What lies beyond is taken back.

static __device__ __forceinline__ i64 *replacing_of(const Network &net, i64 p) {
    return net.rewirings.replacing + p * N_NOTES;
}

// A column of `replacing`, summed over all partitions. All threads of a block come here.
static __device__ i64 sum_of_partitions(const Network &net, int column) {
    __shared__ u64 sum;
    __syncthreads(); // that of the time before has been read
    if (threadIdx.x == 0) sum = 0;
    __syncthreads();
    for (i64 p = threadIdx.x; p < net.work.n_partitions; p += blockDim.x) {
        atomicAdd(&sum, (u64)replacing_of(net, p)[column]);
    }
    __syncthreads();
    return (i64)sum;
}

// ---- weights that change

// Let the rule change all weights, a row on each warp; once in a call.
static __device__ void adjust_rows(const Network &net, i64 r, i64 now) {
    const i64 *own = net.rewirings.table + r * N_REWIRING_FIELDS;
    if (!own[REWIRING_ADJUST] || replacing_of(net, 0)[REPLACING_HAS_ADJUSTED]) return;
    const real *params = net.rewirings.params + own[REWIRING_PARAMS_BASE];
    const i64 n_rows = own[REWIRING_N_PRE], n = n_rows * net.work.n_partitions;
    real pair[N_PAIR], state[MOST_RULE_STATES];
    for (i64 w = warp_in_grid(); w < n; w += warps_of_grid()) {
        const RulePart part = rule_part(net, r, quotient(w, n_rows), now);
        const i64 pre = remainder_of(w, n_rows), zero = target_of(net, part, 0);
        const GrowingRow row = growing_row(net, part, pre);
        for (i64 e = *row.start + lane_in_warp(); e < *row.stop; e += 32) {
            const i64 post = net.synapses.targets[e] - zero;
            const RuleDraws draws = {(u32)net.program.seed, (u32)own[REWIRING_STREAM], (u32)pre,
                                     (u32)post, (u32)now};
            see_pair(net, part, pre, post, pair);
            read_synapse_state(net, part, e, state);
            *state_place(net, part, e).first =
                adjust_by_rule(own[REWIRING_PRUNE], state, pair, params, draws);
        }
    }
    meet_all(net.held.barrier); // all have read that it was to be done
    for (i64 p = blockIdx.x; p < net.work.n_partitions; p += gridDim.x) {
        if (threadIdx.x == 0) replacing_of(net, p)[REPLACING_HAS_ADJUSTED] = 1;
    }
    meet_all(net.held.barrier);
}

// ---- synapses that go

// Bring all rows up to date, one on each warp.
static __device__ void catch_up_rows(const Network &net, i64 r, i64 now) {
    const i64 *own = net.rewirings.table + r * N_REWIRING_FIELDS;
    if (own[REWIRING_PLASTIC] < 0) return;
    const i64 n_rows = own[REWIRING_N_PRE], n = n_rows * net.work.n_partitions;
    for (i64 w = warp_in_grid(); w < n; w += warps_of_grid()) {
        const RulePart part = rule_part(net, r, quotient(w, n_rows), now);
        const i64 pre = remainder_of(w, n_rows);
        catch_up_row(net, part, growing_row(net, part, pre), pre);
    }
}

// Whether a synapse goes, asked by one lane. Its state is left in `state`.
static __device__ bool must_go(
    const Network &net, const RulePart &part, i64 pre, i64 post, i64 e, real *state) {
    const i64 *own = part.own;
    const RuleDraws draws = {(u32)net.program.seed, (u32)own[REWIRING_STREAM], (u32)pre, (u32)post,
                             (u32)part.now};
    const real *params = net.rewirings.params + own[REWIRING_PARAMS_BASE];
    real pair[N_PAIR];
    see_pair(net, part, pre, post, pair);
    read_synapse_state(net, part, e, state);
    return prune_of_rule(own[REWIRING_PRUNE], state, pair, params, draws);
}

// How many synapses of a row go. All lanes take part.
static __device__ i64 count_going(const Network &net, const RulePart &part, i64 pre) {
    const GrowingRow row = growing_row(net, part, pre);
    const i64 stop = *row.stop, zero = target_of(net, part, 0);
    real state[MOST_RULE_STATES];
    i64 n = 0;
    for (i64 first = *row.start; first < stop; first += 32) {
        const i64 e = first + lane_in_warp();
        const bool goes =
            e < stop && must_go(net, part, pre, net.synapses.targets[e] - zero, e, state);
        n += __popc(__ballot_sync(FULL_WARP, goes));
    }
    return n;
}

// Write a synapse into another place of its row.
static __device__ void move_synapse(
    const Network &net, const RulePart &part, i64 e, i32 target, const real *state) {
    net.synapses.targets[e] = (u16)target;
    if (part.own[REWIRING_PLASTIC] < 0) return;
    const StatePlace to = state_place(net, part, e);
    for (i64 k = 0; k < part.own[REWIRING_N_STATES]; ++k) to.first[k * to.stride] = state[k];
}

// Take `n` of the synapses that go out of a row, and move the others together; the events begin at
// number `event`. All lanes take part.
static __device__ void take_out(
    const Network &net, const RulePart &part, i64 pre, i64 n, i64 event) {
    const GrowingRow row = growing_row(net, part, pre);
    const i64 start = *row.start, stop = *row.stop, zero = target_of(net, part, 0);
    real state[MOST_RULE_STATES];
    i64 to = start, gone = 0;
    for (i64 first = start; first < stop; first += 32) {
        const i64 e = first + lane_in_warp();
        const bool is_one = e < stop;
        const i32 target = is_one ? net.synapses.targets[e] : 0;
        const i64 post = target - zero;
        bool goes = is_one && must_go(net, part, pre, post, e, state);
        const u32 would = __ballot_sync(FULL_WARP, goes);
        goes = goes && gone + rank_in_warp(would) < n;
        const u32 going = __ballot_sync(FULL_WARP, goes);
        const u32 staying = __ballot_sync(FULL_WARP, is_one && !goes); // and all have read
        if (goes) {
            put_event(net, part, event + gone + rank_in_warp(going), false, pre, post);
            atomicAdd(net.rewirings.indegree + part.own[REWIRING_INDEGREE_BASE] + post, -1);
        } else if (is_one) {
            const i64 place = to + rank_in_warp(staying);
            if (place != e) move_synapse(net, part, place, target, state);
        }
        __syncwarp();
        to += __popc(staying);
        gone += __popc(going);
    }
    if (lane_in_warp() == 0) *row.stop = to;
}

// Let go what goes in a partition, rows side by side on the warps of a block; those that follow one
// another only if they see what the one before did. Events are in the order of rows. Where the list
// is full it stops within a row; the synapses that are left of it are asked again, and answer alike.
static __device__ void visit_rows(const Network &net, const RulePart &part) {
    __shared__ i64 going[THREADS / 32];
    i64 *mine = replacing_of(net, part.p), *notes = net.rewirings.notes + part.p * N_NOTES;
    const i64 n_rows = part.own[REWIRING_N_PRE], w = threadIdx.x / 32;
    const i64 abreast = reads_indegree_of_rule(part.own[REWIRING_PRUNE]) ? 1 : blockDim.x / 32;
    i64 pre = mine[REPLACING_ROW], n_events = notes[NOTE_N_EVENTS], gone = 0;
    bool has_room = true;
    __syncthreads(); // all have read
    while (has_room && pre < n_rows) {
        const i64 n = min_i64(abreast, n_rows - pre), room = net.work.most_events - n_events;
        if (w < n) {
            const i64 n_going = count_going(net, part, pre + w);
            if (lane_in_warp() == 0) going[w] = n_going;
        }
        __syncthreads();
        i64 before = 0, all = 0, n_whole = 0;
        for (i64 k = 0; k < n; ++k) {
            if (k < w) before += going[k];
            all += going[k];
            if (all <= room) n_whole = k + 1;
        }
        const i64 own = w < n ? min_i64(going[w], room - before) : 0;
        if (own > 0) take_out(net, part, pre + w, own, n_events + before);
        has_room = all <= room;
        gone += min_i64(all, room);
        n_events += min_i64(all, room);
        pre += n_whole;
        __syncthreads();
    }
    if (threadIdx.x != 0) return;
    mine[REPLACING_ROW] = pre;
    mine[REPLACING_GONE] += gone;
    counts_of(net, part)[2] += gone;
    notes[NOTE_N_EVENTS] = n_events;
    notes[NOTE_NEEDS_ROOM] = !has_room;
    if (!has_room) atomicMax(net.held.counters + NEEDS_ROOM, 1ull);
}

// ---- synapses that are formed

// Connect pair number k if that may be; the row has room. One warp does, and all lanes see whether.
static __device__ bool try_pair(
    const Network &net, const RulePart &part, i64 k, i64 pre, i64 post) {
    const i64 *own = part.own;
    const GrowingRow row = growing_row(net, part, pre);
    const i32 target = target_of(net, part, post);
    if (find_synapse(net, row, target) >= 0) return false;
    const RuleDraws draws = {(u32)net.program.seed, (u32)own[REWIRING_STREAM], (u32)k, RULE_WORDS,
                             (u32)part.now};
    const real *params = net.rewirings.params + own[REWIRING_PARAMS_BASE];
    real pair[N_PAIR];
    see_pair(net, part, pre, post, pair);
    const bool is_formed = accept_of_rule(own[REWIRING_ACCEPT], pair, params, draws);
    __syncwarp(); // all have read what one now changes
    if (is_formed && lane_in_warp() == 0) {
        append_synapse(net, part, row, target, pair, draws);
        net.rewirings.indegree[own[REWIRING_INDEGREE_BASE] + post] += 1;
    }
    return is_formed;
}

// Draw the pairs from number `first` on that may be tried side by side. One warp does; there are
// none if the first has no room.
static __device__ void draw_candidates(
    const Network &net, const RulePart &part, i64 first, i64 stop, i64 room, Attempts &pairs) {
    const i32 lane = lane_in_warp();
    i32 pre = -1, post = -1;
    bool may_go = first + lane < stop;
    const bool is_one = may_go && draw_pair(net, part, first + lane, DRAWN_WORDS, pre, post);
    pairs.pre[lane] = is_one ? pre : -1;
    pairs.post[lane] = post;
    __syncwarp();
    const u32 ones = __ballot_sync(FULL_WARP, is_one);
    if (is_one) {
        const GrowingRow row = growing_row(net, part, pre);
        may_go = rank_in_warp(ones) < room && *row.stop < row.start[1] && stands_alone(pairs, lane);
    }
    const u32 stops = ~__ballot_sync(FULL_WARP, may_go);
    if (lane == 0) pairs.n = stops ? __ffs((i32)stops) - 1 : 32;
}

// Write down which of the pairs from number `first` on got a synapse, in their order; return how
// many. One warp does.
static __device__ i32 note_formed(
    const Network &net, const RulePart &part, i64 first, const Attempts &pairs,
    const bool *is_formed, i64 n_events, i64 n_tried) {
    const i32 lane = lane_in_warp();
    const bool is_one = lane < pairs.n && is_formed[lane];
    const u32 ones = __ballot_sync(FULL_WARP, is_one);
    if (is_one) {
        const i64 k = rank_in_warp(ones);
        put_event(net, part, n_events + k, true, pairs.pre[lane], pairs.post[lane]);
        net.rewirings.tried[part.p * net.work.most_tried + n_tried + k] = first + lane;
    }
    return __popc(ones);
}

// Connect pairs of this round in a partition, up to number `stop`, until there is no room, or `most`
// synapses have been formed. One block does.
static __device__ void try_pairs(const Network &net, const RulePart &part, i64 stop, i64 most) {
    __shared__ Attempts pairs;
    __shared__ bool is_formed[32];
    __shared__ i32 n_formed;
    i64 *mine = replacing_of(net, part.p), *notes = net.rewirings.notes + part.p * N_NOTES;
    i64 k = mine[REPLACING_NEXT], n_events = notes[NOTE_N_EVENTS], n_tried = 0;
    bool has_room = true;
    __syncthreads(); // all have read
    while (has_room && k < stop && n_tried < most) {
        const i64 room = net.work.most_events - n_events;
        if (threadIdx.x < 32) draw_candidates(net, part, k, stop, room, pairs);
        __syncthreads();
        const i32 n = pairs.n;
        for (i32 j = threadIdx.x / 32; j < n; j += blockDim.x / 32) {
            const i64 pre = pairs.pre[j], post = pairs.post[j];
            const bool is_one = pre >= 0 && try_pair(net, part, k + j, pre, post);
            if (lane_in_warp() == 0) is_formed[j] = is_one;
        }
        __syncthreads();
        if (threadIdx.x < 32) {
            const i32 found = note_formed(net, part, k, pairs, is_formed, n_events, n_tried);
            if (threadIdx.x == 0) n_formed = found;
        }
        __syncthreads();
        n_events += n_formed;
        n_tried += n_formed;
        k += n;
        has_room = n > 0;
    }
    if (threadIdx.x != 0) return;
    mine[REPLACING_N_TRIED] = n_tried;
    mine[REPLACING_FULL] = has_room ? stop : k;
    notes[NOTE_N_EVENTS] = n_events;
}

// How many of the pairs that got a synapse in a partition have numbers below `before`.
static __device__ i64 n_tried_of(const Network &net, i64 p, i64 before) {
    const i64 *tried = net.rewirings.tried + p * net.work.most_tried;
    i64 low = 0, high = replacing_of(net, p)[REPLACING_N_TRIED];
    while (low < high) {
        const i64 middle = (low + high) / 2;
        if (tried[middle] < before) low = middle + 1;
        else high = middle;
    }
    return low;
}

// The same of all partitions. All threads of a block come here.
static __device__ i64 n_tried_of_all(const Network &net, i64 before) {
    __shared__ u64 sum;
    __syncthreads(); // that of the time before has been read
    if (threadIdx.x == 0) sum = 0;
    __syncthreads();
    for (i64 p = threadIdx.x; p < net.work.n_partitions; p += blockDim.x) {
        atomicAdd(&sum, (u64)n_tried_of(net, p, before));
    }
    __syncthreads();
    return (i64)sum;
}

// The first pair for which a partition had no room. All threads of a block come here.
static __device__ i64 first_without_room(const Network &net) {
    __shared__ u64 lowest;
    if (threadIdx.x == 0) lowest = ~0ull;
    __syncthreads();
    for (i64 p = threadIdx.x; p < net.work.n_partitions; p += blockDim.x) {
        atomicMin(&lowest, (u64)replacing_of(net, p)[REPLACING_FULL]);
    }
    __syncthreads();
    return (i64)lowest;
}

// Number from which on nothing is formed: `n_left` are enough, and all need room. All threads of a
// block come here, and all blocks find the same.
static __device__ i64 find_cut(const Network &net, i64 first, i64 n_left) {
    i64 low = first, high = first_without_room(net);
    while (low < high) {
        const i64 middle = (low + high) / 2;
        if (n_tried_of_all(net, middle) < n_left) low = middle + 1;
        else high = middle;
    }
    return low;
}

// Take back what was formed in a partition from number `cut` on, and keep the rest. The last ones of
// a row are those that were formed last, so that it is enough to make it shorter. One block does;
// one partition of all counts the pairs.
static __device__ void keep_formed(
    const Network &net, const RulePart &part, i64 first, i64 cut, bool counts_pairs) {
    i64 *mine = replacing_of(net, part.p), *notes = net.rewirings.notes + part.p * N_NOTES;
    const i64 kept = n_tried_of(net, part.p, cut), end = notes[NOTE_N_EVENTS];
    const i64 n_back = mine[REPLACING_N_TRIED] - kept;
    for (i64 n = end - n_back + threadIdx.x; n < end; n += blockDim.x) {
        const i64 *event = event_of(net, part.p, n);
        atomicAdd((u64 *)growing_row(net, part, event[3]).stop, ~0ull); // less by 1
        atomicAdd(net.rewirings.indegree + part.own[REWIRING_INDEGREE_BASE] + event[4], -1);
    }
    __syncthreads(); // all have read
    if (threadIdx.x != 0) return;
    const bool needs_some = mine[REPLACING_FULL] == first;
    notes[NOTE_N_EVENTS] = end - n_back;
    notes[NOTE_NEEDS_ROOM] = needs_some;
    if (needs_some) atomicMax(net.held.counters + NEEDS_ROOM, 1ull);
    counts_of(net, part)[1] += kept;
    if (counts_pairs) counts_of(net, part)[0] += cut - first;
    mine[REPLACING_FORMED] += kept;
    mine[REPLACING_NEXT] = cut;
}

// ---- a call of one rule

// Form `n_gone` synapses, or go on with it; false if there is no room. No more than `last` pairs are
// drawn. Between two meetings no block writes what others read.
static __device__ bool form_synapses(const Network &net, i64 r, i64 now, i64 n_gone, i64 last) {
    i64 n_left;
    while (true) {
        const i64 first = replacing_of(net, 0)[REPLACING_NEXT];
        n_left = n_gone - sum_of_partitions(net, REPLACING_FORMED);
        if (n_left <= 0 || first >= last) break;
        const i64 stop = min_i64(first + net.work.most_tried, last);
        for (i64 p = blockIdx.x; p < net.work.n_partitions; p += gridDim.x) {
            try_pairs(net, rule_part(net, r, p, now), stop, n_left);
        }
        meet_all(net.held.barrier);
        const i64 cut = find_cut(net, first, n_left);
        for (i64 p = blockIdx.x; p < net.work.n_partitions; p += gridDim.x) {
            keep_formed(net, rule_part(net, r, p, now), first, cut, p == 0);
        }
        meet_all(net.held.barrier);
        if (cut == first) return false;
    }
    if (thread_in_grid() == 0) counts_of(net, rule_part(net, r, 0, now))[COUNT_SHORT] += n_left;
    return true;
}

// Change the weights and let go what goes, or go on with it.
static __device__ void let_go(const Network &net, i64 r, i64 now) {
    catch_up_rows(net, r, now);
    meet_all(net.held.barrier);
    adjust_rows(net, r, now);
    for (i64 p = blockIdx.x; p < net.work.n_partitions; p += gridDim.x) {
        visit_rows(net, rule_part(net, r, p, now));
    }
}

// A partition is done with a rule. One block comes here.
static __device__ void leave_rule(const Network &net, i64 r, i64 p) {
    if (threadIdx.x < N_NOTES) replacing_of(net, p)[threadIdx.x] = 0;
    if (threadIdx.x == 0) net.rewirings.notes[p * N_NOTES + NOTE_REWIRING] = r + 1;
}

// Let one rule replace synapses, or go on with it; false if it needs more room.
static __device__ bool replace_synapses(const Network &net, i64 r, i64 now) {
    let_go(net, r, now);
    meet_all(net.held.barrier);
    if (needs_room(net)) return false;
    const i64 n_gone = sum_of_partitions(net, REPLACING_GONE);
    const i64 last = min_i64(PAIRS_AT_LEAST + PAIRS_EACH * n_gone, PAIRS_AT_MOST);
    if (!form_synapses(net, r, now, n_gone, last)) return false;
    meet_all(net.held.barrier);
    for (i64 p = blockIdx.x; p < net.work.n_partitions; p += gridDim.x) {
        leave_rule(net, r, p);
    }
    __syncthreads();
    return true;
}

// Let all rules that are due change the rows, a partition on each block. No spike may be pending.
// False if one of them needs more room: there it goes on when it is called again.
static __device__ bool rewire(const Network &net, i64 now) {
    while (true) {
        for (i64 p = blockIdx.x; p < net.work.n_partitions; p += gridDim.x) {
            rewire_partition(net, p, now);
        }
        meet_all(net.held.barrier);
        if (needs_room(net)) return false;
        // Nobody writes these notes before all have met again.
        if (!N_REPLACING || net.rewirings.notes[NOTE_DONE_STEP] >= now) return true;
        const i64 r = net.rewirings.notes[NOTE_REWIRING], since = clock64();
        const bool has_room = replace_synapses(net, r, now);
        if (thread_in_grid() == 0) {
            counts_of(net, rule_part(net, r, 0, now))[COUNT_TICKS] += clock64() - since;
        }
        if (!has_room) return false;
    }
}
