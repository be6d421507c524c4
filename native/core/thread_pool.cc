#include "thread_pool.h"

#include <stdint.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <new>
#if defined(__x86_64__) || defined(_M_X64)
#include <immintrin.h>
#endif

#include "fp_env.h"
#include "platform.h"

namespace lanegrad {
namespace {

using Clock = std::chrono::steady_clock;

// Long enough for what JavaScript does between two kernels of a training step, short enough to be no load of its own.
constexpr auto kSpin = std::chrono::microseconds(200);
// What a caller works on alone before it wakes workers for light tasks: waking costs it a system call and about as
// much again until they come.
constexpr auto kAlone = std::chrono::microseconds(30);

void relax() noexcept {
#if defined(__x86_64__) || defined(_M_X64)
  _mm_pause();
#elif defined(__aarch64__) && !defined(_MSC_VER)
  __asm__ volatile("yield");
#endif
}

// Waits for `ready()` without sleeping, for at most kSpin.
template <class Ready>
bool spin_until(const Ready& ready) noexcept {
  const auto end = Clock::now() + kSpin;
  do {
    for (int i = 0; i < 64; ++i) {
      if (ready()) return true;
      relax();
    }
  } while (Clock::now() < end);
  return false;
}

// The tasks a participant has left: the next in the low half, the end in the high half. Owners take from the front
// and thieves from the back, so neighbouring tasks stay on one core as long as possible.
struct alignas(64) Share {
  std::atomic<uint64_t> range{0};

  void set(uint32_t next, uint32_t end) noexcept {
    range.store(static_cast<uint64_t>(end) << 32 | next, std::memory_order_relaxed);
  }

  int left() const noexcept {
    const uint64_t r = range.load(std::memory_order_relaxed);
    return static_cast<int>(r >> 32) - static_cast<int>(static_cast<uint32_t>(r));
  }

  int take(bool from_front) noexcept {
    uint64_t r = range.load(std::memory_order_relaxed);
    for (;;) {
      const auto next = static_cast<uint32_t>(r), end = static_cast<uint32_t>(r >> 32);
      if (next >= end) return -1;
      const uint64_t less = from_front ? r + 1 : r - (uint64_t{1} << 32);
      if (range.compare_exchange_weak(r, less, std::memory_order_relaxed)) {
        return static_cast<int>(from_front ? next : end - 1);
      }
    }
  }
};

// The state of the current job in one word, so that entering it is one compare-and-swap: a worker is either counted
// inside before the job closes, or it stays out of it.
//   bits 0-15 workers inside · 16 closed · 17 the caller sleeps · 18-31 participants · 32-63 number of the job
constexpr uint64_t kInside = 0xffff;
constexpr uint64_t kClosed = 1u << 16;
constexpr uint64_t kCallerSleeps = 1u << 17;
constexpr int kParticipantsAt = 18;
constexpr uint64_t kParticipants = 0x3fff;
constexpr int kJobAt = 32;
// Epochs travel in a thread's argument beside its number, so 24 bits of them count.
constexpr uint32_t kEpochMask = 0xffffff;

uint32_t job_of(uint64_t gate) noexcept { return static_cast<uint32_t>(gate >> kJobAt); }

struct Pool {
  alignas(64) std::atomic<uint64_t> gate{kClosed};
  // Workers of an older epoch leave. Set before the gate of the first job of the new epoch.
  std::atomic<uint32_t> epoch{0};
  std::atomic<int> parked{0};
  std::atomic<int> live{0};

  alignas(64) std::atomic<bool> busy{false};
  // Written by the caller that holds `busy`, before the gate opens.
  Parallel::Task fn = nullptr;
  void* ctx = nullptr;
  int participants = 0;
  int started = 0;         // workers of this epoch
  bool exhausted = false;  // the system refused a thread in this epoch: do not ask at every job

  std::mutex mutex;  // users, and both conditions
  std::condition_variable wake, done;
  int users = 0;

