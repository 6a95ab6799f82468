// Every pair with a probability that falls with distance: a thread for four sources of a target.

enum DistanceKernel { KERNEL_GAUSSIAN, KERNEL_EXPONENTIAL, KERNEL_DISC };

static __device__ double distance_of(const Drawing* draw, i64 source, i64 target) {
    double squared = 0.0;
    for (i64 axis = 0; axis < 2; axis++) {
        double x = draw->pre_positions[2 * source + axis];
        double d = fabs(x - draw->post_positions[2 * target + axis]);
        double period = draw->period[axis];
        if (period > 0.0 && period - d < d) d = period - d;
        squared += d * d;
    }
    return sqrt(squared);
}

static __device__ double probability_of(const Drawing* draw, i64 source, i64 target) {
    double d = distance_of(draw, source, target) / draw->scale;
    if (draw->kernel == KERNEL_GAUSSIAN) return draw->p * exp_(-0.5 * d * d);
    if (draw->kernel == KERNEL_EXPONENTIAL) return draw->p * exp_(-d);
    return d <= 1.0 ? draw->p : 0.0;
}

extern "C" __global__ void connect_by_distance(const Drawing* draw, i64 n_counters) {
    i64 n = draw->n_drawing * n_counters;
    for (i64 k = first_thread(); k < n; k += all_threads()) {
        i64 place = k / n_counters, counter = k - place * n_counters;
        i64 target = drawing_neuron(draw, place);
        Words words = draw_words(draw, counter, target);
        for (i64 c = 0; c < 4; c++) {
            i64 source = place_of_word(counter, c);
            if (source >= draw->n_pre || (draw->forbids_self && source == target)) continue;
            double u = ((double)component_of(words, c) + 0.5) * 0x1p-32;
            if (u < probability_of(draw, source, target)) put(draw, source, target);
        }
    }
}
