// The pool under what Node does to it: many tiny jobs, several callers, the last environment leaving, fork().
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <atomic>
#include <thread>
#include <vector>
#if !defined(_WIN32)
#include <sys/wait.h>
#include <unistd.h>
#endif

#include "../core/fp_env.h"
#include "../core/thread_pool.h"
#include "../core/workspace.h"
#include "check.h"
#include "strange_fp.h"

using lanegrad::FpScope;
using lanegrad::Parallel;

namespace {

struct Job {
  std::vector<int> done;  // how often each task ran
  std::atomic<int> at_once[lanegrad::kMaxThreads] = {};
  int threads = 0;
  uint64_t fp_control = lanegrad::kDefaultFpControl;
  std::atomic<bool> foreign_fp{false};
};

void task(void* ctx, int index, int worker) {
  Job& job = *static_cast<Job*>(ctx);
  CHECK(worker >= 0 && worker < job.threads);
  CHECK(job.at_once[worker].fetch_add(1) == 0);  // no two tasks share a worker
  job.done[static_cast<size_t>(index)] += 1;
  if ((lanegrad::fp_control() & ~uint64_t{0x3f}) != lanegrad::kDefaultFpControl) job.foreign_fp = true;
  job.at_once[worker].fetch_sub(1);
}

void run(int threads, int tasks, bool light = false) {
  Job job;
  job.threads = threads;
  job.done.assign(static_cast<size_t>(tasks), 0);
  const Parallel parallel = lanegrad::parallel_with(threads);
  (light ? parallel.run_light : parallel.run)(parallel, tasks, task, &job);
  for (const int times : job.done) CHECK(times == 1);
  CHECK(!job.foreign_fp);
}

uint32_t random_below(uint32_t* state, uint32_t bound) {
  *state = *state * 1664525u + 1013904223u;
  return (*state >> 8) % bound;
}

void many_tiny_jobs(int jobs, uint32_t seed) {
  for (int i = 0; i < jobs; ++i) {
    const int threads = 1 + static_cast<int>(random_below(&seed, 5));
    run(threads, static_cast<int>(random_below(&seed, 65)), random_below(&seed, 2) == 0);
  }
}

void several_callers() {
  std::vector<std::thread> callers;
  for (uint32_t i = 0; i < 4; ++i) callers.emplace_back([i] { many_tiny_jobs(20000, i); });
  for (std::thread& caller : callers) caller.join();
}

void environments_come_and_go() {
  for (int i = 0; i < 300; ++i) {
    lanegrad::retain_pool();
    run(3, 16);
    lanegrad::release_pool();
  }
  // Workers leave by themselves; the last may need a moment.
  for (int i = 0; i < 5000 && lanegrad::live_workers() > 0; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  CHECK(lanegrad::live_workers() == 0);
}

void parked_workers_wake() {
  for (int i = 0; i < 50; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    run(4, 64, i % 2 == 0);
  }
}

// Light tasks that take long after all: the sleepers come.
void light_tasks_share_long_work() {
  struct Slow {
    std::atomic<int> helped{0};
  } slow;
  const Parallel parallel = lanegrad::parallel_with(4);
  for (int i = 0; i < 200 && slow.helped == 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    parallel.run_light(
        parallel, 64,
        [](void* ctx, int, int worker) {
          std::this_thread::sleep_for(std::chrono::microseconds(100));
          if (worker != 0) ++static_cast<Slow*>(ctx)->helped;
        },
        &slow);
  }
  CHECK(slow.helped > 0);
}

// Results and the caller's own register must not depend on the mode the caller computes in.
void floating_point_mode_of_the_caller() {
  const uint64_t strange = lanegrad::kStrangeFpControl;
  lanegrad::set_fp_control(strange);
  {
    const FpScope scope;
    volatile float third = 1.0f;
    third = third / 3.0f;
    CHECK(third == 0.333333343267440795898f);
    run(4, 64);
  }
  CHECK(lanegrad::fp_control() == strange);
  lanegrad::set_fp_control(lanegrad::kDefaultFpControl);
}

void workspace_without_memory() {
  lanegrad::Workspace workspace;
  CHECK(workspace.reserve(SIZE_MAX) == nullptr);
  CHECK(workspace.reserve(SIZE_MAX / 8) == nullptr);
  float* small = workspace.reserve(100);
  CHECK(small != nullptr && reinterpret_cast<uintptr_t>(small) % lanegrad::kScratchAlign == 0);
  memset(small, 0, 100 * sizeof(float));
  CHECK(workspace.reserve(50) == small);
}

#if !defined(_WIN32) && !defined(__SANITIZE_THREAD__)
// The child of a fork has none of the workers; its pool must start anew, and so must its own child's.
void forked(int depth) {
  run(4, 64);
  const pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    alarm(30);
    run(4, 64);
    if (depth > 0) forked(depth - 1);
    _exit(0);
  }
  int status = 0;
  CHECK(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  run(4, 64);
}
#endif

}  // namespace

int main() {
  workspace_without_memory();
  lanegrad::retain_pool();
  many_tiny_jobs(100000, 7);
  several_callers();
  parked_workers_wake();
  light_tasks_share_long_work();
  floating_point_mode_of_the_caller();
#if !defined(_WIN32) && !defined(__SANITIZE_THREAD__)
  if (getenv("LANEGRAD_EMULATED") == nullptr) forked(1);  // qemu's user mode cannot fork a process of several threads
#endif
  lanegrad::release_pool();
  environments_come_and_go();
  printf("thread_pool: ok\n");
  return 0;
}
