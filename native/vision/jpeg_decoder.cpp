#include "jpeg_decoder.hpp"

#include <csetjmp>
#include <cstdio>
#include <string>

#include <jpeglib.h>

#include <jerror.h>

#include "error.hpp"

namespace facededup {
namespace {

// A file of some kilobytes can ask for thousands of scans over the whole image; real photos have about ten.
// The bound is libjpeg-turbo's own advice for decoders of untrusted files.
constexpr int max_scans = 500;

enum class Damage { none, truncated, corrupt };

struct ErrorManager {
  jpeg_error_mgr base;
  std::jmp_buf escape;
  char message[JMSG_LENGTH_MAX];
  Damage damage;
};

ErrorManager& manager_of(j_common_ptr info) { return *reinterpret_cast<ErrorManager*>(info->err); }

[[noreturn]] void fail(j_common_ptr info) {
  auto& manager = manager_of(info);
  (*info->err->format_message)(info, manager.message);
  std::longjmp(manager.escape, 1);
}

void on_error(j_common_ptr info) {
  auto& manager = manager_of(info);
  if (manager.damage == Damage::none) {
    const bool ended = info->err->msg_code == JERR_INPUT_EOF || info->err->msg_code == JERR_INPUT_EMPTY;
    manager.damage = ended ? Damage::truncated : Damage::corrupt;
  }
  fail(info);
}

// libjpeg calls lost data a warning and goes on with grey; for us it is the end.
void on_message(j_common_ptr info, int level) {
  if (level >= 0) return;
  auto& manager = manager_of(info);
  switch (info->err->msg_code) {
    case JWRN_JPEG_EOF:
    case JWRN_HIT_MARKER: manager.damage = Damage::truncated; break;
    case JWRN_HUFF_BAD_CODE:
    case JWRN_ARITH_BAD_CODE:
    case JWRN_MUST_RESYNC: manager.damage = Damage::corrupt; break;
    default: return;
  }
  fail(info);
}

[[noreturn]] void refuse(ErrorManager& manager, const char* reason) {
  manager.damage = Damage::corrupt;
  std::snprintf(manager.message, sizeof manager.message, "%s", reason);
  std::longjmp(manager.escape, 1);
}

void on_progress(j_common_ptr info) {
  if (reinterpret_cast<j_decompress_ptr>(info)->input_scan_number > max_scans) refuse(manager_of(info), "too many scans");
}

void quiet(j_common_ptr) {}

// Adobe writes CMYK inverted (255 is no ink) and marks it; without the mark 255 is full ink.
void cmyk_row_to_bgr(const JSAMPLE* cmyk, cv::Vec3b* bgr, JDIMENSION width, bool inverted) {
  for (JDIMENSION x = 0; x < width; ++x, cmyk += 4) {
    const auto light = [&](int channel) { return inverted ? cmyk[channel] : 255 - cmyk[channel]; };
    const auto mix = [&](int channel) { return static_cast<uchar>((light(channel) * light(3) + 127) / 255); };
    bgr[x] = {mix(2), mix(1), mix(0)};
  }
}

// Everything between setjmp and longjmp lives in the caller's frame, so that no destructor is jumped over.
bool run(jpeg_decompress_struct& info, ErrorManager& manager, const std::uint8_t* bytes, std::size_t size, cv::Size expected,
         int reduction, cv::Mat& image, cv::Mat& row) {
  if (setjmp(manager.escape) != 0) return false;
  jpeg_mem_src(&info, bytes, static_cast<unsigned long>(size));
  jpeg_read_header(&info, TRUE);
  if (cv::Size(static_cast<int>(info.image_width), static_cast<int>(info.image_height)) != expected)
    refuse(manager, "it gives two sizes");
  const bool four_inks = info.jpeg_color_space == JCS_CMYK || info.jpeg_color_space == JCS_YCCK;
  info.out_color_space = four_inks ? JCS_CMYK : JCS_EXT_BGR;
  info.scale_num = 1;
  info.scale_denom = static_cast<unsigned>(reduction);
  jpeg_start_decompress(&info);
  image.create(static_cast<int>(info.output_height), static_cast<int>(info.output_width), CV_8UC3);
  if (four_inks) row.create(1, static_cast<int>(info.output_width), CV_8UC4);
  while (info.output_scanline < info.output_height) {
    const int y = static_cast<int>(info.output_scanline);
    JSAMPROW target = four_inks ? row.ptr() : image.ptr(y);
    jpeg_read_scanlines(&info, &target, 1);
    if (four_inks) cmyk_row_to_bgr(row.ptr(), image.ptr<cv::Vec3b>(y), info.output_width, info.saw_Adobe_marker != 0);
  }
  jpeg_finish_decompress(&info);
  return true;
}

struct Decompressor {
  jpeg_decompress_struct info{};
  ~Decompressor() { jpeg_destroy_decompress(&info); }
};

}  // namespace

cv::Mat decode_jpeg(const std::uint8_t* bytes, std::size_t size, cv::Size expected, int reduction) {
  ErrorManager manager{};
  Decompressor decompressor;
  auto& info = decompressor.info;
  info.err = jpeg_std_error(&manager.base);
  manager.base.error_exit = on_error;
  manager.base.emit_message = on_message;
  manager.base.output_message = quiet;
  jpeg_create_decompress(&info);
  jpeg_progress_mgr progress{};
  progress.progress_monitor = on_progress;
  info.progress = &progress;

  cv::Mat image;
  cv::Mat row;
  if (run(info, manager, bytes, size, expected, reduction, image, row)) return image;
  if (manager.damage == Damage::truncated) {
    throw Error(ErrorCode::photo_truncated, "the JPEG ends before its picture does");
  }
  throw Error(ErrorCode::photo_corrupt, std::string("the JPEG is damaged (") + manager.message + ")");
}

}  // namespace facededup
