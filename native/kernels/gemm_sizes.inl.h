// The sizes that the matrix products are tuned by, for each instruction set. None of them changes a result.
#pragma once

// The register tile: rows by vectors.
constexpr int kTileRows = kLanes == 16 ? 8 : kLanes == 8 ? 6 : kFma ? 8 : 4;
constexpr int kTileVecs = kLanes == 4 && kFma ? 3 : 2;
constexpr int kPanel = kTileVecs * kLanes;  // columns of a packed panel of B

// Accumulators of a tile of few rows that reads B in place: three quarters of the registers.
constexpr int kThinAccumulators = kLanes == 16 || (kLanes == 4 && kFma) ? 24 : 12;
constexpr int kThinWide = kLanes == 16 || (kLanes == 4 && kFma) ? 16 : 8;  // vectors beside a single row
constexpr int thin_vectors(int rows) {
  return rows == 1 ? kThinWide : kThinAccumulators / rows > 8 ? 8 : kThinAccumulators / rows;
}
constexpr bool kMaskedLoads = kLanes >= 8;  // a vector cut short costs what a whole one does

constexpr int64_t kRowBlock = 512;        // rows of A that meet one panel of B after another: 512 KiB at kBlockK
constexpr int64_t kSharedRowBlock = 256;  // the same where several blocks of rows meet packed panels
// Columns of B that stay packed for several blocks of rows: about 1 MiB at kBlockK.
constexpr int64_t kSlabColumns = 1024 / kPanel * kPanel;
// Panels are shifted to where cache lines begin if they are many, and rows so few that reading B counts.
constexpr int64_t kFewestShiftedColumns = 1024, kMostShiftedRows = 128;

// A row-major A is copied for the panels to come where its rows and those of B are at least that long.
constexpr int64_t kFewestCopiedColumns = 512;
constexpr int64_t kPackedRow = kBlockK + 16;  // floats from row to row of the copy: no power of two
constexpr int kCopyRun = 16;                  // values of k at a time

constexpr int kCopyAhead = 8;      // rows of B fetched ahead of a tile that copies them
constexpr int kColumnsAhead = 16;  // columns of packed A fetched ahead
constexpr int kFarFloats = 1024;   // floats of B fetched ahead of a tile that reads it in place

constexpr int kDotRows = kLanes >= 8 ? 4 : 2;  // rows of a transposed B that meet a single row of A together

constexpr int kSwapGroup = 16;  // rows that are transposed together
constexpr int kSwapRun = 64;    // and stored together, in runs of that length

constexpr double kFlopsPerThread = 2097152.0;  // about 10 µs; below, splitting costs more than it gives
constexpr double kFlopsPerRead = 8.0;          // a value of an operand read from the third-level cache takes as long
constexpr double kFlopsPerTask = 16777216.0;   // where threads get more than one task each
