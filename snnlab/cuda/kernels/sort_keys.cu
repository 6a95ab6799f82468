// Sorting by the threads of one block: bitonic, of any number of keys.
//
// The first step of every merge compares a key with its mirror image, all others with a neighbour
// further on. So smaller keys always move forward, and keys behind the last can be left out.
// Thread k compares the pairs k, k + blockDim.x, ...: as long as pairs lie within 64 keys, each
// warp stays among keys of its own, and no other has to wait for it.

const i64 KEYS_OF_WARP = 64;

template <typename Key>
static __device__ void put_in_order(Key* keys, i64 first, i64 second, i64 n) {
    if (second >= n || !(keys[second] < keys[first])) return;
    Key larger = keys[first];
    keys[first] = keys[second];
    keys[second] = larger;
}

static __device__ void wait_for_keys(bool is_own) {
    if (is_own) __syncwarp();
    else __syncthreads();
}

// Merge neighbouring runs of sorted keys into runs of `size`.
template <typename Key>
static __device__ void merge_runs(Key* keys, i64 n, i64 n_pairs, i64 size) {
    i64 half = size / 2;
    for (i64 k = threadIdx.x; k < n_pairs; k += blockDim.x) {
        i64 within = k & (half - 1), run = 2 * (k - within);
        put_in_order(keys, run + within, run + size - 1 - within, n);
    }
    wait_for_keys(size <= KEYS_OF_WARP);
    for (i64 stride = half / 2; stride > 0; stride /= 2) {
        for (i64 k = threadIdx.x; k < n_pairs; k += blockDim.x) {
            i64 first = 2 * k - (k & (stride - 1));
            put_in_order(keys, first, first + stride, n);
        }
        // What follows a stride of 1 is the next merge, of runs that may be longer.
        wait_for_keys(stride > 1 ? stride <= KEYS_OF_WARP / 2 : size < KEYS_OF_WARP);
    }
}

// All threads of the block come here, after a barrier, and leave behind one.
template <typename Key>
static __device__ void sort_keys(Key* keys, i64 n) {
    i64 size = 2;
    while (size < n) size *= 2;
    i64 n_pairs = size / 2;
    for (size = 2; size / 2 < n; size *= 2) merge_runs(keys, n, n_pairs, size);
    __syncthreads();
}
