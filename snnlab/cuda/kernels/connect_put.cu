// Where drawn synapses go: counted in the first pass, placed in the second.
//
// Rows are numbered over all partitions, one partition's behind the other's. The cursor of a row is
// the number of its synapses so far, or the next free place of the pool. Threads put targets in any
// order; finish_rows.cu brings them into the order that they have.

enum RuleKind { RULE_ONE_TO_ONE, RULE_INDEGREE, RULE_DISTANCE, RULE_ALL_TO_ALL, RULE_OUTDEGREE, RULE_BERNOULLI };

const u32 FOR_PARTNERS = 0, FOR_VALUES = 1;  // what random words are for

__device__ inline i64 first_thread() { return (i64)blockIdx.x * blockDim.x + threadIdx.x; }
__device__ inline i64 all_threads() { return (i64)gridDim.x * blockDim.x; }

// First partition that owns targets of this number or larger ones.
__device__ inline i64 owner_of(const OwnedTargets* owned, i64 target)
{
    i64 first = 0, last = owned->n_partitions - 1;
    while (first < last) {
        i64 middle = (first + last) >> 1;
        if (owned->high[middle] > target) last = middle;
        else first = middle + 1;
    }
    return first;
}

__device__ inline void put(
    const ConnectionRule* rule, const OwnedTargets* owned, const Sink* sink, i64 source, i64 target)
{
    i64 p = owner_of(owned, target);
    u64 place = atomicAdd(&sink->cursor[p * rule->n_pre + source], (u64)1);
    if (!sink->is_counting) sink->pool[place] = (u16)(owned->local[p] + target - owned->low[p]);
}

// A word names the source of a synapse onto target `index`, or the target of one from there.
__device__ inline i64 partner_of(const ConnectionRule* rule, u32 word)
{
    u64 n = (u64)(rule->kind == RULE_INDEGREE ? rule->n_pre : rule->n_post);
    return (i64)(((u64)word * n) >> 32);
}

__device__ inline void put_partner(
    const ConnectionRule* rule, const OwnedTargets* owned, const Sink* sink, i64 index, i64 partner)
{
    if (rule->kind == RULE_INDEGREE) put(rule, owned, sink, partner, index);
    else put(rule, owned, sink, index, partner);
}

// Targets or sources that draw their partners.
__device__ inline i64 n_drawing(const ConnectionRule* rule)
{
    return rule->kind == RULE_INDEGREE ? rule->n_post : rule->n_pre;
}

__device__ inline i64 degree_of(const ConnectionRule* rule, i64 index)
{
    return rule->degrees[rule->kind == RULE_INDEGREE ? index : 0];
}
