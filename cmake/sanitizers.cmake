# What FACEDEDUP_SANITIZE adds to every source of ours and to dlib's templates in it.
if(NOT CMAKE_CXX_COMPILER_ID STREQUAL Clang)
  message(FATAL_ERROR "FACEDEDUP_SANITIZE needs clang: set CC=clang and CXX=clang++.")
endif()

set(CMAKE_CXX_FLAGS_RELEASE "-O1 -gline-tables-only -fno-omit-frame-pointer -D_GLIBCXX_ASSERTIONS")
set(CMAKE_C_FLAGS_RELEASE "${CMAKE_CXX_FLAGS_RELEASE}")
if(FACEDEDUP_SANITIZE STREQUAL address)
  # One build serves the C++ tests, the fuzz targets and the addon, which Node loads with the runtime preloaded.
  set(SANITIZERS -fsanitize=address,undefined -fno-sanitize-recover=all)
  add_compile_options(${SANITIZERS} -fsanitize=fuzzer-no-link
    -fsanitize-ignorelist=${CMAKE_CURRENT_LIST_DIR}/undefined_ignored.txt)
elseif(FACEDEDUP_SANITIZE STREQUAL thread)
  set(SANITIZERS -fsanitize=thread)
  add_compile_options(${SANITIZERS})
else()
  message(FATAL_ERROR "FACEDEDUP_SANITIZE is '${FACEDEDUP_SANITIZE}'; it can be address or thread.")
endif()
add_link_options(${SANITIZERS})
