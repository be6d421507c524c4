// The same bits, whatever the weather: every workload on every instruction set of this machine, with 1 to 64 threads
// (each number on the best, some on the others), under a caller's strange floating-point mode, from several callers at
// once, and in the child of a fork. Operands end or begin at pages that nobody may touch.
#include <stdio.h>
#include <stdlib.h>

#include <thread>
#include <vector>
#if !defined(_WIN32)
#include <sys/wait.h>
#include <unistd.h>
#endif

#include "../core/dispatch.h"
#include "../core/fp_env.h"
#include "../core/thread_pool.h"
#include "fuses.h"
#include "strange_fp.h"
#include "workloads.h"

using namespace lanegrad;

namespace {

using Digests = std::vector<uint64_t>;  // one a workload

// Emulators and sanitizers are some ten times slower: 1, 22, 43 and 64 threads.
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif
bool emulated() { return getenv("LANEGRAD_EMULATED") != nullptr; }
int step_of_threads(bool best) { return kSanitized || emulated() ? 21 : best ? 1 : 9; }

uint64_t digest_of(const Workload& workload, const KernelTable& table, int threads) {
  Machine m{table, threads, threads % 2 == 1 ? Flush::kEnd : Flush::kStart};
  workload.run(m);
  return m.digest;
}

Digests digests_of(const KernelTable& table) {
  Digests digests;
  for (const Workload& workload : kWorkloads) digests.push_back(digest_of(workload, table, 1));
  return digests;
}

void expect(const Digests& wanted, const KernelTable& table, int threads, const char* where) {
  size_t i = 0;
  for (const Workload& workload : kWorkloads) {
    if (digest_of(workload, table, threads) == wanted[i++]) continue;
    fprintf(stderr, "%s on %s, %d threads: other bits %s\n", workload.name, table.name, threads, where);
    abort();
  }
}

// As the boundary to JavaScript calls kernels.
void in_strange_mode(const Digests& wanted, const KernelTable& table) {
  for (const int threads : {1, 4}) {
    set_fp_control(kStrangeFpControl);
    {
      const FpScope scope;
      expect(wanted, table, threads, "in a strange floating-point mode");
    }
    CHECK(fp_control() == kStrangeFpControl);
    set_fp_control(kDefaultFpControl);
  }
}

void from_several_callers(const Digests& wanted, const KernelTable& table) {
  std::vector<std::thread> callers;
  for (int i = 0; i < 3; ++i) {
    callers.emplace_back([&, i] { expect(wanted, table, 2 + i, "beside other callers"); });
  }
  for (std::thread& caller : callers) caller.join();
}

#if !defined(_WIN32) && !defined(__SANITIZE_THREAD__)
void in_the_child_of_a_fork(const Digests& wanted, const KernelTable& table) {
  const pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    alarm(120);
    expect(wanted, table, 4, "in the child of a fork");
    _exit(0);
  }
  int status = 0;
  CHECK(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}
#endif

}  // namespace

int main() {
  retain_pool();
  const IsaList& isas = available_isas();
  const Digests best = digests_of(*isas.tables[0]);
  for (int i = 0; i < isas.count; ++i) {
    const KernelTable& table = *isas.tables[i];
    const Digests own = digests_of(table);
    if (fuses(table)) expect(best, table, 1, "than the best instruction set");
    for (int threads = 1; threads <= kMaxThreads; threads += step_of_threads(i == 0)) {
      expect(own, table, threads, "than one thread");
    }
    in_strange_mode(own, table);
    from_several_callers(own, table);
#if !defined(_WIN32) && !defined(__SANITIZE_THREAD__)
    if (!emulated()) in_the_child_of_a_fork(own, table);  // qemu's user mode cannot fork a process of several threads
#endif
    printf("bits: %s ok\n", table.name);
  }
  release_pool();
  return 0;
}
