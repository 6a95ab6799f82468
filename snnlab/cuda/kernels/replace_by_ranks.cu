// Rules that replace, for ranks: how many synapses are formed is one number for all of them, so that
// a launch ends wherever the host asks the others. See ``snnlab/cuda/replacing.py``.

// Add the time since `since` to what a rule took: that of one thread stands for all.
static __device__ void charge_rule(const Network &net, i64 r, i64 now, i64 since) {
    if (thread_in_grid() != 0) return;
    counts_of(net, rule_part(net, r, 0, now))[COUNT_TICKS] += clock64() - since;
}

// Change the weights of a rule's synapses and let go what goes, or go on with it.
// cooperative: let_synapses_go
extern "C" __global__ void __launch_bounds__(THREADS, BLOCKS_AT_ONCE) let_synapses_go(
    const Network *network, i64 r, i64 now) {
    __shared__ Network net;
    read_network(network, net);
    const i64 since = clock64();
    let_go(net, r, now);
    charge_rule(net, r, now, since);
}

// Form synapses from the pairs that come next, up to number `stop`, `most` at most on each partition.
extern "C" __global__ void __launch_bounds__(THREADS, BLOCKS_AT_ONCE) try_next_pairs(
    const Network *network, i64 r, i64 now, i64 stop, i64 most) {
    __shared__ Network net;
    read_network(network, net);
    const i64 since = clock64();
    for (i64 p = blockIdx.x; p < net.work.n_partitions; p += gridDim.x) {
        try_pairs(net, rule_part(net, r, p, now), stop, most);
    }
    charge_rule(net, r, now, since);
}

// Take back what was formed from number `cut` on; the pairs of this round began at `first`. The first
// rank counts them.
extern "C" __global__ void __launch_bounds__(THREADS, BLOCKS_AT_ONCE) keep_until(
    const Network *network, i64 r, i64 now, i64 first, i64 cut, i64 is_first_rank) {
    __shared__ Network net;
    read_network(network, net);
    const i64 since = clock64();
    for (i64 p = blockIdx.x; p < net.work.n_partitions; p += gridDim.x) {
        keep_formed(net, rule_part(net, r, p, now), first, cut, p == 0 && is_first_rank);
    }
    charge_rule(net, r, now, since);
}

// Be done with a rule for which `n_short` places were not found, and go on to the next one that
// replaces, or to the end. The first rank counts these places.
extern "C" __global__ void __launch_bounds__(THREADS, BLOCKS_AT_ONCE) go_on_with_rules(
    const Network *network, i64 r, i64 now, i64 n_short, i64 is_first_rank) {
    __shared__ Network net;
    read_network(network, net);
    if (thread_in_grid() == 0 && is_first_rank) {
        counts_of(net, rule_part(net, r, 0, now))[COUNT_SHORT] += n_short;
    }
    for (i64 p = blockIdx.x; p < net.work.n_partitions; p += gridDim.x) {
        leave_rule(net, r, p);
        __syncthreads(); // the next one is read
        rewire_partition(net, p, now);
    }
}
