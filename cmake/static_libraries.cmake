# The libraries of the self-contained addon (FACEDEDUP_STATIC): what scripts/prebuild has built, and the system's archives.
set(CMAKE_FIND_LIBRARY_SUFFIXES ${CMAKE_STATIC_LIBRARY_SUFFIX})

# OpenCV's own configuration names protobuf::libprotobuf without saying where it is.
find_library(PROTOBUF_ARCHIVE protobuf REQUIRED)
add_library(protobuf::libprotobuf STATIC IMPORTED)
set_target_properties(protobuf::libprotobuf PROPERTIES IMPORTED_LOCATION ${PROTOBUF_ARCHIVE})

find_package(OpenCV REQUIRED COMPONENTS core imgproc imgcodecs dnn)
find_package(dlib REQUIRED)
find_package(JPEG REQUIRED)
find_package(PNG REQUIRED)
find_package(TIFF REQUIRED)
find_library(WEBP_LIBRARY webp REQUIRED)
find_path(WEBP_INCLUDE_DIR webp/decode.h REQUIRED)
find_package(OpenBLAS CONFIG REQUIRED)

# dlib's archive was compiled with it, and its headers have to be told.
target_compile_definitions(dlib::dlib INTERFACE DLIB_USE_BLAS)
# An archive does not say what it needs itself.
foreach(codec deflate lzma zstd jbig Lerc sharpyuv)
  string(TOUPPER ${codec} name)
  find_library(${name}_ARCHIVE ${codec})
  if(${name}_ARCHIVE)
    list(APPEND CODEC_ARCHIVES ${${name}_ARCHIVE})
  endif()
endforeach()
target_link_libraries(TIFF::TIFF INTERFACE ${WEBP_LIBRARY} ${CODEC_ARCHIVES} JPEG::JPEG ZLIB::ZLIB)
