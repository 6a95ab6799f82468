// Input spikes of a batch.

const u32 NO_EVENT = 0xffffu; // in the place of a spike that is left out

// A block copies the spikes of one trial that stay; number e goes where its random word says so.
extern "C" __global__ void leave_out(
    const Task *task, const u16 *from, const i64 *from_first, u16 *to, i64 threshold, i64 update,
    i64 seed, i64 stream) {
    const Batch &batch = task->batch;
    const i64 b = blockIdx.x, row = batch.trial[b];
    const u16 *own = from + from_first[row];
    u16 *kept = to + batch.event_first[b];
    const i64 n = from_first[row + 1] - from_first[row];
    for (i64 block = threadIdx.x; 4 * block < n; block += blockDim.x) {
        const Words words =
            philox4x32((u32)block, (u32)batch.number[b], (u32)update, 0, (u32)seed, (u32)stream);
        const u32 word[4] = {words.a, words.b, words.c, words.d};
        for (i64 k = 0; k < 4 && 4 * block + k < n; k++) {
            const bool stays = (u64)word[k] >= (u64)threshold;
            kept[4 * block + k] = stays ? own[4 * block + k] : (u16)NO_EVENT;
        }
    }
}

// The spikes of step t of a trial are channel[begin ... end - 1].
struct StepEvents {
    const u16 *channel;
    u32 begin, end;
};

static __device__ __forceinline__ StepEvents events_at(const Batch &batch, i64 b, i64 t) {
    const u32 *start = batch.step_start + batch.trial[b] * (batch.n_steps + 1) + t;
    const StepEvents events = {batch.channel + batch.event_first[b], start[0], start[1]};
    return events;
}

extern "C" __global__ void clear_words(u32 *words, i64 n) {
    for (i64 k = thread_in_grid(); k < n; k += threads_of_grid()) words[k] = 0;
}
