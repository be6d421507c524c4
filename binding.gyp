{
  # Sources come from one list that native/CMakeLists.txt reads too.
  'variables': {
    'version%': '<!(node -p "require(\'./package.json\').version")',
  },
  'target_defaults': {
    # No -ffast-math and no -march anywhere: an FMA is written as one, and each ISA is named in its own unit.
    'cflags': [
      '-O3', '-fPIC', '-fvisibility=hidden', '-ffp-contract=off', '-fno-math-errno', '-fno-trapping-math',
      '-Wall', '-Wextra', '-Wno-unused-function',
    ],
    'cflags_cc': ['-std=c++20', '-fno-rtti', '-fvisibility-inlines-hidden'],
    'cflags_cc!': ['-std=gnu++17', '-std=gnu++20'],
    'xcode_settings': {
      'CLANG_CXX_LANGUAGE_STANDARD': 'c++20',
      'CLANG_CXX_LIBRARY': 'libc++',
      'GCC_OPTIMIZATION_LEVEL': '3',
      'GCC_SYMBOLS_PRIVATE_EXTERN': 'YES',
      'GCC_ENABLE_CPP_RTTI': 'NO',
      'MACOSX_DEPLOYMENT_TARGET': '11.0',
      'OTHER_CFLAGS': ['-ffp-contract=off', '-fno-math-errno', '-fno-trapping-math'],
    },
    'msvs_settings': {
      'VCCLCompilerTool': {
        'Optimization': 2,
        'RuntimeTypeInfo': 'false',
        'AdditionalOptions': ['/std:c++20', '/fp:precise', '/utf-8'],
        'AdditionalOptions!': ['-std:c++17', '/std:c++17'],
      },
    },
  },
  'targets': [
    {
      # Everything that knows no Node-API: nothing in it throws.
      'target_name': 'lanegrad_core',
      'type': 'static_library',
      'sources': ['<!@(node -p "require(\'./native/sources.json\').core.join(\' \')")'],
      # gcc 12 takes the undefined lanes inside its own AVX-512 intrinsics for a mistake of ours (its bug 105593).
      'cflags_cc': ['-fno-exceptions', '-Wno-uninitialized', '-Wno-maybe-uninitialized'],
      'conditions': [
        ['target_arch=="x64"', { 'sources': ['<!@(node -p "require(\'./native/sources.json\').core_x64.join(\' \')")'] }],
        ['target_arch=="arm64"', { 'sources': ['<!@(node -p "require(\'./native/sources.json\').core_arm64.join(\' \')")'] }],
      ],
    },
    {
      # The boundary catches std::bad_alloc, so it alone is built with exceptions.
      'target_name': 'lanegrad',
      'dependencies': ['lanegrad_core'],
      'sources': ['<!@(node -p "require(\'./native/sources.json\').binding.join(\' \')")'],
      'include_dirs': ['<!(node -p "require(\'node-addon-api\').include_dir")'],
      # Swallowed: a worker that is being terminated takes no exception any more, and there is nobody to tell.
      'defines': [
        'LANEGRAD_VERSION="<(version)"', 'NAPI_VERSION=8',
        'NODE_ADDON_API_CPP_EXCEPTIONS_ALL', 'NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS',
      ],
      'cflags_cc': ['-fexceptions'],
      'cflags_cc!': ['-fno-exceptions'],
      'xcode_settings': { 'GCC_ENABLE_CPP_EXCEPTIONS': 'YES' },
      'msvs_settings': { 'VCCLCompilerTool': { 'ExceptionHandling': 1 } },
      'conditions': [
        ['OS=="linux"', { 'ldflags': ['-static-libstdc++', '-static-libgcc', '-Wl,-z,nodelete', '-Wl,-z,relro', '-Wl,--gc-sections', '-Wl,--exclude-libs,ALL', '-s'] }],
      ],
    },
  ],
}
