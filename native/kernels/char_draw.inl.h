// The draw of one character from its logits: temperature, top-k, top-p, then a walk through the kept probabilities in
// ascending id. All in float64 but for the exponential, which is the shared vexp of (logit − largest) / temperature.
#pragma once

struct DrawRule {
  double temperature, top_p;
  int64_t top_k;
};

// Larger logits rank first, and the smaller id among equals.
inline bool ranks_before(const float* logits, int32_t a, int32_t b) {
  if (logits[a] > logits[b]) return true;
  return !(logits[a] < logits[b]) && a < b;
}

// Lets order[root] sink to its place in a heap of n whose top ranks last.
inline void sink(const float* logits, int32_t* order, int64_t root, int64_t n) {
  for (int64_t child = 2 * root + 1; child < n; child = 2 * root + 1) {
    if (child + 1 < n && ranks_before(logits, order[child], order[child + 1])) ++child;
    if (!ranks_before(logits, order[root], order[child])) return;
    const int32_t moved = order[root];
    order[root] = order[child];
    order[child] = moved;
    root = child;
  }
}

// Fills `order` with the ids 0 to n − 1, ranked (heap sort: no worst case, no memory).
inline void rank_ids(const float* logits, int64_t n, int32_t* order) {
  for (int64_t j = 0; j < n; ++j) order[j] = static_cast<int32_t>(j);
  for (int64_t root = n / 2 - 1; root >= 0; --root) sink(logits, order, root, n);
  for (int64_t end = n - 1; end > 0; --end) {
    const int32_t last = order[0];
    order[0] = order[end];
    order[end] = last;
    sink(logits, order, 0, end);
  }
}

inline double sum_ascending(const double* p, int64_t n) {
  double sum = 0.0;
  for (int64_t j = 0; j < n; ++j) sum += p[j];
  return sum;
}

// Sets the probabilities of what the rule removes to 0: all but the top_k first in rank, then all behind the shortest
// run of ranks whose probabilities reach top_p of what is left.
inline void remove_unlikely(const float* logits, int64_t n, const DrawRule& rule, double* p, int32_t* order) {
  rank_ids(logits, n, order);
  int64_t kept = n;
  if (rule.top_k > 0 && rule.top_k < n) {
    kept = rule.top_k;
    for (int64_t rank = kept; rank < n; ++rank) p[order[rank]] = 0.0;
  }
  if (rule.top_p < 1.0) {
    const double enough = rule.top_p * sum_ascending(p, n);
    double reached = 0.0;
    int64_t rank = 0;
    do reached += p[order[rank++]];
    while (rank < kept && !(reached >= enough));
    for (; rank < kept; ++rank) p[order[rank]] = 0.0;
  }
}

inline size_t draw_scratch(int64_t vocab) {
  return static_cast<size_t>(whole_lines(2 * vocab) + 2 * whole_lines(vocab));
}

// An id in [0, vocab), vocab > 0, by `draw` in [0, 1). Logits that are NaN may give any id.
inline int32_t draw_character(const float* logits, int64_t vocab, const DrawRule& rule, double draw, float* scratch) {
  int32_t largest = 0;
  for (int64_t j = 1; j < vocab; ++j) {
    if (logits[j] > logits[largest]) largest = static_cast<int32_t>(j);
  }
  if (rule.temperature == 0.0) return largest;
  auto* p = reinterpret_cast<double*>(scratch);
  float* z = scratch + whole_lines(2 * vocab);
  auto* order = reinterpret_cast<int32_t*>(z + whole_lines(vocab));
  const double top = static_cast<double>(logits[largest]);
  for (int64_t j = 0; j < vocab; ++j) {
    z[j] = static_cast<float>((static_cast<double>(logits[j]) - top) / rule.temperature);
  }
  for (int64_t j = 0; j < vocab; j += kLanes) {
    const int lanes = static_cast<int>(smaller(kLanes, vocab - j));
    store_lanes(z + j, vexp(load_lanes(z + j, lanes)), lanes);
  }
  for (int64_t j = 0; j < vocab; ++j) p[j] = static_cast<double>(z[j]);
  if ((rule.top_k > 0 && rule.top_k < vocab) || rule.top_p < 1.0) remove_unlikely(logits, vocab, rule, p, order);
  const double passed = draw * sum_ascending(p, vocab);
  double sum = 0.0;
  int32_t last = largest;
  for (int64_t j = 0; j < vocab; ++j) {
    sum += p[j];
    if (sum > passed) return static_cast<int32_t>(j);
    if (p[j] > 0.0) last = static_cast<int32_t>(j);
  }
  return last;
}
