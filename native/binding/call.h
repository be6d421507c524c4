// How an exported function runs: arguments, kernel, result, and what may never pass this boundary.
#pragma once

#include <new>
#include <type_traits>

#include "../core/fp_env.h"
#include "../core/thread_pool.h"
#include "args.h"

namespace lanegrad {

// Runs `body(Args&)` with IEEE floating point, the caller's own restored afterwards. No C++ exception leaves it: memory
// that is not there becomes a LimitError.
template <class Body>
napi_value guarded(napi_env env, napi_callback_info info, const Body& body) noexcept {
  Args in(env, info);
  try {
    const FpScope fp;
    return body(in);
  } catch (const std::bad_alloc&) {
    in.refuse(ErrorClass::kLimit, "out of memory");
  } catch (...) {
    in.refuse(ErrorClass::kBackend, "internal error");
  }
  in.report();
  return nullptr;
}

// Scratch of `floats`; refuses when there is no memory for it.
inline Scratch take_scratch(Args& in, size_t floats) {
  if (floats == 0) return {nullptr, 0};
  float* data = in.state().scratch.reserve(floats);
  if (data == nullptr) {
    in.refuse(ErrorClass::kLimit, "no memory for scratch: got %zu bytes to allocate", floats * sizeof(float));
  }
  return {data, floats};
}

inline napi_value to_js(napi_env env, double x) {
  napi_value result = nullptr;
  napi_create_double(env, x, &result);
  return result;
}

// What a KernelTable field tells of its kernel.
template <class Field>
struct Kernel;
template <class R, class A>
struct Kernel<R (*KernelTable::*)(const A&, const Parallel&)> {
  using Result = R;
  using Arguments = A;
};
template <class R, class A>
struct Kernel<R (*KernelTable::*)(const A&, const Parallel&, Scratch)> {
  using Result = R;
  using Arguments = A;
};

// The result of a kernel that had nothing to do: no place at fault, a sum of nothing, or none.
template <class Result>
napi_value nothing(napi_env env) {
  if constexpr (std::is_void_v<Result>) return nullptr;
  else return to_js(env, std::is_floating_point_v<Result> ? 0.0 : -1.0);
}

// Reads the arguments, then runs the kernel of the environment's table in place of field `kField`. `kScratchField` is
// the size of its scratch.
template <auto kRead, auto kField, auto kScratchField = nullptr>
napi_value call(napi_env env, napi_callback_info info) noexcept {
  using Result = typename Kernel<decltype(kField)>::Result;
  return guarded(env, info, [env](Args& in) -> napi_value {
    typename Kernel<decltype(kField)>::Arguments args{};
    const bool work = kRead(in, args);
    if (!in.finish()) return nullptr;
    if (!work) return nothing<Result>(env);
    const KernelTable& table = *in.state().table;
    const Parallel parallel = parallel_with(in.state().threads);
    const auto run = [&] {
      if constexpr (std::is_null_pointer_v<decltype(kScratchField)>) {
        return (table.*kField)(args, parallel);
      } else {
        const Scratch scratch = take_scratch(in, (table.*kScratchField)(args, parallel.threads));
        if (!in.ok()) return Result();
        return (table.*kField)(args, parallel, scratch);
      }
    };
    if constexpr (std::is_void_v<Result>) {
      run();
      in.report();
      return nullptr;
    } else {
      const auto result = static_cast<double>(run());
      return in.report() ? to_js(env, result) : nullptr;
    }
  });
}

}  // namespace lanegrad
