#include "args.h"

#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <algorithm>

namespace lanegrad {
namespace {

// V8 reserves whole pages for a buffer that can change its size, and nothing else starts on a page as a rule.
constexpr uintptr_t kPage = 4096;

const char* typed_array_name(napi_typedarray_type type) {
  switch (type) {
    case napi_int8_array: return "Int8Array";
    case napi_uint8_array: return "Uint8Array";
    case napi_uint8_clamped_array: return "Uint8ClampedArray";
    case napi_int16_array: return "Int16Array";
    case napi_uint16_array: return "Uint16Array";
    case napi_int32_array: return "Int32Array";
    case napi_uint32_array: return "Uint32Array";
    case napi_float32_array: return "Float32Array";
    case napi_float64_array: return "Float64Array";
    case napi_bigint64_array: return "BigInt64Array";
    case napi_biguint64_array: return "BigUint64Array";
    default: return "typed array of another class";
  }
}

const char* describe(napi_env env, napi_value value) {
  napi_typedarray_type type;
  if (napi_get_typedarray_info(env, value, &type, nullptr, nullptr, nullptr, nullptr) == napi_ok) {
    return typed_array_name(type);
  }
  napi_valuetype kind = napi_undefined;
  napi_typeof(env, value, &kind);
  constexpr const char* kNames[] = {"undefined", "null",      "a boolean",  "a number",  "a string",
                                    "a symbol",  "an object", "a function", "an object", "a bigint"};
  return kNames[kind];
}

bool multiply_overflows(int64_t a, int64_t b, int64_t* product) {
#if defined(_MSC_VER) && !defined(__clang__)
  *product = static_cast<int64_t>(static_cast<uint64_t>(a) * static_cast<uint64_t>(b));
  return a != 0 && b > INT64_MAX / a;  // neither is negative
#else
  return __builtin_mul_overflow(a, b, product);
#endif
}

// `name`, or `name[3]` for an element of a list.
struct Label {
  char text[64];
  Label(const char* name, int index) {
    if (index < 0) snprintf(text, sizeof text, "%s", name);
    else snprintf(text, sizeof text, "%s[%d]", name, index);
  }
};

struct ElementClass {
  napi_typedarray_type type;
  size_t bytes;
};
constexpr ElementClass kElementClasses[] = {
    {napi_float32_array, 4}, {napi_float64_array, 8}, {napi_int32_array, 4}, {napi_uint8_array, 1}, {napi_uint8_array, 1}};

}  // namespace

void throw_error(napi_env env, const Environment& state, ErrorClass type, const char* message) noexcept {
  bool pending = false;
  if (napi_is_exception_pending(env, &pending) != napi_ok || pending) return;
  napi_value constructor, text, error;
  const napi_ref ref = state.errors[static_cast<int>(type)];
  if (ref != nullptr && napi_get_reference_value(env, ref, &constructor) == napi_ok &&
      napi_create_string_utf8(env, message, NAPI_AUTO_LENGTH, &text) == napi_ok &&
      napi_new_instance(env, constructor, 1, &text, &error) == napi_ok) {
    napi_throw(env, error);
    return;
  }
  // Before `init` has handed the classes over.
  napi_throw_error(env, nullptr, message);
}

Args::Args(napi_env env, napi_callback_info info) noexcept : env_(env) {
  size_t argc = kMax;
  void* data = nullptr;
  // Missing arguments are filled with undefined; the call fails on nothing that JavaScript could bring about.
  napi_get_cb_info(env, info, &argc, argv_, nullptr, &data);
  const Bound& bound = *static_cast<const Bound*>(data);
  state_ = bound.state;
  op_ = bound.row->name;
  // Taken for the time of this call: a getter in a list may call the addon again.
  ranges_.swap(state_->ranges);
  handles_.swap(state_->handles);
  ranges_.clear();
  handles_.clear();
}

Args::~Args() {
  ranges_.swap(state_->ranges);
  handles_.swap(state_->handles);
}

napi_value Args::next() { return argv_[place_ < kMax ? place_++ : kMax - 1]; }

void Args::refuse(ErrorClass type, const char* format, ...) {
  if (failed_) return;
  failed_ = true;
  error_ = type;
  const int used = snprintf(message_, sizeof message_, "%s: ", op_);
  va_list rest;
  va_start(rest, format);
  vsnprintf(message_ + used, sizeof message_ - static_cast<size_t>(used), format, rest);
  va_end(rest);
}

double Args::number(const char* name) {
  const napi_value value = next();
  double x = 0;
  if (!failed_ && napi_get_value_double(env_, value, &x) != napi_ok) {
    refuse(ErrorClass::kShape, "%s must be a number: got %s", name, describe(env_, value));
  }
  return x;
}

bool Args::flag(const char* name) {
  const napi_value value = next();
  bool x = false;
  if (!failed_ && napi_get_value_bool(env_, value, &x) != napi_ok) {
    refuse(ErrorClass::kShape, "%s must be a boolean: got %s", name, describe(env_, value));
  }
  return x;
}

// The converters of Node-API wrap and truncate in silence, so every integer is read as a double and checked.
int64_t Args::integer(const char* name, int64_t low, int64_t high) {
  const double x = number(name);
  if (failed_) return low;
  if (!(x >= static_cast<double>(low)) || x != floor(x)) {
    refuse(ErrorClass::kShape, "%s must be an integer of at least %lld: got %.17g", name, static_cast<long long>(low),
           x);
    return low;
  }
  if (x > static_cast<double>(high)) {
    refuse(ErrorClass::kLimit, "%s must be at most %lld: got %.17g", name, static_cast<long long>(high), x);
    return low;
  }
  return static_cast<int64_t>(x);
}

int64_t Args::mul(int64_t a, int64_t b) {
  int64_t product = 0;
  if (failed_ || !multiply_overflows(a, b, &product)) return failed_ ? 0 : product;
  refuse(ErrorClass::kLimit, "sizes overflow: got %lld times %lld elements", static_cast<long long>(a),
         static_cast<long long>(b));
  return 0;
}

int64_t Args::add(int64_t a, int64_t b) {
  if (failed_) return 0;
  if (a <= INT64_MAX - b) return a + b;
  refuse(ErrorClass::kLimit, "sizes overflow: got %lld plus %lld elements", static_cast<long long>(a),
         static_cast<long long>(b));
  return 0;
}

bool Args::is_resizable(napi_value buffer) {
  napi_value getter, result;
  bool resizable = true;
  return napi_get_reference_value(env_, state_->resizable_getter, &getter) != napi_ok ||
         napi_call_function(env_, buffer, getter, 0, nullptr, &result) != napi_ok ||
         napi_get_value_bool(env_, result, &resizable) != napi_ok || resizable;
}

// Which buffers a kernel may touch: this is the one place that decides.
bool Args::admits(napi_value buffer, const View& view, size_t offset, const char* name, int index) {
  bool plain = false;
  if (napi_is_arraybuffer(env_, buffer, &plain) != napi_ok || !plain) {
    refuse(ErrorClass::kBuffer, "%s lies in a SharedArrayBuffer", Label(name, index).text);
    return false;
  }
  if (view.length == 0) {
    bool detached = false;
    napi_is_detached_arraybuffer(env_, buffer, &detached);
    if (detached) {
      refuse(ErrorClass::kBuffer, "%s lies in a detached ArrayBuffer", Label(name, index).text);
      return false;
    }
  }
  // Asking costs a call into JavaScript, so it is asked of buffers alone that start on a page. A view that a shrunk
  // buffer left out of bounds reports length 0.
  const bool on_page = ((reinterpret_cast<uintptr_t>(view.data) - offset) & (kPage - 1)) == 0;
  if ((on_page || view.length == 0) && is_resizable(buffer)) {
    refuse(ErrorClass::kBuffer, "%s lies in a resizable ArrayBuffer", Label(name, index).text);
    return false;
  }
  return true;
}

bool Args::view(napi_value value, napi_typedarray_type type, const char* name, int index, View* out) {
  napi_typedarray_type actual;
  size_t length = 0, offset = 0;
  void* data = nullptr;
  napi_value buffer = nullptr;
  if (napi_get_typedarray_info(env_, value, &actual, &length, &data, &buffer, &offset) != napi_ok || actual != type) {
    refuse(ErrorClass::kBuffer, "%s must be a %s: got %s", Label(name, index).text, typed_array_name(type),
           describe(env_, value));
    return false;
  }
  out->data = static_cast<char*>(data);
  out->length = static_cast<int64_t>(length);
  return admits(buffer, *out, offset, name, index);
}

// `extent` of -1 takes the array whole.
void* Args::array(napi_value value, napi_typedarray_type type, size_t bytes, const char* name, int index,
                  int64_t extent, Range::Role role, int64_t* length) {
  View v;
  if (failed_ || !view(value, type, name, index, &v)) return nullptr;
  if (v.length < extent) {
    refuse(ErrorClass::kBuffer, "%s must have at least %lld elements: got %lld", Label(name, index).text,
           static_cast<long long>(extent), static_cast<long long>(v.length));
    return nullptr;
  }
  const int64_t used = extent < 0 ? v.length : extent;
  if (length != nullptr) *length = used;
  if (used > 0) {
    ranges_.push_back({v.data, v.data + static_cast<size_t>(used) * bytes, name, index, role});
  }
  return v.data;
}

bool Args::absent(napi_value value) {
  napi_valuetype kind = napi_undefined;
  napi_typeof(env_, value, &kind);
  return kind == napi_undefined || kind == napi_null;
}

float* Args::f32(const char* name, int64_t extent, Range::Role role, bool optional) {
  const napi_value value = next();
  if (optional && absent(value)) return nullptr;
  return static_cast<float*>(array(value, napi_float32_array, sizeof(float), name, -1, extent, role, nullptr));
}

float* Args::window(const char* name, int64_t low, int64_t high, Range::Role role) {
  auto* data = static_cast<float*>(array(next(), napi_float32_array, sizeof(float), name, -1, high, role, nullptr));
  if (ok() && high > 0) ranges_.back().begin = reinterpret_cast<const char*>(data + low);
  return data;
}

const int32_t* Args::in_i32(const char* name, int64_t extent) {
  return static_cast<int32_t*>(array(next(), napi_int32_array, 4, name, -1, extent, Range::kInput, nullptr));
}
const int32_t* Args::in_i32_or_null(const char* name, int64_t* length) {
  const napi_value value = next();
  if (absent(value)) return nullptr;
  return static_cast<int32_t*>(array(value, napi_int32_array, 4, name, -1, -1, Range::kInput, length));
}
int32_t* Args::out_i32(const char* name, int64_t extent) {
  return static_cast<int32_t*>(array(next(), napi_int32_array, 4, name, -1, extent, Range::kOutput, nullptr));
}
int32_t* Args::out_i32_or_null(const char* name, int64_t extent) {
  const napi_value value = next();
  if (absent(value)) return nullptr;
  return static_cast<int32_t*>(array(value, napi_int32_array, 4, name, -1, extent, Range::kOutput, nullptr));
}
const uint8_t* Args::in_u8_all(const char* name, int64_t* length) {
  return static_cast<uint8_t*>(array(next(), napi_uint8_array, 1, name, -1, -1, Range::kInput, length));
}
uint8_t* Args::out_u8(const char* name, int64_t extent) {
  return static_cast<uint8_t*>(array(next(), napi_uint8_array, 1, name, -1, extent, Range::kOutput, nullptr));
}
const double* Args::in_f64(const char* name, int64_t extent) {
  return static_cast<double*>(array(next(), napi_float64_array, 8, name, -1, extent, Range::kInput, nullptr));
}
const void* Args::in_elements(const char* name, Element element, int64_t* length) {
  const ElementClass given = kElementClasses[static_cast<int32_t>(element)];
  return array(next(), given.type, given.bytes, name, -1, -1, Range::kInput, length);
}
void* Args::out_elements(const char* name, Element element, int64_t extent, int64_t* length) {
  const ElementClass wanted = kElementClasses[static_cast<int32_t>(element)];
  return array(next(), wanted.type, wanted.bytes, name, -1, extent, Range::kOutput, length);
}
const float* Args::in_all(const char* name, int64_t* length) {
  return static_cast<float*>(array(next(), napi_float32_array, 4, name, -1, -1, Range::kInput, length));
}
float* Args::out_all(const char* name, int64_t* length, Range::Role role) {
  return static_cast<float*>(array(next(), napi_float32_array, 4, name, -1, -1, role, length));
}
const int32_t* Args::in_i32_all(const char* name, int64_t* length) {
  return static_cast<int32_t*>(array(next(), napi_int32_array, 4, name, -1, -1, Range::kInput, length));
}

List Args::list(const char* name, int64_t count, bool optional) {
  const napi_value value = next();
  List list{name, handles_.size(), 0, true};
  if (failed_) return list;
  if (optional && absent(value)) {
    list.present = false;
    return list;
  }
  bool is_array = false;
  napi_is_array(env_, value, &is_array);
  if (!is_array) {
    refuse(ErrorClass::kBuffer, "%s must be an array: got %s", name, describe(env_, value));
    return list;
  }
  uint32_t length = 0;
  napi_get_array_length(env_, value, &length);
  if (count >= 0 && length != count) {
    refuse(ErrorClass::kShape, "%s must have %lld arrays: got %u", name, static_cast<long long>(count), length);
    return list;
  }
  for (uint32_t i = 0; i < length; ++i) {
    napi_value element = nullptr;
    if (napi_get_element(env_, value, i, &element) != napi_ok) {
      refuse(ErrorClass::kBuffer, "%s[%u] cannot be read", name, i);
      return list;
    }
    handles_.push_back(element);
  }
  list.count = length;
  return list;
}

ArraySpan Args::span(const List& list, int64_t i, int64_t extent, Range::Role role) {
  if (failed_ || !list.present) return {nullptr, 0};
  const napi_value value = handles_[list.first + static_cast<size_t>(i)];
  int64_t length = 0;
  void* data = array(value, napi_float32_array, sizeof(float), list.name, static_cast<int>(i), extent, role, &length);
  return {static_cast<float*>(data), length};
}

void* Args::wrapped(const char* name, const napi_type_tag& tag) {
  const napi_value value = next();
  napi_valuetype kind = napi_undefined;
  napi_typeof(env_, value, &kind);
  bool ours = false;
  void* data = nullptr;
  if (!failed_ && (kind != napi_object || napi_check_object_type_tag(env_, value, &tag, &ours) != napi_ok || !ours ||
                   napi_unwrap(env_, value, &data) != napi_ok)) {
    refuse(ErrorClass::kBuffer, "%s must be a handle of this addon: got %s", name, describe(env_, value));
  }
  return data;
}

// An output may overlap nothing else, but for an in-place one that is exactly an input.
void Args::check_overlap() {
  // Outputs first where several begin together, so that each input there is compared with them.
  std::sort(ranges_.begin(), ranges_.end(), [](const Range& a, const Range& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.role != Range::kInput && b.role == Range::kInput;
  });
  // In this order a range overlaps an earlier one exactly if it begins before the furthest end so far: that of the
  // outputs for an input (inputs may overlap each other), that of everything for an output.
  const Range* furthest = nullptr;
  const Range* furthest_output = nullptr;
  for (const Range& range : ranges_) {
    const Range* other = range.role == Range::kInput ? furthest_output : furthest;
    if (other != nullptr && range.begin < other->end) {
      const bool same = range.begin == other->begin && range.end == other->end;
      const bool in_place = (range.role == Range::kInPlaceOutput && other->role == Range::kInput) ||
                            (range.role == Range::kInput && other->role == Range::kInPlaceOutput);
      if (!same || !in_place) {
        refuse(ErrorClass::kBuffer, "%s and %s overlap in memory", Label(other->name, other->index).text,
               Label(range.name, range.index).text);
        return;
      }
    }
    if (furthest == nullptr || range.end > furthest->end) furthest = &range;
    if (range.role != Range::kInput && (furthest_output == nullptr || range.end > furthest_output->end)) {
      furthest_output = &range;
    }
  }
}

bool Args::report() {
  if (failed_) throw_error(env_, *state_, error_, message_);
  return !failed_;
}

bool Args::finish() {
  if (!failed_) check_overlap();
  return report();
}

}  // namespace lanegrad
