// What a deduplication engine does that calls OpenCV and dlib for one photo after another, as the HOPE engine does: imread,
// res10 SSD, 5 landmarks, chip, dlib's forward; threads as the libraries have them by default. The way a user of both
// libraries writes it, and so the measure for facededup: it shares nothing with it but the list of the ResNet's layers,
// without which dlib cannot read the file.
//
//   one_by_one detect|encode PROTOTXT WEIGHTS LANDMARKS RESNET < list of photos
//
// Prints the seconds for all photos but the first, which warms up, and the number of faces on all of them.
#include <opencv2/dnn.hpp>
#include <opencv2/imgcodecs.hpp>

#include "../../native/vision/face_resnet_layers.hpp"

#include <dlib/image_processing.h>
#include <dlib/opencv/cv_image.h>

#include <chrono>
#include <iostream>
#include <string>
#include <vector>

namespace {

std::vector<dlib::rectangle> detect(cv::dnn::Net& net, const cv::Mat& image) {
  net.setInput(cv::dnn::blobFromImage(image, 1.0, {300, 300}, {104, 177, 123}));
  const cv::Mat output = net.forward();
  const cv::Mat rows(output.size[2], output.size[3], CV_32F, const_cast<float*>(output.ptr<float>()));
  std::vector<cv::Rect> boxes;
  std::vector<float> confidences;
  for (int i = 0; i < rows.rows; ++i) {
    const float* row = rows.ptr<float>(i);
    if (row[2] < 0.5F) continue;
    const cv::Point from(cvRound(row[3] * image.cols), cvRound(row[4] * image.rows));
    const cv::Point to(cvRound(row[5] * image.cols), cvRound(row[6] * image.rows));
    boxes.emplace_back(from, to);
    confidences.push_back(row[2]);
  }
  std::vector<int> kept;
  cv::dnn::NMSBoxes(boxes, confidences, 0.5F, 0.4F, kept);
  std::vector<dlib::rectangle> faces;
  for (const int i : kept) faces.emplace_back(boxes[i].x, boxes[i].y, boxes[i].br().x, boxes[i].br().y);
  return faces;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 6) return 2;
  const bool encodes = std::string(arguments[1]) == "encode";
  auto ssd = cv::dnn::readNetFromCaffe(arguments[2], arguments[3]);
  dlib::shape_predictor predictor;
  dlib::deserialize(arguments[4]) >> predictor;
  facededup::FaceResnetLayers resnet;
  dlib::deserialize(arguments[5]) >> resnet;

  using Clock = std::chrono::steady_clock;
  auto started = Clock::now();
  bool warm = false;
  std::size_t faces = 0;
  double sum = 0;
  for (std::string path; std::getline(std::cin, path);) {
    const cv::Mat image = cv::imread(path);
    if (image.empty()) continue;
    const dlib::cv_image<dlib::bgr_pixel> pixels(image);
    for (const auto& box : detect(ssd, image)) {
      ++faces;
      if (!encodes) continue;
      const auto shape = predictor(pixels, box);
      dlib::matrix<dlib::rgb_pixel> chip;
      dlib::extract_image_chip(pixels, dlib::get_face_chip_details(shape, 150, 0.25), chip);
      sum += resnet(chip)(0);
    }
    if (!warm) {
      warm = true;
      started = Clock::now();
    }
  }
  std::cout << std::chrono::duration<double>(Clock::now() - started).count() << ' ' << faces << '\n';
  return sum == sum ? 0 : 1;
}
