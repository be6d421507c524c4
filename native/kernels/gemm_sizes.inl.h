// The sizes that the matrix products are tuned by, for each instruction set. None of them changes a result.
#pragma once

// The register tile: rows by vectors.
constexpr int kTileRows = kLanes == 16 ? 8 : kLanes == 8 ? 6 : kFma ? 8 : 4;
constexpr int kTileVecs = kLanes == 4 && kFma ? 3 : 2;
constexpr int kPanel = kTileVecs * kLanes;  // columns of a packed panel of B

// Accumulators of a tile of few rows that reads B in place: three quarters of the registers.
constexpr int kThinAccumulators = kLanes == 16 || (kLanes == 4 && kFma) ? 24 : 12;
constexpr int thin_vectors(int rows) { return kThinAccumulators / rows > 8 ? 8 : kThinAccumulators / rows; }
constexpr bool kMaskedLoads = kLanes >= 8;  // a vector cut short costs what a whole one does

constexpr int64_t kRowBlock = 512;       // rows of A that meet one panel of B after another: 512 KiB at kBlockK
constexpr int64_t kSlabColumns = 1024;   // columns of B that stay packed for several blocks of rows: 1 MiB at kBlockK
constexpr int kSwapGroup = 16;           // rows that are transposed together
constexpr int kSwapRun = 64;             // and stored together, in runs of that length
constexpr int kCopyAhead = 8;            // rows of B fetched ahead of a tile that copies them
constexpr int kFarVectors = 64;          // vectors of B fetched ahead of a tile that reads it in place
constexpr int kCopyRun = 16;             // values of k at a time where rows of A are copied
constexpr int64_t kPackedRow = kBlockK + 16;  // floats from row to row of that copy: no power of two
constexpr int64_t kFewestCopiedColumns = 256;  // and a row of A is that long, where a copy repays its cost

