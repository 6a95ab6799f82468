// The exchange of spikes with other ranks where MPI takes them from this memory, and puts those of
// others here. See ``snnlab/cuda/device_transport.py``; entries are those of the processor, see
// ``snnlab/cpu/packing.py``, in any order: who reads them does not care.

enum { COLLECTIVE = 1, POINT_TO_POINT = 2 }; // ways, see ``snnlab/cpu/exchange.py``

// Which spikes are meant, and what is asked for.
struct Parcel {
    i64 ways;          // which of them are packed
    i64 size;          // words of each rank that go collectively
    i64 turn, first, last; // entries of the record that the last chunk has left
    i64 start;         // first step of the chunk
};

// Add an entry to words of which the first says how many there are, if there is room for it.
static __device__ void put_entry(
    u64 *words, i64 room, i64 place_bits, i64 step_bits, i64 place, i64 step) {
    const i64 bits = place_bits + step_bits;
    const i64 at = (i64)atomicAdd(words, (u64)1) * bits;
    if (at + bits > 64 * (room - 1)) return;
    const u64 value = (u64)place << step_bits | (u64)step;
    u64 *word = words + 1 + at / 64;
    const i64 shift = at % 64;
    atomicOr(word, value << shift);
    if (shift + bits > 64) atomicOr(word + 1, value >> (64 - shift));
}

static __device__ u64 entry_at(const u64 *words, i64 at, i64 bits) {
    const i64 shift = at % 64;
    u64 value = words[at / 64] >> shift;
    if (shift + bits > 64) value |= words[at / 64 + 1] << (64 - shift);
    return value & (((u64)1 << bits) - 1);
}

static __device__ void clear_words(u64 *words, i64 n) {
    for (i64 i = thread_in_grid(); i < n; i += threads_of_grid()) words[i] = 0;
}

// Write the spikes of one neuron, `own` of this rank, for those who wait for them.
static __device__ void pack_neuron(
    const Wire &wire, const Parcel &parcel, i64 own, i64 offset, u64 steps) {
    const bool is_told = (parcel.ways & COLLECTIVE) && wire.told_all[own];
    const bool is_listed = parcel.ways & POINT_TO_POINT;
    for (; steps; steps &= steps - 1) {
        const i64 step = offset + __ffsll((i64)steps) - 1;
        if (is_told) {
            const i64 bits = wire.all_bits[wire.rank];
            put_entry(wire.all_send, parcel.size, bits, wire.step_bits, own, step);
        }
        if (!is_listed) continue;
        for (i64 k = wire.target_start[own]; k < wire.target_start[own + 1]; ++k) {
            const i64 j = wire.target[k];
            if (!wire.out_waits[j]) continue;
            put_entry(wire.some_send + wire.out_first[j], wire.out_room[j], wire.out_bits[j],
                wire.step_bits, wire.place[k], step);
        }
    }
}

// The same for those of 64 neighbours that have marked the neuron.
static __device__ void pack_marked(
    const Wire &wire, i64 w, i64 own, i64 offset, u64 steps) {
    const u64 marks = wire.marks[own * wire.n_mark_words + w];
    for (; steps; steps &= steps - 1) {
        const i64 step = offset + __ffsll((i64)steps) - 1;
        for (u64 left = marks; left; left &= left - 1) {
            const i64 j = wire.marked[64 * w + __ffsll((i64)left) - 1];
            if (!wire.out_waits[j]) continue;
            put_entry(wire.some_send + wire.out_first[j], wire.out_room[j], wire.out_bits[j],
                wire.step_bits, own, step);
        }
    }
}

// Write own spikes for those who wait for them, and tell how many each of these gets.
// cooperative: pack_spikes
extern "C" __global__ void __launch_bounds__(THREADS, BLOCKS_AT_ONCE) pack_spikes(
    const Network *network, const Wire *asked, const Parcel *given) {
    const Network &net = *network;
    const Wire &wire = *asked;
    const Parcel &parcel = *given;
    if (parcel.ways & COLLECTIVE) clear_words(wire.all_send, parcel.size);
    if (parcel.ways & POINT_TO_POINT) {
        for (i64 j = 0; j < wire.n_receivers; ++j) {
            if (!wire.out_waits[j]) continue;
            clear_words(wire.some_send + wire.out_first[j], wire.out_room[j]);
        }
    }
    meet_all(net.held.barrier);
    const i64 base = parcel.turn * net.work.capacity, last = base + parcel.last;
    for (i64 i = base + parcel.first + thread_in_grid(); i < last; i += threads_of_grid()) {
        pack_neuron(wire, parcel, net.held.spike_slot[i] - wire.first_slot[wire.rank],
            net.held.spike_start[i] - parcel.start, net.held.spike_steps[i]);
    }
    const i64 n_words = parcel.ways & POINT_TO_POINT ? wire.n_mark_words : 0;
    const i64 n_visits = (parcel.last - parcel.first) * n_words;
    for (i64 k = thread_in_grid(); k < n_visits; k += threads_of_grid()) {
        const i64 i = base + parcel.first + k / n_words;
        pack_marked(wire, k % n_words, net.held.spike_slot[i] - wire.first_slot[wire.rank],
            net.held.spike_start[i] - parcel.start, net.held.spike_steps[i]);
    }
    meet_all(net.held.barrier);
    if (!(parcel.ways & POINT_TO_POINT)) return;
    for (i64 j = thread_in_grid(); j < wire.n_receivers; j += threads_of_grid()) {
        if (wire.out_waits[j]) wire.told[1 + j] = wire.some_send[wire.out_first[j]];
    }
}

