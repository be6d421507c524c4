// Sorting along rows by radix, and selection. Every element becomes an unsigned key whose order is that of the elements;
// an item is a key with the place of its element below it, and items are dealt out digit by digit, the lowest first,
// which keeps equals in their order.
#pragma once

#include "split.inl.h"

constexpr int kWideDigit = 11, kNarrowDigit = 8;
constexpr int64_t kFewItems = 24;    // up to these, items are inserted one by one
constexpr int64_t kManyItems = 2048;  // from these on digits are wide
constexpr int64_t kDigitCounts = 3 << kWideDigit;
constexpr uint32_t kSignBit = 0x80000000u;

using Item = uint64_t;

inline uint32_t float_bits(float x) {
  uint32_t word;
  memcpy(&word, &x, sizeof word);
  return word;
}

// Every NaN is the largest key, and −0 stands with 0. `flip` is 0, or all ones for the descending order.
inline uint32_t sort_key(float x, uint32_t flip) {
  const uint32_t word = float_bits(x), size = word & ~kSignBit;
  uint32_t key = word & kSignBit ? ~word : word | kSignBit;
  key = size > 0x7f800000u ? 0xffffffffu : key;
  key = size == 0 ? kSignBit : key;
  return key ^ flip;
}

// What `sort_key` made a key of, but for the bits of a NaN and the sign of a zero.
inline float key_value(uint32_t key) {
  const uint32_t word = key == 0xffffffffu ? 0x7fc00000u : key & kSignBit ? key ^ kSignBit : ~key;
  float x;
  memcpy(&x, &word, sizeof x);
  return x;
}

inline uint32_t key_of(Item item) { return static_cast<uint32_t>(item >> 32); }
inline uint32_t key_of(uint32_t key) { return key; }
inline Item make_item(uint32_t key, int64_t place) { return Item{key} << 32 | static_cast<uint32_t>(place); }

template <int Bits, class T>
inline T* deal_digits(T* items, T* spare, int64_t n, uint32_t* counts) {
  constexpr int kDigits = (32 + Bits - 1) / Bits;
  constexpr uint32_t kSize = 1u << Bits, kMask = kSize - 1;
  memset(counts, 0, kDigits * kSize * sizeof *counts);
  for (int64_t i = 0; i < n; ++i) {
    const uint32_t key = key_of(items[i]);
    LANEGRAD_UNROLL for (int d = 0; d < kDigits; ++d) ++counts[d * kSize + (key >> (d * Bits) & kMask)];
  }
  for (int d = 0; d < kDigits; ++d) {
    uint32_t* places = counts + d * kSize;
    // A digit that all keys share moves nothing.
    if (places[key_of(items[0]) >> (d * Bits) & kMask] == n) continue;
    uint32_t total = 0;
    for (uint32_t v = 0; v < kSize; ++v) {
      const uint32_t count = places[v];
      places[v] = total;
      total += count;
    }
    for (int64_t i = 0; i < n; ++i) spare[places[key_of(items[i]) >> (d * Bits) & kMask]++] = items[i];
    T* const from = items;
    items = spare;
    spare = from;
  }
  return items;
}

// Items in ascending order of their keys, equals as they stood; in `items` or in `spare`.
template <class T>
inline T* sort_items(T* items, T* spare, int64_t n, uint32_t* counts) {
  if (n > kManyItems) return deal_digits<kWideDigit>(items, spare, n, counts);
  if (n > kFewItems) return deal_digits<kNarrowDigit>(items, spare, n, counts);
  for (int64_t i = 1; i < n; ++i) {
    const T item = items[i];
    int64_t at = i;
    for (; at > 0 && key_of(items[at - 1]) > key_of(item); --at) items[at] = items[at - 1];
    items[at] = item;
  }
  return items;
}

// One worker's memory: counts of digits, then items and as many spare ones.
struct SortMemory {
  uint32_t* counts;
  Item* items;
  Item* spare;
};

