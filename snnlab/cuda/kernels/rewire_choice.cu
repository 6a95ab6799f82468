// Slots of targets: which synapse an attempt looks at, or who may get one.

static __device__ i32 *afferents_of(const Network &net, const i64 *own, i64 post) {
    return net.rewirings.afferents + own[REWIRING_AFFERENTS_BASE] + post * own[REWIRING_CAPACITY];
}

// Source that an attempt looks at with this target; -1: it is not for this rewiring. The slots of a
// target hold first the synapses of the first projection of the pool, then those of the next; then
// come the empty ones.
static __device__ i32 choose_source(
    const Network &net, const i64 *own, const Words &words, i32 pre, i64 post) {
    const i32 *indegree = net.rewirings.indegree;
    const i64 *pool = net.rewirings.pool_indegree + own[REWIRING_POOL_BASE];
    i64 n_before = 0, n_all = 0;
    for (i64 m = 0; m < own[REWIRING_POOL_SIZE]; ++m) {
        const i64 n = indegree[pool[m] + post];
        n_before += m < own[REWIRING_POOL_PLACE] ? n : 0;
        n_all += n;
    }
    const i64 n_own = indegree[own[REWIRING_INDEGREE_BASE] + post];
    const i32 *afferents = afferents_of(net, own, post);
    // Where more synapses were drawn than there are slots, each of them may be looked at.
    const u64 n_slots = (u64)max_i64(own[REWIRING_SLOTS], n_all);
    const i64 slot = (i64)((u64)words.c * n_slots >> 32);
    if (slot < n_all) {
        const i64 i = slot - n_before;
        return 0 <= i && i < n_own ? afferents[i] : -1;
    }
    const i64 share = (i64)((u64)words.d * (u64)own[REWIRING_SLOTS] >> 32);
    if (share < own[REWIRING_SHARE_LOW] || share >= own[REWIRING_SHARE_HIGH]) return -1;
    for (i64 i = 0; i < n_own; ++i) {
        if (afferents[i] == pre) return -1;
    }
    return pre;
}

// Put a source into the list of a target, or take it out; before its in-degree changes.
static __device__ void keep_afferent(
    const Network &net, const i64 *own, bool is_formed, i64 pre, i64 post) {
    i32 *afferents = afferents_of(net, own, post);
    const i64 n = net.rewirings.indegree[own[REWIRING_INDEGREE_BASE] + post];
    i64 i = 0;
    while (i < n && afferents[i] < pre) ++i;
    if (is_formed) {
        for (i64 j = n; j > i; --j) afferents[j] = afferents[j - 1];
        afferents[i] = (i32)pre;
    } else {
        for (i64 j = i; j < n - 1; ++j) afferents[j] = afferents[j + 1];
    }
}
