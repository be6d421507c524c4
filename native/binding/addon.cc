// The module: what each environment sets up and gives back, and the exports that are no kernels.
#include <stdio.h>
#include <string.h>

#include <memory>

#include "../core/dispatch.h"
#include "../core/fp_env.h"
#include "../core/thread_pool.h"
#include "call.h"
#include "exports.h"

#if !defined(LANEGRAD_VERSION)
#error "LANEGRAD_VERSION must name the package's version: the loader refuses an addon of another one"
#endif

namespace lanegrad {
namespace {

// Raise at every change of an exported signature; src/backend/native/load.ts holds the twin.
constexpr const char* kAbi = LANEGRAD_VERSION "/1";

// A function among the properties of `object`, kept in `ref`; false if it is none.
bool keep_function(napi_env env, napi_value object, const char* key, napi_ref* ref) {
  napi_value value;
  napi_valuetype type = napi_undefined;
  if (napi_get_named_property(env, object, key, &value) != napi_ok || napi_typeof(env, value, &type) != napi_ok ||
      type != napi_function) {
    return false;
  }
  if (*ref != nullptr) napi_delete_reference(env, *ref);
  return napi_create_reference(env, value, 1, ref) == napi_ok;
}

// ({ BufferError, LimitError, ShapeError, BackendError, isResizable }): the classes that this environment's errors are
// made of, and the getter of ArrayBuffer.prototype.resizable as it is at load.
napi_value init(napi_env env, napi_callback_info info) noexcept {
  size_t argc = 1;
  napi_value given;
  void* data = nullptr;
  napi_get_cb_info(env, info, &argc, &given, nullptr, &data);
  Environment& state = *static_cast<Bound*>(data)->state;
  bool complete = keep_function(env, given, "isResizable", &state.resizable_getter);
  for (int i = 0; i < kErrorClassCount; ++i) {
    complete = keep_function(env, given, kErrorClassNames[i], &state.errors[i]) && complete;
  }
  if (!complete) throw_error(env, state, ErrorClass::kBackend, "init: expected the error classes of the package");
  return nullptr;
}

void set_string(napi_env env, napi_value object, const char* key, const char* text) {
  napi_value value;
  napi_create_string_utf8(env, text, NAPI_AUTO_LENGTH, &value);
  napi_set_named_property(env, object, key, value);
}

// () → { isa, isas, threads, workers }: the tables of this machine, best first, and what this environment uses.
napi_value info(napi_env env, napi_callback_info info) noexcept {
  return guarded(env, info, [env](Args& in) -> napi_value {
    const IsaList& list = available_isas();
    napi_value result, isas;
    napi_create_object(env, &result);
    napi_create_array_with_length(env, static_cast<size_t>(list.count), &isas);
    for (int i = 0; i < list.count; ++i) {
      napi_value name;
      napi_create_string_utf8(env, list.tables[i]->name, NAPI_AUTO_LENGTH, &name);
      napi_set_element(env, isas, static_cast<uint32_t>(i), name);
    }
    napi_set_named_property(env, result, "isas", isas);
    set_string(env, result, "isa", in.state().table->name);
    napi_set_named_property(env, result, "threads", to_js(env, in.state().threads));
    napi_set_named_property(env, result, "workers", to_js(env, live_workers()));
    return result;
  });
}

// (name): the kernels this environment uses from now on. A BackendError lists what there is.
napi_value set_isa(napi_env env, napi_callback_info info) noexcept {
  return guarded(env, info, [](Args& in) -> napi_value {
    char name[32];
    in.string("isa", name, sizeof name);
    if (!in.report()) return nullptr;
    if (const KernelTable* table = find_isa(name)) {
      in.state().table = table;
      return nullptr;
    }
    char names[64] = "";
    const IsaList& list = available_isas();
    for (int i = 0; i < list.count; ++i) {
      const size_t used = strlen(names);
      snprintf(names + used, sizeof names - used, "%s%s", i == 0 ? "" : " | ", list.tables[i]->name);
    }
    in.refuse(ErrorClass::kBackend, "this machine lacks the instruction set: got %s, expected %s", name, names);
    in.report();
    return nullptr;
  });
}

// (threads): how many threads this environment's kernels use at most, the calling one included.
napi_value set_threads(napi_env env, napi_callback_info info) noexcept {
  return guarded(env, info, [](Args& in) -> napi_value {
    const auto threads = static_cast<int>(in.integer("threads", 1, kMaxThreads));
    if (in.report()) in.state().threads = threads < in.state().max_threads ? threads : in.state().max_threads;
    return nullptr;
  });
}

// () → the control and status word of this thread's floating-point unit.
napi_value fp_control_word(napi_env env, napi_callback_info) noexcept {
  return to_js(env, static_cast<double>(fp_control()));
}

constexpr Export kModule[] = {
    {"init", init}, {"info", info}, {"setIsa", set_isa}, {"setThreads", set_threads}, {"mxcsr", fp_control_word},
};

void add_exports(napi_env env, napi_value exports, Environment* state, ExportList list) {
  for (size_t i = 0; i < list.count; ++i) {
    const Export& row = list.rows[i];
    state->bound.push_back({state, &row});
    napi_value function;
    if (napi_create_function(env, row.name, NAPI_AUTO_LENGTH, row.call, &state->bound.back(), &function) == napi_ok) {
      napi_set_named_property(env, exports, row.name, function);
    }
  }
}

napi_value start(napi_env env, napi_value exports) {
  auto owned = std::make_unique<Environment>();
  Environment* state = owned.get();
  state->table = available_isas().tables[0];
  // A worker of the pool may still be on its way out of our code when the last environment closes the module. Where
  // the loader would unmap it then, there are no workers.
  if (!pin_module()) state->max_threads = 1;

  const ExportList module = {kModule, sizeof kModule / sizeof *kModule}, kernels = kernel_exports();
  state->bound.reserve(module.count + kernels.count);  // functions point into it
  add_exports(env, exports, state, module);
  add_exports(env, exports, state, kernels);
  set_string(env, exports, "abi", kAbi);

  const auto finalize = [](napi_env, void* data, void*) { delete static_cast<Environment*>(data); };
  if (napi_set_instance_data(env, state, finalize, nullptr) == napi_ok) owned.release();
  retain_pool();
  napi_add_env_cleanup_hook(env, [](void*) { release_pool(); }, nullptr);
  return exports;
}

}  // namespace
}  // namespace lanegrad

NAPI_MODULE_INIT() {
  try {
    return lanegrad::start(env, exports);
  } catch (...) {
    napi_throw_error(env, nullptr, "lanegrad: no memory to load the addon");
    return nullptr;
  }
}
