// The module: what each environment sets up and gives back, and the functions that are no kernels. Those are called
// seldom and written with node-addon-api, which turns a C++ exception into a JavaScript one; the kernels are raw.
#include <napi.h>

#include <memory>
#include <string>

#include "../core/dispatch.h"
#include "../core/fp_env.h"
#include "../core/platform.h"
#include "call.h"
#include "exports.h"

#if !defined(LANEGRAD_VERSION)
#error "LANEGRAD_VERSION must name the package's version: the loader refuses an addon of another one"
#endif

namespace lanegrad {
namespace {

// Raise the number at every change of an exported signature; src/backend/native/load.ts holds its twin.
constexpr const char* kAbi = LANEGRAD_VERSION "/15";

constexpr uintptr_t kLineBytes = 64;  // LINE_BYTES of src/core/pool.ts

// A function among the properties of `object`.
napi_ref keep_function(const Napi::Object& object, const char* key) {
  const Napi::Value value = object.Get(key);
  if (!value.IsFunction()) throw Napi::TypeError::New(object.Env(), std::string("init: expected the function ") + key);
  napi_ref ref = nullptr;
  NAPI_THROW_IF_FAILED(object.Env(), napi_create_reference(object.Env(), value, 1, &ref), nullptr);
  return ref;
}

class Module : public Napi::Addon<Module> {
 public:
  Module(Napi::Env env, Napi::Object exports) {
    state_.table = available_isas().tables[0];
    // A worker of the pool may still be on its way out of our code when the last environment closes the module.
    // Where the loader would unmap it then, there are no workers.
    if (!pin_module()) state_.max_threads = 1;

    DefineAddon(exports, {
                             InstanceMethod("init", &Module::init),
                             InstanceMethod("info", &Module::info),
                             InstanceMethod("setIsa", &Module::set_isa),
                             InstanceMethod("setThreads", &Module::set_threads),
                             InstanceMethod("mxcsr", &Module::fp_control_word),
                             InstanceMethod("prepareBuffer", &Module::prepare_buffer),
                             InstanceValue("abi", Napi::String::New(env, kAbi), napi_enumerable),
                         });
    export_kernels(env, exports);

    if (napi_add_env_cleanup_hook(env, [](void*) { release_pool(); }, nullptr) == napi_ok) retain_pool();
  }

 private:
  void export_kernels(Napi::Env env, Napi::Object exports) {
    const ExportList list = kernel_exports();
    state_.bound.reserve(list.count);  // the functions point into it
    for (size_t i = 0; i < list.count; ++i) {
      const Export& row = list.rows[i];
      state_.bound.push_back({&state_, &row});
      napi_value function = nullptr;
      NAPI_THROW_IF_FAILED_VOID(
          env, napi_create_function(env, row.name, NAPI_AUTO_LENGTH, row.call, &state_.bound.back(), &function));
      exports.Set(row.name, function);
    }
  }

  // ({ BufferError, LimitError, ShapeError, BackendError, isResizable }): the classes that this environment's errors
  // are made of, and the getter of ArrayBuffer.prototype.resizable as it is at load. Once.
  void init(const Napi::CallbackInfo& info) {
    const Napi::Object given = info[0].ToObject();
    if (state_.resizable_getter != nullptr) return;
    for (int i = 0; i < kErrorClassCount; ++i) state_.errors[i] = keep_function(given, kErrorClassNames[i]);
    state_.resizable_getter = keep_function(given, "isResizable");
  }

  // () → { isa, isas, threads, workers }: the kernels in use, those this machine has (best first), the threads this
  // environment uses at most, and the workers alive in the process.
  Napi::Value info(const Napi::CallbackInfo& info) {
    const IsaList& list = available_isas();
    const Napi::Array isas = Napi::Array::New(info.Env());
    for (int i = 0; i < list.count; ++i) isas.Set(static_cast<uint32_t>(i), list.tables[i]->name);
    const Napi::Object result = Napi::Object::New(info.Env());
    result.Set("isa", state_.table->name);
    result.Set("isas", isas);
    result.Set("threads", state_.threads);
    result.Set("workers", live_workers());
    return result;
  }

  // (name): the kernels this environment uses from now on. A BackendError lists what there is.
  void set_isa(const Napi::CallbackInfo& info) {
    const std::string name = info[0].ToString();
    if (const KernelTable* table = find_isa(name.c_str())) {
      state_.table = table;
      return;
    }
    std::string names;
    const IsaList& list = available_isas();
    for (int i = 0; i < list.count; ++i) names.append(i == 0 ? "" : " | ").append(list.tables[i]->name);
    const std::string message = "setIsa: this machine lacks the instruction set: got " + name + ", expected " + names;
    throw_error(info.Env(), state_, ErrorClass::kBackend, message.c_str());
  }

  // (threads): how many threads this environment's kernels use at most, the calling one included.
  void set_threads(const Napi::CallbackInfo& info) {
    const double threads = info[0].ToNumber().DoubleValue();
    if (!(threads >= 1 && threads <= kMaxThreads) || threads != static_cast<int>(threads)) {
      const std::string limit = std::to_string(kMaxThreads);
      throw_error(info.Env(), state_, ErrorClass::kShape,
                  ("setThreads: expected an integer from 1 to " + limit).c_str());
      return;
    }
    state_.threads = threads < state_.max_threads ? static_cast<int>(threads) : state_.max_threads;
  }

  // () → the control and status word of this thread's floating-point unit.
  Napi::Value fp_control_word(const Napi::CallbackInfo& info) {
    return Napi::Number::New(info.Env(), static_cast<double>(fp_control()));
  }

  // (buffer) → where its first cache line begins, in bytes from its start. A new buffer that nothing was written to gets
  // large pages, if it is large.
  Napi::Value prepare_buffer(const Napi::CallbackInfo& info) {
    if (!info[0].IsArrayBuffer()) throw Napi::TypeError::New(info.Env(), "prepareBuffer: expected an ArrayBuffer");
    auto buffer = info[0].As<Napi::ArrayBuffer>();
    if (buffer.ByteLength() >= 2 * kLargePage) prefer_large_pages(buffer.Data(), buffer.ByteLength());
    return Napi::Number::New(info.Env(), static_cast<double>(-reinterpret_cast<uintptr_t>(buffer.Data()) % kLineBytes));
  }

  Environment state_;
};

}  // namespace
}  // namespace lanegrad

using LanegradModule = lanegrad::Module;
NODE_API_NAMED_ADDON(lanegrad, LanegradModule)
