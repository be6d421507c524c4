// Arrays of repeatable data that end at a page that must not be touched, draws of sizes, and what runs the tests.
#pragma once

#include "guarded.h"
#include "machine.h"

namespace lanegrad {

inline size_t count(int64_t n) { return static_cast<size_t>(n); }

struct Array : Guarded<float> {
  explicit Array(int64_t n) : Guarded<float>(count(n), Flush::kEnd) {
    for (size_t i = 0; i < size(); ++i) data[i] = NAN;
  }
};
struct Drawn : Array {
  explicit Drawn(int64_t n) : Array(n) {
    for (size_t i = 0; i < size(); ++i) data[i] = draw();
  }
};

inline int64_t between(int64_t low, int64_t high) { return low + draw_word() % (high - low + 1); }

// Runs `tests` on every instruction set and several thread counts.
inline void on_machines(const char* name, void (*tests)(Machine&)) {
  retain_pool();
  const IsaList& list = available_isas();
  for (int i = 0; i < list.count; ++i) {
    for (const int threads : {1, 2, 8}) {
      Machine m{*list.tables[i], threads};
      tests(m);
    }
    printf("%s: %s ok\n", name, list.tables[i]->name);
  }
  release_pool();
}

}  // namespace lanegrad
