// What the tests of whole kernels share: repeatable data, memory that is wrong until it is written, and a table of kernels
// with its threads.
#pragma once

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <vector>

#include "../core/dispatch.h"
#include "../core/thread_pool.h"
#include "../core/workspace.h"
#include "check.h"
#include "fuses.h"

namespace lanegrad {

using Floats = std::vector<float>;
using Doubles = std::vector<double>;

inline uint32_t g_seed = 1;
inline uint32_t draw_word() { return (g_seed = g_seed * 1664525u + 1013904223u) >> 8; }
inline float draw() { return static_cast<float>(static_cast<int32_t>(draw_word()) - (1 << 23)) * 0x1p-23f; }
inline Floats drawn(int64_t n, float scale = 1) {
  Floats x(static_cast<size_t>(n));
  for (float& v : x) v = scale * draw();
  return x;
}
inline Floats garbage(int64_t n) { return Floats(static_cast<size_t>(n), NAN); }

struct Machine {
  const KernelTable& table;
  int threads;
  Parallel parallel = parallel_with(threads);
  bool fused = fuses(table);
  Workspace workspace{};

  // Filled with NaN: nothing may be read from it before it is written.
  Scratch scratch(size_t floats) {
    if (floats == 0) return {nullptr, 0};
    float* data = workspace.reserve(floats);
    CHECK(data != nullptr);
    for (size_t i = 0; i < floats; ++i) data[i] = NAN;
    return {data, floats};
  }
};

inline bool same_bits(const std::vector<Floats>& a, const std::vector<Floats>& b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i].size() != b[i].size()) return false;
    if (!a[i].empty() && memcmp(a[i].data(), b[i].data(), a[i].size() * sizeof(float)) != 0) return false;
  }
  return true;
}

// The results of one test on every instruction set and several thread counts: one set of bits for all that fuse, whatever
// the threads, and one for each that does not.
inline void test_machines(const char* name, std::vector<Floats> (*everything)(const KernelTable&, int threads)) {
  retain_pool();
  const IsaList& list = available_isas();
  const std::vector<Floats> best = everything(*list.tables[0], 1);
  for (int i = 0; i < list.count; ++i) {
    const KernelTable& table = *list.tables[i];
    const std::vector<Floats> one = everything(table, 1);
    if (fuses(table)) CHECK(same_bits(one, best));
    for (const int threads : {2, 8}) CHECK(same_bits(everything(table, threads), one));
    printf("%s: %s ok\n", name, table.name);
  }
  release_pool();
}

}  // namespace lanegrad