// A list of spikes that has come: those of all ranks first, if there are any, then of neighbours.
struct Arrival {
    const u64 *words;  // the first one says how many
    i64 room, bits;    // of a place and a step
    i64 train;         // where its neurons begin in the trains
    i64 slot;          // the first of these; -1: each has a slot of its own
    const i32 *slots;
    bool is_own;
};

static __device__ Arrival arrival(const Wire &wire, const Parcel &parcel, i64 k) {
    Arrival found;
    if (k < wire.n_from_all) {
        found.words = wire.all_receive + k * parcel.size;
        found.room = parcel.size;
        found.bits = wire.all_bits[k] + wire.step_bits;
        found.train = found.slot = wire.first_slot[k];
        found.slots = wire.list_slot;
        found.is_own = k == wire.rank;
        return found;
    }
    const i64 i = k - wire.n_from_all;
    found.words = wire.some_receive + wire.in_first[i];
    found.room = wire.in_room[i];
    found.bits = wire.in_bits[i] + wire.step_bits;
    found.train = wire.in_train[i];
    found.slot = wire.in_slot[i];
    found.slots = wire.list_slot + wire.list_start[i];
    found.is_own = false;
    return found;
}

// Tell how many spikes each list has; whether all of them are here, and the record has room. Every
// block finds the same.
static __device__ bool is_all_here(const Network &net, const Wire &wire, const Parcel &parcel) {
    __shared__ u64 n_spikes;
    __shared__ u32 lacks;
    if (threadIdx.x == 0) {
        n_spikes = 0;
        lacks = 0;
    }
    __syncthreads();
    for (i64 k = threadIdx.x; k < wire.n_from_all + wire.n_senders; k += blockDim.x) {
        const Arrival list = arrival(wire, parcel, k);
        const u64 n = list.words[0];
        if (blockIdx.x == 0) wire.told[1 + wire.n_receivers + k] = n;
        if (1 + ((i64)n * list.bits + 63) / 64 > list.room) atomicOr(&lacks, 1u);
        if (!list.is_own) atomicAdd(&n_spikes, n);
    }
    __syncthreads();
    return !lacks && parcel.last + (i64)n_spikes <= net.work.capacity;
}

// Note one spike of a list as an entry of the record; where they are merged, the first one of a
// neuron alone.
static __device__ void take_entry(
    const Network &net, const Wire &wire, const Arrival &list, i64 s, i64 base, i64 start) {
    const u64 entry = entry_at(list.words + 1, s * list.bits, list.bits);
    const i64 place = (i64)(entry >> wire.step_bits), train = list.train + place;
    const u64 step = entry & (((u64)1 << wire.step_bits) - 1);
    const u64 bit = (u64)1 << step;
    if (wire.is_merged && atomicOr(wire.trains + train, bit)) return;
    const i64 i = base + (i64)atomicAdd(wire.told, (u64)1);
    net.held.spike_slot[i] = list.slot < 0 ? list.slots[place] : (i32)(list.slot + place);
    net.held.spike_start[i] = wire.is_merged ? train : start;
    net.held.spike_steps[i] = bit;
}

// Put the spikes that have come behind own ones, if all have come; tell how many entries these are.
// cooperative: unpack_spikes
extern "C" __global__ void __launch_bounds__(THREADS, BLOCKS_AT_ONCE) unpack_spikes(
    const Network *network, const Wire *asked, const Parcel *given) {
    const Network &net = *network;
    const Wire &wire = *asked;
    const Parcel &parcel = *given;
    if (thread_in_grid() == 0) wire.told[0] = 0;
    if (!is_all_here(net, wire, parcel)) return;
    meet_all(net.held.barrier);
    const i64 base = parcel.turn * net.work.capacity + parcel.last;
    const i64 n_lists = wire.n_from_all + wire.n_senders;
    // Lists that are fewer than blocks are shared among these.
    const i64 n_parts = max_i64(gridDim.x / max_i64(n_lists, 1), 1);
    for (i64 w = blockIdx.x; w < n_lists * n_parts; w += gridDim.x) {
        const i64 k = w / n_parts;
        const Arrival list = arrival(wire, parcel, k);
        if (list.is_own) continue;
        const i64 n = (i64)list.words[0], stride = n_parts * blockDim.x;
        for (i64 s = w % n_parts * blockDim.x + threadIdx.x; s < n; s += stride) {
            take_entry(net, wire, list, s, base, parcel.start);
        }
    }
    if (!wire.is_merged) return;
    meet_all(net.held.barrier);
    const i64 n = *(volatile i64 *)wire.told;
    for (i64 i = base + thread_in_grid(); i < base + n; i += threads_of_grid()) {
        const i64 place = net.held.spike_start[i];
        net.held.spike_steps[i] = wire.trains[place];
        net.held.spike_start[i] = parcel.start;
        wire.trains[place] = 0;
    }
}
