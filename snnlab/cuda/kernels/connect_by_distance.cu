// Every pair with a probability that falls with distance: a thread for four sources of a target.

enum DistanceKernel { KERNEL_GAUSSIAN, KERNEL_EXPONENTIAL, KERNEL_DISC };

__device__ double distance_of(const ConnectionRule* rule, i64 source, i64 target)
{
    double squared = 0.0;
    for (i64 axis = 0; axis < 2; axis++) {
        double x = rule->pre_positions[2 * source + axis];
        double d = fabs(x - rule->post_positions[2 * target + axis]);
        double period = rule->period[axis];
        if (period > 0.0 && period - d < d) d = period - d;
        squared += d * d;
    }
    return sqrt(squared);
}

__device__ double probability_of(const ConnectionRule* rule, i64 source, i64 target)
{
    double d = distance_of(rule, source, target) / rule->scale;
    if (rule->kernel == KERNEL_GAUSSIAN) return rule->p * exp_double(-0.5 * d * d);
    if (rule->kernel == KERNEL_EXPONENTIAL) return rule->p * exp_double(-d);
    return d <= 1.0 ? rule->p : 0.0;
}

extern "C" __global__ void connect_by_distance(
    const ConnectionRule* rule, const OwnedTargets* owned, const Sink* sink, i64 n_counters)
{
    i64 n = rule->n_post * n_counters;
    for (i64 k = first_thread(); k < n; k += all_threads()) {
        i64 target = k / n_counters, counter = k - target * n_counters;
        Words words = draw_words(rule, counter, target);
        for (i64 c = 0; c < 4; c++) {
            i64 source = place_of_word(counter, c);
            if (source >= rule->n_pre || (rule->forbids_self && source == target)) continue;
            double u = ((double)words.of[c] + 0.5) * 0x1p-32;
            if (u < probability_of(rule, source, target)) put(rule, owned, sink, source, target);
        }
    }
}
