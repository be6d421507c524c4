// Reads the arguments of one call and checks that what they name may be touched: class, length, detached, shared or
// resizable buffers, the range of integers, and overlap. All memory safety is decided here; what the arguments mean has
// been checked in TypeScript.
//
// Readers go from left to right over the positional arguments. The first failure is kept and turns every later reader
// into a no-op that returns a harmless value, so that a reader function needs no branches; `finish` reports it.
// Lists come before every other argument: reading them may run JavaScript (a getter), which could detach or resize a
// buffer whose address had been taken already.
//
// Members that keep something in a vector may throw std::bad_alloc; the entry points catch it.
#pragma once

#include "environment.h"

namespace lanegrad {

// The largest size of one dimension, MAX_ELEMENTS of src/core/shape.ts.
constexpr int64_t kMaxDim = 0x7fffffff;

// A list of typed arrays whose elements are read and not yet looked into.
struct List {
  const char* name;
  size_t first;  // among the handles of its Args
  int64_t count;
  bool present;
};

class Args {
 public:
  static constexpr size_t kMax = 32;

  Args(napi_env env, napi_callback_info info) noexcept;
  ~Args();
  Args(const Args&) = delete;
  Args& operator=(const Args&) = delete;

  // Scalars.
  double number(const char* name);
  bool flag(const char* name);
  int64_t integer(const char* name, int64_t low, int64_t high);
  int64_t dim(const char* name) { return integer(name, 0, kMaxDim); }
  uint32_t u32(const char* name) { return static_cast<uint32_t>(integer(name, 0, 0xffffffffLL)); }
  template <class Op>
  Op opcode(const char* name, int32_t count) {
    return static_cast<Op>(integer(name, 0, count - 1));
  }

  // Sizes. A product past what an array can hold is a LimitError.
  int64_t mul(int64_t a, int64_t b);
  int64_t mul(int64_t a, int64_t b, int64_t c) { return mul(mul(a, b), c); }
  int64_t add(int64_t a, int64_t b);

  // Arrays of at least `extent` elements. An absent optional one (null or undefined) is a null pointer.
  const float* in(const char* name, int64_t extent) { return f32(name, extent, Range::kInput, false); }
  const float* in_or_null(const char* name, int64_t n) { return f32(name, n, Range::kInput, true); }
  float* out(const char* name, int64_t extent) { return f32(name, extent, Range::kOutput, false); }
  float* out_or_null(const char* name, int64_t n) { return f32(name, n, Range::kOutput, true); }
  // An output that may be the very range of an input.
  float* out_in_place(const char* name, int64_t n) { return f32(name, n, Range::kInPlaceOutput, false); }
  // An array of which the elements [low, high) are touched; the pointer is that of element 0.
  float* window(const char* name, int64_t low, int64_t high, Range::Role role);
  const int32_t* in_i32(const char* name, int64_t extent);
  int32_t* out_i32(const char* name, int64_t extent);
  int32_t* out_i32_or_null(const char* name, int64_t extent);
  const uint8_t* in_u8(const char* name, int64_t extent);
  uint8_t* out_u8(const char* name, int64_t extent);
  const double* in_f64(const char* name, int64_t extent);
  // An array of the class that holds such elements; an extent of -1 takes it whole.
  const void* in_elements(const char* name, Element element, int64_t* length);
  void* out_elements(const char* name, Element element, int64_t extent, int64_t* length);

  // Arrays that give a size: `*length` becomes their number of elements.
  const float* in_all(const char* name, int64_t* length);
  float* out_all(const char* name, int64_t* length, Range::Role role);
  const int32_t* in_i32_all(const char* name, int64_t* length);
  const int32_t* in_i32_or_null(const char* name, int64_t* length);
  const uint8_t* in_u8_all(const char* name, int64_t* length);

  // Lists of Float32Arrays. `like` of the same call says how many elements there must be; -1 takes any number.
  List list(const char* name, int64_t count, bool optional = false);
  ArraySpan span(const List& list, int64_t i, int64_t extent, Range::Role role);

  // An object wrapped by this addon under `tag`, or null.
  void* wrapped(const char* name, const napi_type_tag& tag);

  // Refuses with a message `op: <format>`; the first refusal stays.
  void refuse(ErrorClass type, const char* format, ...);
  bool ok() const noexcept { return !failed_; }
  // Throws what was refused; false if anything was.
  bool report();
  // After the last argument: checks overlap, then reports.
  bool finish();

  napi_env env() const noexcept { return env_; }
  Environment& state() const noexcept { return *state_; }

 private:
  struct View {
    char* data = nullptr;
    int64_t length = 0;
  };

  napi_value next();
  bool view(napi_value value, napi_typedarray_type type, const char* name, int index, View* out);
  bool admits(napi_value buffer, const View& view, size_t offset, const char* name, int index);
  bool is_resizable(napi_value buffer);
  void* array(napi_value value, napi_typedarray_type type, size_t bytes, const char* name, int index, int64_t extent,
              Range::Role role, int64_t* length);
  float* f32(const char* name, int64_t extent, Range::Role role, bool optional);
  bool absent(napi_value value);
  void check_overlap();

  napi_env env_;
  Environment* state_;
  const char* op_;
  napi_value argv_[kMax];
  size_t place_ = 0;
  bool failed_ = false;
  ErrorClass error_ = ErrorClass::kBuffer;
  char message_[256];
  std::vector<Range> ranges_;
  std::vector<napi_value> handles_;
};

}  // namespace lanegrad
