// Fixed degrees where every draw is allowed: a thread for each counter, in any order.

extern "C" __global__ void connect_freely(const Drawing* draw, i64 n_counters) {
    i64 n = draw->n_drawing * n_counters;
    for (i64 k = first_thread(); k < n; k += all_threads()) {
        i64 place = k / n_counters, counter = k - place * n_counters;
        i64 index = drawing_neuron(draw, place);
        i64 degree = degree_of(draw, index);
        if (place_of_word(counter, 0) >= degree) continue;
        Words words = draw_words(draw, counter, index);
        for (i64 c = 0; c < 4 && place_of_word(counter, c) < degree; c++)
            put_partner(draw, index, partner_of(draw, component_of(words, c)));
    }
}
