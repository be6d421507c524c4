#include "dispatch.h"

#include <string.h>

#if defined(__x86_64__) || defined(_M_X64)
#define LANEGRAD_X64 1
#if defined(_MSC_VER)
#include <intrin.h>
#else
#include <cpuid.h>
#endif
#endif

namespace lanegrad {
namespace {

#if defined(LANEGRAD_X64)

struct CpuidLeaf {
  unsigned eax, ebx, ecx, edx;
};

CpuidLeaf cpuid(unsigned leaf) noexcept {
  CpuidLeaf r{};
#if defined(_MSC_VER)
  int words[4] = {};
  __cpuid(words, 0);
  if (static_cast<unsigned>(words[0]) < leaf) return r;
  __cpuidex(words, static_cast<int>(leaf), 0);
  r = {static_cast<unsigned>(words[0]), static_cast<unsigned>(words[1]), static_cast<unsigned>(words[2]),
       static_cast<unsigned>(words[3])};
#else
  __get_cpuid_count(leaf, 0, &r.eax, &r.ebx, &r.ecx, &r.edx);
#endif
  return r;
}

// XCR0: which register files the operating system saves. Reading it needs the OSXSAVE bit.
unsigned long long saved_registers() noexcept {
#if defined(_MSC_VER)
  return _xgetbv(0);
#else
  unsigned low = 0, high = 0;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (static_cast<unsigned long long>(high) << 32) | low;
#endif
}

constexpr bool bit(unsigned word, int n) noexcept { return ((word >> n) & 1u) != 0; }

IsaList detect() noexcept {
  constexpr unsigned long long kYmm = 0x06;  // SSE and AVX state
  constexpr unsigned long long kZmm = 0xe6;  // those, opmask, and both halves of the ZMM state
  const CpuidLeaf basic = cpuid(1), extended = cpuid(7);
  const bool osxsave = bit(basic.ecx, 27);
  const unsigned long long saved = osxsave ? saved_registers() : 0;

  const bool avx2 = (saved & kYmm) == kYmm && bit(basic.ecx, 28) && bit(basic.ecx, 12) && bit(extended.ebx, 5);
  const bool avx512 = avx2 && (saved & kZmm) == kZmm && bit(extended.ebx, 16) && bit(extended.ebx, 17) &&
                      bit(extended.ebx, 30) && bit(extended.ebx, 31);
  IsaList list{};
  if (avx512) list.tables[list.count++] = &avx512::kTable;
  if (avx2) list.tables[list.count++] = &avx2::kTable;
  list.tables[list.count++] = &baseline::kTable;
  return list;
}

#elif defined(__aarch64__) || defined(_M_ARM64)

IsaList detect() noexcept { return {{&neon::kTable, &baseline::kTable}, 2}; }

#else

IsaList detect() noexcept { return {{&baseline::kTable}, 1}; }

#endif

}  // namespace

const IsaList& available_isas() noexcept {
  static const IsaList list = detect();
  return list;
}

const KernelTable* find_isa(const char* name) noexcept {
  const IsaList& list = available_isas();
  for (int i = 0; i < list.count; ++i) {
    if (strcmp(list.tables[i]->name, name) == 0) return list.tables[i];
  }
  return nullptr;
}

}  // namespace lanegrad
