// Who is who in a launch: threads and warps counted over the whole grid.

static __device__ __forceinline__ i64 thread_in_grid() {
    return (i64)blockIdx.x * blockDim.x + threadIdx.x;
}

static __device__ __forceinline__ i64 threads_of_grid() { return (i64)gridDim.x * blockDim.x; }

static __device__ __forceinline__ i64 warp_in_grid() { return thread_in_grid() / 32; }

static __device__ __forceinline__ i64 warps_of_grid() { return threads_of_grid() / 32; }

static __device__ __forceinline__ i32 lane_in_warp() { return threadIdx.x % 32; }

// Where a value that many threads of a warp hand out begins for this one: an inclusive sum of
// flags below the own lane.
static __device__ __forceinline__ i32 rank_in_warp(u32 ballot) {
    return __popc(ballot & ((1u << lane_in_warp()) - 1u));
}

// Quotient of numbers >= 0; those of 32 bits, which nearly all are, take a third of the time.
static __device__ __forceinline__ i64 quotient(i64 n, i64 divisor) {
    if (((n | divisor) >> 32) == 0) return (u32)n / (u32)divisor;
    return n / divisor;
}

static __device__ __forceinline__ i64 remainder_of(i64 n, i64 divisor) {
    return n - quotient(n, divisor) * divisor;
}

// All threads of a cooperative launch meet; what was written before is seen by all after it.
// `barrier` holds the arrivals of this round and the number of the round, both 0 at first.
static __device__ void meet_all(u32 *barrier) {
    __syncthreads();
    if (gridDim.x > 1 && threadIdx.x == 0) {
        __threadfence();
        const u32 round = *(volatile u32 *)(barrier + 1);
        if (atomicAdd(barrier, 1u) == gridDim.x - 1) {
            atomicExch(barrier, 0u);
            __threadfence();
            atomicAdd(barrier + 1, 1u);
        } else {
            while (*(volatile u32 *)(barrier + 1) == round) __nanosleep(20);
        }
        __threadfence();
    }
    __syncthreads();
}
