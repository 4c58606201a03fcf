// Runs every C++ test of native/vision.
#include <opencv2/core.hpp>
#include <opencv2/core/utils/logger.hpp>

#include "checks.hpp"
#include "tests.hpp"

int main() {
  // As in the addon: threads inside a network would fight with the lanes, and the log repeats what is thrown.
  cv::setNumThreads(1);
  cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
  using namespace facededup::test;
  test_convolution();
  test_convolution_layer();
  test_decoders();
  test_lanes();
  test_model_files();
  test_network_files();
  test_prototxt();
  std::printf("1..%d\n", checks);
  return failures == 0 ? 0 : 1;
}
