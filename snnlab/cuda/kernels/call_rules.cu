// A launch of rules alone, for ranks: they compute the next chunk when all of them are done.

// Deliver the spikes of the last chunk, then let the rules that are due change the rows, or go on
// with it where there was no room. It ends before a rule that replaces: see ``replace_by_ranks.cu``.
// cooperative: call_rules
extern "C" __global__ void __launch_bounds__(THREADS, BLOCKS_AT_ONCE) call_rules(
    const Network *network, const Call *asked) {
    __shared__ Network net;
    read_network(network, net);
    if (thread_in_grid() == 0) net.held.counters[NEEDS_ROOM] = 0;
    deliver(net, asked->pending);
    watch_spikes(net, asked->pending);
    if (net.work.n_plastic) learn(net, asked->pending, asked->learnt, asked->start);
    meet_all(net.held.barrier);
    for (i64 p = blockIdx.x; p < net.work.n_partitions; p += gridDim.x) {
        rewire_partition(net, p, asked->start);
    }
}