// Of rows of n; a multiple of a cache line.
inline int64_t sort_worker_floats(int64_t n) { return kDigitCounts + ceil_div(4 * n, 16) * 16; }

inline int sort_workers(int64_t rows, int threads) { return static_cast<int>(smaller(rows, threads)); }

inline SortMemory sort_memory(Scratch scratch, int64_t n, int worker) {
  float* own = scratch.data + worker * sort_worker_floats(n);
  Item* items = reinterpret_cast<Item*>(own + kDigitCounts);
  return {reinterpret_cast<uint32_t*>(own), items, items + n};
}

template <class Row>
struct SortTasks {
  const Row* row;
  Scratch scratch;
  int64_t rows, n, per_task;

  static void run(void* ctx, int task, int worker) {
    const SortTasks& self = *static_cast<const SortTasks*>(ctx);
    const SortMemory memory = sort_memory(self.scratch, self.n, worker);
    const int64_t from = task * self.per_task, to = smaller(self.rows, from + self.per_task);
    for (int64_t r = from; r < to; ++r) (*self.row)(r, memory);
  }
};

// row(r, memory) for every row.
template <class Row>
inline void for_sorted_rows(const Parallel& par, int64_t rows, int64_t n, Scratch scratch, const Row& row) {
  constexpr int64_t kWeight = 8;  // of an element that is sorted beside light work
  SortTasks<Row> tasks = {&row, scratch, rows, n, larger(1, ceil_div(kTaskElements, kWeight * n))};
  const int64_t count = ceil_div(rows, tasks.per_task);
  if (par.threads < 2 || count < 2) {
    tasks.per_task = rows;
    SortTasks<Row>::run(&tasks, 0, 0);
    return;
  }
  par.run_light(par, static_cast<int>(count), SortTasks<Row>::run, &tasks);
}

inline size_t sort_scratch(int64_t rows, int64_t n, int threads) {
  return static_cast<size_t>(sort_workers(rows, threads) * sort_worker_floats(n));
}

inline size_t sort_rows_scratch(const SortRowsArgs& args, int threads) {
  return sort_scratch(args.rows, args.n, threads);
}

inline void sort_rows(const SortRowsArgs& args, const Parallel& par, Scratch scratch) {
  const int64_t n = args.n;
  const uint32_t flip = args.descending ? 0xffffffffu : 0;
  for_sorted_rows(par, args.rows, n, scratch, [&](int64_t r, const SortMemory& memory) {
    const float* x = args.x + r * n;
    if (args.indices == nullptr) {
      uint32_t* keys = reinterpret_cast<uint32_t*>(memory.items);
      for (int64_t i = 0; i < n; ++i) keys[i] = sort_key(x[i], flip);
      keys = sort_items(keys, reinterpret_cast<uint32_t*>(memory.spare), n, memory.counts);
      for (int64_t i = 0; i < n; ++i) args.y[r * n + i] = key_value(keys[i] ^ flip);
      return;
    }
    for (int64_t i = 0; i < n; ++i) memory.items[i] = make_item(sort_key(x[i], flip), i);
    const Item* items = sort_items(memory.items, memory.spare, n, memory.counts);
    for (int64_t i = 0; i < n; ++i) args.indices[r * n + i] = static_cast<int32_t>(items[i]);
    if (args.y == nullptr) return;
    for (int64_t i = 0; i < n; ++i) args.y[r * n + i] = x[static_cast<uint32_t>(items[i])];
  });
}

// Keys from `first` to `last` hold the rank sought; `below` keys are smaller than `first`.
struct Bracket {
  uint32_t first = 0, last = 0xffffffffu;
  int64_t below = 0;
};

