# The libraries of the self-contained addon (FACEDEDUP_STATIC): what scripts/prebuild has built, and the system's archives.
separate_arguments(FACEDEDUP_FLAGS UNIX_COMMAND "${FACEDEDUP_FLAGS}")
add_compile_options(${FACEDEDUP_FLAGS})
set(CMAKE_FIND_LIBRARY_SUFFIXES ${CMAKE_STATIC_LIBRARY_SUFFIX})

# OpenCV's own configuration names protobuf::libprotobuf without saying where it is.
find_library(PROTOBUF_ARCHIVE protobuf REQUIRED)
add_library(protobuf::libprotobuf STATIC IMPORTED)
set_target_properties(protobuf::libprotobuf PROPERTIES IMPORTED_LOCATION ${PROTOBUF_ARCHIVE})

find_package(OpenCV REQUIRED COMPONENTS core imgproc imgcodecs dnn)
find_package(JPEG REQUIRED)
find_package(PNG REQUIRED)
find_package(TIFF REQUIRED)
find_library(WEBP_LIBRARY webp REQUIRED)
find_path(WEBP_INCLUDE_DIR webp/decode.h REQUIRED)
find_package(OpenBLAS CONFIG REQUIRED)

# dlib from its source: what the neural networks, their files and the thread pool are made of. Its own singular value
# decomposition serves, so that no LAPACK is needed.
find_path(DLIB_SOURCE dlib/all/source.cpp PATH_SUFFIXES src REQUIRED)
add_library(dlib STATIC
  ${DLIB_SOURCE}/dlib/base64/base64_kernel_1.cpp
  ${DLIB_SOURCE}/dlib/cuda/cpu_dlib.cpp
  ${DLIB_SOURCE}/dlib/cuda/tensor_tools.cpp
  ${DLIB_SOURCE}/dlib/entropy_decoder/entropy_decoder_kernel_2.cpp
  ${DLIB_SOURCE}/dlib/test_for_odr_violations.cpp
  ${DLIB_SOURCE}/dlib/threads/async.cpp
  ${DLIB_SOURCE}/dlib/threads/thread_pool_extension.cpp
  ${DLIB_SOURCE}/dlib/threads/threads_kernel_2.cpp
  ${DLIB_SOURCE}/dlib/threads/threads_kernel_shared.cpp
)
target_include_directories(dlib SYSTEM PUBLIC ${DLIB_SOURCE})
target_compile_definitions(dlib PUBLIC DLIB_USE_BLAS DLIB_NO_GUI_SUPPORT DLIB_DISABLE_ASSERTS)
add_library(dlib::dlib ALIAS dlib)

# An archive does not say what it needs itself.
foreach(codec deflate lzma zstd Lerc sharpyuv)
  string(TOUPPER ${codec} name)
  find_library(${name}_ARCHIVE ${codec})
  if(${name}_ARCHIVE)
    list(APPEND CODEC_ARCHIVES ${${name}_ARCHIVE})
  endif()
endforeach()
# libjbig is under the GPL, and nobody keeps photos as JBIG faxes.
add_library(no_jbig STATIC ${CMAKE_CURRENT_SOURCE_DIR}/cmake/no_jbig.c)
target_link_libraries(TIFF::TIFF INTERFACE ${WEBP_LIBRARY} ${CODEC_ARCHIVES} no_jbig JPEG::JPEG ZLIB::ZLIB)
