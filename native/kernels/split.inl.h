// How the kernels cut their work into tasks. Where a cut lies follows from the sizes alone; and no element's value
// depends on it anyway, since tails run through the same vector code.
#pragma once

inline int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }
inline int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }
inline int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

// Elements of a task of light work: some 10 µs of it. What is not worth two tasks runs on the caller's thread.
constexpr int64_t kTaskElements = 32768;

template <class Body>
struct ChunkTasks {
  const Body* body;
  int64_t items, per_task;

  static void run(void* ctx, int task, int) {
    const ChunkTasks& self = *static_cast<const ChunkTasks*>(ctx);
    const int64_t from = task * self.per_task;
    (*self.body)(from, smaller(self.items, from + self.per_task));
  }
};

// body(from, to) over all of [0, items), in tasks of about kTaskElements, where an item stands for `weight` elements
// of work. Tasks begin at multiples of `unit` items.
template <class Body>
inline void for_chunks(const Parallel& par, int64_t items, int64_t weight, int64_t unit, const Body& body) {
  if (items <= 0) return;
  weight = larger(weight, 1);
  if (par.threads < 2 || items < ceil_div(2 * kTaskElements, weight)) {
    body(0, items);
    return;
  }
  const int64_t per_task = larger(1, ceil_div(kTaskElements, weight * unit)) * unit;
  ChunkTasks<Body> tasks = {&body, items, per_task};
  par.run_light(par, static_cast<int>(ceil_div(items, per_task)), ChunkTasks<Body>::run, &tasks);
}