// Narrows down where the key of one rank lies, by the digits of the keys from the highest on.
inline Bracket bracket_of(const float* x, int64_t n, uint32_t flip, int64_t rank, uint32_t* counts) {
  constexpr int kDigits[][2] = {{21, 11}, {10, 11}, {0, 10}};  // shift and bits
  constexpr int64_t kNarrowEnough = 64;  // a bracket of this part of the row is narrowed no further
  Bracket bracket;
  for (const auto& [shift, bits] : kDigits) {
    const uint32_t size = 1u << bits, mask = size - 1, span = bracket.last - bracket.first;
    // Two sets of counts: neighbours in one bucket would wait for each other.
    memset(counts, 0, 2 * size * sizeof *counts);
    for (int64_t i = 0; i < n; ++i) {
      const uint32_t key = sort_key(x[i], flip);
      counts[(i & 1) * size + (key >> shift & mask)] += key - bracket.first <= span;
    }
    uint32_t bucket = 0;
    int64_t held = int64_t{counts[0]} + counts[size];
    for (; bracket.below + held <= rank; held = int64_t{counts[bucket]} + counts[size + bucket]) {
      bracket.below += held;
      ++bucket;
    }
    bracket.first += bucket << shift;
    bracket.last = bracket.first + ((1u << shift) - 1);
    if (held * kNarrowEnough <= n) break;
  }
  return bracket;
}

// The places of the keys from `first` to `last`, in order.
inline const Item* items_within(const float* x, int64_t n, uint32_t flip, uint32_t first, uint32_t last,
                                const SortMemory& memory, int64_t* count) {
  int64_t taken = 0;
  for (int64_t i = 0; i < n; ++i) {
    const uint32_t key = sort_key(x[i], flip);
    memory.items[taken] = make_item(key, i);
    taken += key - first <= last - first;
  }
  *count = taken;
  return sort_items(memory.items, memory.spare, taken, memory.counts);
}

inline size_t top_rows_scratch(const TopRowsArgs& args, int threads) {
  // An item is written before it is known whether it counts.
  return sort_scratch(args.rows, args.n + 1, threads);
}

inline void top_rows(const TopRowsArgs& args, const Parallel& par, Scratch scratch) {
  const uint32_t flip = args.largest ? 0xffffffffu : 0;
  for_sorted_rows(par, args.rows, args.n + 1, scratch, [&](int64_t r, const SortMemory& memory) {
    const float* x = args.x + r * args.n;
    uint32_t last = 0xffffffffu;
    if (args.n > kFewItems) last = bracket_of(x, args.n, flip, args.k - 1, memory.counts).last;
    int64_t count = 0;
    const Item* items = items_within(x, args.n, flip, 0, last, memory, &count);
    for (int64_t i = 0; i < args.k; ++i) args.indices[r * args.k + i] = static_cast<int32_t>(items[i]);
  });
}

inline size_t rank_rows_scratch(const RankRowsArgs& args, int threads) {
  return sort_scratch(args.rows, args.n + 1, threads);
}

inline int64_t rank_rows(const RankRowsArgs& args, const Parallel& par, Scratch scratch) {
  constexpr int64_t kManyRanks = 5;  // from these on a row is sorted rather than searched for each
  const int64_t n = args.n, m = args.m;
  for (int64_t i = 0; i < args.rows * m; ++i) {
    if (args.ranks[i] < 0 || args.ranks[i] >= n) return i;
  }
  for_sorted_rows(par, args.rows, n + 1, scratch, [&](int64_t r, const SortMemory& memory) {
    const float* x = args.x + r * n;
    const bool sorted = n <= kFewItems || m >= kManyRanks;
    const Item* items = nullptr;
    int64_t below = 0, count = 0;
    if (sorted) items = items_within(x, n, 0, 0, 0xffffffffu, memory, &count);
    for (int64_t i = r * m; i < (r + 1) * m; ++i) {
      const int64_t rank = args.ranks[i];
      // The two ranks of an interpolated quantile mostly lie in one bracket.
      if (rank < below || rank >= below + count) {
        const Bracket bracket = bracket_of(x, n, 0, rank, memory.counts);
        items = items_within(x, n, 0, bracket.first, bracket.last, memory, &count);
        below = bracket.below;
      }
      args.indices[i] = static_cast<int32_t>(items[rank - below]);
    }
  });
  return -1;
}
