// The functions that the addon exports.
#pragma once

#include "args.h"

namespace lanegrad {

struct ExportList {
  const Export* rows;
  size_t count;
};

// One row a kernel, named as in src/backend/native/addon.ts.
ExportList kernel_exports() noexcept;

}  // namespace lanegrad