  Share shares[kMaxThreads];

  // Whether the caller has still to decide if parked workers are worth waking.
  bool wake_later = false;
  Clock::time_point wake_at;

  bool try_acquire() noexcept {
    return !busy.load(std::memory_order_relaxed) && !busy.exchange(true, std::memory_order_acquire);
  }
  void work(int self) noexcept;
  void start_workers(int wanted) noexcept;
  void open(int tasks, Parallel::Task task, void* context, bool light) noexcept;
  void wake_parked() noexcept;
  void wake_for_the_rest() noexcept;
  void close() noexcept;
  void serve(int self, uint32_t own_epoch) noexcept;
};

// Never destroyed: at the end of the process, workers may still be parked in it.
alignas(Pool) unsigned char storage[sizeof(Pool)];

void reset_after_fork() noexcept {
  // The workers stayed in the parent, and a lock may have been held by one of them.
  const int users = reinterpret_cast<Pool*>(storage)->users;
  (new (storage) Pool)->users = users;
}

Pool& pool() noexcept {
  static Pool* const instance = [] {
    on_fork_child(reset_after_fork);
    return new (storage) Pool;
  }();
  return *instance;
}

// Runs tasks until none is left to take, first the own share, then the others'.
void Pool::work(int self) noexcept {
  const FpScope fp;
  for (int i = 0; i < participants; ++i) {
    const int owner = (self + i) % participants;
    for (int task; (task = shares[owner].take(i == 0)) >= 0;) {
      if (self == 0 && wake_later) wake_for_the_rest();
      fn(ctx, task, self);
    }
  }
}

void Pool::wake_parked() noexcept {
  {
    const std::lock_guard lock(mutex);
  }
  wake.notify_all();
}

// By the caller, with a light task in hand.
void Pool::wake_for_the_rest() noexcept {
  if (Clock::now() < wake_at) return;
  wake_later = false;
  for (int i = 0; i < participants; ++i) {
    if (shares[i].left() > 0) return wake_parked();
  }
}

// `arg` holds the worker's number in its low byte and the epoch above it.
void worker_main(void* arg) {
  const auto word = reinterpret_cast<uintptr_t>(arg);
  pool().serve(static_cast<int>(word & 0xff), static_cast<uint32_t>(word >> 8) & kEpochMask);
}

void Pool::start_workers(int wanted) noexcept {
  const uintptr_t own = epoch.load(std::memory_order_relaxed) & kEpochMask;
  while (started < wanted && !exhausted) {
    const auto self = static_cast<uintptr_t>(started + 1);
    live.fetch_add(1, std::memory_order_relaxed);
    if (start_detached(worker_main, reinterpret_cast<void*>(own << 8 | self))) {
      ++started;
    } else {
      live.fetch_sub(1, std::memory_order_relaxed);
      exhausted = true;
    }
  }
}

void Pool::open(int tasks, Parallel::Task task, void* context, bool light) noexcept {
  fn = task;
  ctx = context;
  for (int i = 0; i < participants; ++i) {
    shares[i].set(static_cast<uint32_t>(int64_t{tasks} * i / participants),
                  static_cast<uint32_t>(int64_t{tasks} * (i + 1) / participants));
  }
  const uint64_t job = job_of(gate.load(std::memory_order_relaxed)) + uint64_t{1};
  // Sequentially consistent on both sides: either this store is seen by a worker about to park, or that worker is
  // seen here.
  gate.store(job << kJobAt | static_cast<uint64_t>(participants) << kParticipantsAt, std::memory_order_seq_cst);
  const bool sleepers = parked.load(std::memory_order_seq_cst) > 0;
  wake_later = sleepers && light;
  if (wake_later) wake_at = Clock::now() + kAlone;
  else if (sleepers) wake_parked();
}

// Keeps late workers out and waits for those inside.
void Pool::close() noexcept {
  gate.fetch_or(kClosed, std::memory_order_acq_rel);
  const auto empty = [this] { return (gate.load(std::memory_order_acquire) & kInside) == 0; };
  if (spin_until(empty)) return;
  std::unique_lock lock(mutex);
  gate.fetch_or(kCallerSleeps, std::memory_order_acq_rel);
  done.wait(lock, empty);
}

// The life of worker `self`: wait for a job, take part in it, until its epoch is over.
void Pool::serve(int self, uint32_t own_epoch) noexcept {
  uint32_t seen = job_of(gate.load(std::memory_order_acquire)) - 1;
  for (;;) {
    const auto news = [&] {
      return job_of(gate.load(std::memory_order_seq_cst)) != seen ||
             (epoch.load(std::memory_order_seq_cst) & kEpochMask) != own_epoch;
    };
    if (!spin_until(news)) {
      std::unique_lock lock(mutex);
      parked.fetch_add(1, std::memory_order_seq_cst);
      wake.wait(lock, news);
      parked.fetch_sub(1, std::memory_order_relaxed);
    }
    uint64_t g = gate.load(std::memory_order_seq_cst);
    // Checked after the gate was read: a job of a later epoch stands under another number, so the compare-and-swap
    // below cannot enter it, and no two workers of one number ever meet in a job.
    if ((epoch.load(std::memory_order_seq_cst) & kEpochMask) != own_epoch) break;
    seen = job_of(g);
    while (job_of(g) == seen && (g & kClosed) == 0 &&
           static_cast<uint64_t>(self) < (g >> kParticipantsAt & kParticipants)) {
      if (!gate.compare_exchange_weak(g, g + 1, std::memory_order_acq_rel, std::memory_order_acquire)) continue;
      work(self);
      const uint64_t before = gate.fetch_sub(1, std::memory_order_acq_rel);
      if ((before & kCallerSleeps) != 0 && (before & kInside) == 1) {
        {
          const std::lock_guard lock(mutex);
        }
        done.notify_one();
      }
      break;
    }
  }
  live.fetch_sub(1, std::memory_order_relaxed);
}

template <bool kLight>
void run(const Parallel& self, int tasks, Parallel::Task fn, void* ctx) noexcept {
  const int wanted = tasks < self.threads ? tasks : self.threads;
  Pool& p = pool();
  if (wanted > 1 && p.try_acquire()) {
    p.start_workers(wanted - 1);
    p.participants = wanted <= p.started ? wanted : p.started + 1;
    const bool shared = p.participants > 1;
    if (shared) {
      p.open(tasks, fn, ctx, kLight);
      p.work(0);
      p.close();
    }
    p.busy.store(false, std::memory_order_release);
    if (shared) return;
  }
  for (int task = 0; task < tasks; ++task) fn(ctx, task, 0);
}

}  // namespace

Parallel parallel_with(int threads) noexcept {
  const int clamped = threads < 1 ? 1 : threads > kMaxThreads ? kMaxThreads : threads;
  return {clamped, run<false>, run<true>};
}

void retain_pool() noexcept {
  Pool& p = pool();
  const std::lock_guard lock(p.mutex);
  ++p.users;
}

void release_pool() noexcept {
  Pool& p = pool();
  {
    const std::lock_guard lock(p.mutex);
    if (--p.users > 0) return;
  }
  // Nobody is left to run a job, but one of another environment may be starting: wait for the pool, then end the epoch.
  while (!p.try_acquire()) relax();
  p.epoch.fetch_add(1, std::memory_order_seq_cst);
  p.started = 0;
  p.exhausted = false;
  {
    const std::lock_guard lock(p.mutex);
  }
  p.wake.notify_all();
  p.busy.store(false, std::memory_order_release);
}

int live_workers() noexcept { return pool().live.load(std::memory_order_relaxed); }

bool pin_module() noexcept { return pin_module_of(storage); }

}  // namespace lanegrad
