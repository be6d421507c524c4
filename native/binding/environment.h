// What one environment (the main thread or a worker_thread) keeps of the addon. Nothing here is shared between them.
#pragma once

#include <node_api.h>

#include <vector>

#include "../core/kernel_table.h"
#include "../core/thread_pool.h"
#include "../core/workspace.h"

namespace lanegrad {

// The error classes of src/errors.ts that the binding throws, by their place in Environment::errors.
enum class ErrorClass : int { kBuffer, kLimit, kShape, kBackend };
constexpr int kErrorClassCount = 4;
constexpr const char* kErrorClassNames[kErrorClassCount] = {"BufferError", "LimitError", "ShapeError", "BackendError"};

// The bytes of one array argument, and what may overlap them.
struct Range {
  const char* begin;
  const char* end;
  const char* name;
  int index;  // in its list, or -1
  enum Role : int { kInput, kOutput, kInPlaceOutput } role;
};

// One exported function; its name is how messages begin.
struct Export {
  const char* name;
  napi_callback call;
};

// What an exported function finds in its callback data.
struct Environment;
struct Bound {
  Environment* state;
  const Export* row;
};

struct Environment {
  const KernelTable* table = nullptr;
  int threads = 1;
  int max_threads = kMaxThreads;
  std::vector<Bound> bound;
  Workspace scratch;
  napi_ref errors[kErrorClassCount] = {};
  // The getter of ArrayBuffer.prototype.resizable, as it was at load.
  napi_ref resizable_getter = nullptr;

  // Lists of one call, kept for their capacity. Args takes the first two away while it reads.
  std::vector<Range> ranges;
  std::vector<napi_value> handles;
  std::vector<ArraySpan> spans;
  std::vector<AdamParam> adam;
  std::vector<SgdParam> sgd;
  std::vector<UpdateParam> updates;
};

// Throws `new Class(message)`, unless an exception is pending already.
void throw_error(napi_env env, const Environment& state, ErrorClass type, const char* message) noexcept;

}  // namespace lanegrad
