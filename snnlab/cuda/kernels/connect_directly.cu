// Rules that draw nothing: one to one, and every source to every target.

extern "C" __global__ void connect_one_to_one(const Drawing* draw) {
    for (i64 k = first_thread(); k < draw->n_drawing; k += all_threads()) {
        i64 i = drawing_neuron(draw, k);
        put(draw, i, i);
    }
}

// All targets from `low` to `high` but `left_out`, behind `place`.
static __device__ void place_all(
    const Drawing* draw, u64 place, i64 low, i64 high, i64 local, i64 left_out) {
    for (i64 target = low + threadIdx.x % 32; target < high; target += 32) {
        i64 k = target - low;
        if (left_out >= low && target > left_out) k--;
        if (target != left_out) draw->pool[place + k] = (u16)(local + target - low);
    }
}

// A warp for each row.
extern "C" __global__ void connect_all(const Drawing* draw) {
    i64 n_rows = draw->n_partitions * draw->n_pre;
    for (i64 row = first_thread() / 32; row < n_rows; row += all_threads() / 32) {
        i64 p = row / draw->n_pre, source = row - p * draw->n_pre;
        i64 low = draw->low[p], high = draw->high[p];
        bool leaves_out = draw->forbids_self && low <= source && source < high;
        u64 place = next_place(draw, row);
        i64 left_out = leaves_out ? source : -1;
        if (!draw->is_counting) place_all(draw, place, low, high, draw->local[p], left_out);
        __syncwarp();
        if (threadIdx.x % 32 == 0) advance(draw, row, (u64)(high - low - leaves_out));
    }
}
