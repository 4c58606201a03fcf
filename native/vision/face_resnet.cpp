#include "face_resnet.hpp"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "dlib_model.hpp"
#include "dlib_network_file.hpp"
#include "face_resnet_layers.hpp"

namespace facededup {
namespace {

constexpr int resnet_features = 256;  // of the last convolution, averaged over the face

template <class Layer>
constexpr bool has_details = false;
template <class Details, class Below, class Enabled>
constexpr bool has_details<dlib::add_layer<Details, Below, Enabled>> = true;

// Visits the layers from the input to the output. Their sizes fit each other: the file was looked through.
class WeightsReader {
 public:
  ResnetWeights weights;

  template <long filters, long rows, long columns, int stride, int stride_x, int padding_y, int padding_x>
  void read(const dlib::con_<filters, rows, columns, stride, stride_x, padding_y, padding_x>& layer) {
    const auto& params = layer.get_layer_params();
    const std::size_t biases = layer.bias_is_disabled() ? 0 : filters;
    constexpr std::size_t taps_of_channel = filters * rows * columns;
    const auto channels = (params.size() - biases) / taps_of_channel;

    const int sizes[] = {filters, static_cast<int>(channels), rows, columns};
    const float* numbers = params.host();
    ResnetWeights::Convolution convolution{cv::Mat(4, sizes, CV_32F), cv::Mat::zeros(1, filters, CV_32F), stride};
    std::copy_n(numbers, channels * taps_of_channel, convolution.weights.ptr<float>());
    std::copy_n(numbers + channels * taps_of_channel, biases, convolution.bias.template ptr<float>());
    weights.convolutions.push_back(std::move(convolution));
  }

  void read(const dlib::affine_& layer) {
    const auto gamma_instance = layer.get_gamma();
    const auto beta_instance = layer.get_beta();
    const dlib::tensor& gamma = gamma_instance.get();
    const dlib::tensor& beta = beta_instance.get();
    auto& convolution = weights.convolutions.back();
    const auto filters = convolution.bias.total();
    const auto per_filter = convolution.weights.total() / filters;
    auto* row = convolution.weights.ptr<float>();
    auto* bias = convolution.bias.ptr<float>();
    for (std::size_t f = 0; f < filters; ++f, row += per_filter) {
      std::transform(row, row + per_filter, row, [&](float weight) { return weight * gamma.host()[f]; });
      bias[f] = bias[f] * gamma.host()[f] + beta.host()[f];
    }
  }

  template <unsigned long outputs, dlib::fc_bias_mode bias_mode>
  void read(const dlib::fc_<outputs, bias_mode>& layer) {
    const auto& params = layer.get_layer_params();
    const cv::Mat by_feature(resnet_features, outputs, CV_32F, const_cast<float*>(params.host()));
    cv::transpose(by_feature, weights.projection);
  }

  template <class Other>
  void read(const Other&) {}
};

}  // namespace

struct DlibResnet::Net {
  FaceResnetLayers layers;
};

DlibResnet::DlibResnet(const std::string& bytes) : net_(std::make_unique<Net>()) {
  DlibNetworkFile(bytes, "the face recognition ResNet").check<FaceResnetLayers>();
  read_dlib_model(bytes, net_->layers);
}

DlibResnet::DlibResnet(const DlibResnet& other) : net_(std::make_unique<Net>(*other.net_)) {}

DlibResnet::DlibResnet(DlibResnet&& other) noexcept = default;

DlibResnet& DlibResnet::operator=(DlibResnet&& other) noexcept = default;

DlibResnet::~DlibResnet() = default;

std::vector<Encoding> DlibResnet::forward(const std::vector<FaceChip>& chips) {
  const auto answers = net_->layers(chips, chips.size());
  std::vector<Encoding> encodings(answers.size());
  for (std::size_t i = 0; i < answers.size(); ++i) std::copy(answers[i].begin(), answers[i].end(), encodings[i].begin());
  return encodings;
}

ResnetWeights DlibResnet::weights() const {
  WeightsReader reader;
  dlib::visit_layers_backwards(net_->layers, [&](std::size_t, const auto& layer) {
    if constexpr (has_details<std::decay_t<decltype(layer)>>) reader.read(layer.layer_details());
  });
  return std::move(reader.weights);
}

}  // namespace facededup
