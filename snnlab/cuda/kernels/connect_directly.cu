// Rules that draw nothing: one to one, and every source to every target.

extern "C" __global__ void connect_one_to_one(
    const ConnectionRule* rule, const OwnedTargets* owned, const Sink* sink)
{
    for (i64 i = first_thread(); i < rule->n_post; i += all_threads())
        put(rule, owned, sink, i, i);
}

// All targets from `low` to `high` but `left_out`, behind `place`.
__device__ void place_all(const Sink* sink, u64 place, i64 low, i64 high, i64 local, i64 left_out)
{
    for (i64 target = low + threadIdx.x % 32; target < high; target += 32) {
        i64 k = target - low;
        if (left_out >= low && target > left_out) k--;
        if (target != left_out) sink->pool[place + k] = (u16)(local + target - low);
    }
}

// A warp for each row.
extern "C" __global__ void connect_all(
    const ConnectionRule* rule, const OwnedTargets* owned, const Sink* sink)
{
    i64 n_rows = owned->n_partitions * rule->n_pre;
    for (i64 row = first_thread() / 32; row < n_rows; row += all_threads() / 32) {
        i64 p = row / rule->n_pre, source = row - p * rule->n_pre;
        i64 low = owned->low[p], high = owned->high[p];
        bool leaves_out = rule->forbids_self && low <= source && source < high;
        u64 place = sink->cursor[row];
        i64 left_out = leaves_out ? source : -1;
        if (!sink->is_counting) place_all(sink, place, low, high, owned->local[p], left_out);
        __syncwarp();
        if (threadIdx.x % 32 == 0) sink->cursor[row] = place + (high - low - leaves_out);
    }
}
