// Every kernel at sizes that are cut into many tasks and end in a tail, on guarded operands: what bits_test.cc repeats
// under every number of threads, instruction set and floating-point mode.
#pragma once

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <type_traits>

#include "../core/kernel_table.h"
#include "../core/thread_pool.h"
#include "../core/workspace.h"
#include "guarded.h"

namespace lanegrad {

struct Machine {
  const KernelTable& table;
  int threads;
  Flush flush;
  Parallel parallel = parallel_with(threads);
  Workspace workspace{};
  uint32_t seed = 1;
  uint64_t digest = 14695981039346656037u;

  uint32_t draw_word() { return (seed = seed * 1664525u + 1013904223u) >> 8; }
  float draw() { return static_cast<float>(static_cast<int32_t>(draw_word()) - (1 << 23)) * 0x1p-23f; }

  // Filled with NaN: nothing may be read from it before it is written.
  Scratch scratch(size_t floats) {
    if (floats == 0) return {nullptr, 0};
    float* data = workspace.reserve(floats);
    CHECK(data != nullptr);
    for (size_t i = 0; i < floats; ++i) data[i] = NAN;
    return {data, floats};
  }

  void take(uint32_t word) { digest = (digest ^ word) * 1099511628211u; }
  // Payloads and signs of NaN differ between architectures, and mean nothing.
  void take(float x) {
    uint32_t word = 0x7fc00000u;
    if (!isnan(x)) memcpy(&word, &x, sizeof word);
    take(word);
  }
  void take(double x) {
    uint64_t word;
    memcpy(&word, &x, sizeof word);
    take(static_cast<uint32_t>(word));
    take(static_cast<uint32_t>(word >> 32));
  }
};

// An operand: `n` numbers in [−scale, scale).
struct Drawn : Guarded<float> {
  Drawn(Machine& m, int64_t n, float scale = 1) : Guarded(static_cast<size_t>(n), m.flush) {
    for (size_t i = 0; i < size(); ++i) data[i] = scale * m.draw();
  }
};

// Indices below `bound`.
struct DrawnIds : Guarded<int32_t> {
  DrawnIds(Machine& m, int64_t n, int64_t bound) : Guarded(static_cast<size_t>(n), m.flush) {
    for (size_t i = 0; i < size(); ++i) data[i] = static_cast<int32_t>(m.draw_word() % bound);
  }
};

// A result: garbage before, and part of the digest when the workload is over.
template <class T>
struct Result : Guarded<T> {
  Result(Machine& machine, int64_t n) : Guarded<T>(static_cast<size_t>(n), machine.flush), m(machine) {
    if (n > 0) memset(this->data, 0xff, this->size() * sizeof(T));
  }
  ~Result() {
    for (size_t i = 0; i < this->size(); ++i) {
      if constexpr (std::is_floating_point_v<T>) m.take(this->data[i]);
      else m.take(static_cast<uint32_t>(this->data[i]));
    }
  }
  Machine& m;
};

// A result that the kernel starts from: numbers in [−1, 1), or from `least` = 0 on.
struct Updated : Result<float> {
  Updated(Machine& machine, int64_t n, float least = -1) : Result(machine, n) {
    for (size_t i = 0; i < size(); ++i) data[i] = least < 0 ? machine.draw() : fabsf(machine.draw());
  }
};

struct Workload {
  const char* name;
  void (*run)(Machine&);
};

// Defined in workloads_order.cc.
void scans(Machine& m);
void sorting(Machine& m);

// Defined in workloads_planes.cc.
void conv2d(Machine& m);
void max_pool2d(Machine& m);
void patches(Machine& m);
void resample(Machine& m);
void channel_norm(Machine& m);

struct WorkloadList {
  const Workload* first;
  const Workload* last;
  const Workload* begin() const { return first; }
  const Workload* end() const { return last; }
};
extern const WorkloadList kWorkloads;

}  // namespace lanegrad
