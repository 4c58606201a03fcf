# Cross-compiles for linux-arm64 with Debian's crossbuild-essential-arm64; the libraries lie in FACEDEDUP_SYSROOT.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)
set(CMAKE_FIND_ROOT_PATH "$ENV{FACEDEDUP_SYSROOT}")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
# What scripts/prebuild has built lies outside.
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY BOTH)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE BOTH)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE BOTH)
# OpenCV leaves every include folder out that ends in /usr/include, and the compiler would take this machine's own.
foreach(language C CXX)
  set(CMAKE_${language}_STANDARD_INCLUDE_DIRECTORIES
    "$ENV{FACEDEDUP_SYSROOT}/usr/include" "$ENV{FACEDEDUP_SYSROOT}/usr/include/aarch64-linux-gnu")
endforeach()
