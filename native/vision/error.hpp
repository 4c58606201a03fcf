// The one exception type of the vision code: a stable code and a sentence.
#pragma once

#include <exception>
#include <new>
#include <sstream>
#include <stdexcept>
#include <string>

namespace facededup {

enum class ErrorCode {
  photo_not_an_image,
  photo_truncated,
  photo_corrupt,
  photo_too_large,
  raw_image_invalid,
  box_outside_photo,
  model_corrupt,
  backend_unavailable,
  engine_closed,
  cancelled,
  out_of_memory,
  internal,
};

// The names that cross into JavaScript; lib/errors.ts maps each to its class.
constexpr const char* name_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::photo_not_an_image: return "PHOTO_NOT_AN_IMAGE";
    case ErrorCode::photo_truncated: return "PHOTO_TRUNCATED";
    case ErrorCode::photo_corrupt: return "PHOTO_CORRUPT";
    case ErrorCode::photo_too_large: return "PHOTO_TOO_LARGE";
    case ErrorCode::raw_image_invalid: return "RAW_IMAGE_INVALID";
    case ErrorCode::box_outside_photo: return "BOX_OUTSIDE_PHOTO";
    case ErrorCode::model_corrupt: return "MODEL_CORRUPT";
    case ErrorCode::backend_unavailable: return "BACKEND_UNAVAILABLE";
    case ErrorCode::engine_closed: return "ENGINE_CLOSED";
    case ErrorCode::cancelled: return "ABORTED";
    case ErrorCode::out_of_memory: return "OUT_OF_MEMORY";
    case ErrorCode::internal: return "INTERNAL";
  }
  return "INTERNAL";
}

class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  ErrorCode code() const noexcept { return code_; }

 private:
  ErrorCode code_;
};

// Whatever is being handled, as an Error. Call it in a catch clause.
inline Error current_error() {
  try {
    throw;
  } catch (const Error& e) {
    return e;
  } catch (const std::bad_alloc&) {
    return {ErrorCode::out_of_memory, "there is not enough memory for this photo or model"};
  } catch (const std::exception& e) {
    return {ErrorCode::internal, e.what()};
  } catch (...) {
    return {ErrorCode::internal, "an exception of unknown type"};
  }
}

// A library's own words on one line: OpenCV's span several.
inline std::string one_line(const std::string& text) {
  std::istringstream words(text);
  std::string line;
  for (std::string word; words >> word;) line += (line.empty() ? "" : " ") + word;
  return line;
}

}  // namespace facededup
