#include "convolution_layer.hpp"

#include <algorithm>
#include <mutex>
#include <opencv2/dnn.hpp>
#include <opencv2/dnn/all_layers.hpp>
#include <opencv2/dnn/layer.details.hpp>
#include <optional>
#include <string>
#include <vector>

#include "convolution.hpp"
#include "convolution_kernels.hpp"

namespace facededup {
namespace {

// A name of our own: cv::dnn has one list of layer types for the whole process.
constexpr const char* fast_convolution_type = "FacededupConvolution";

// Caffe's convolution parameters come as `name`, as an array `name`, or as `name_h` and `name_w`.
struct Pair {
  int vertical;
  int horizontal;
  bool is_square() const { return vertical == horizontal; }
};

Pair pair_of(const cv::dnn::LayerParams& params, const std::string& both, const std::string& vertical,
             const std::string& horizontal, int fallback) {
  if (params.has(vertical) || params.has(horizontal)) {
    return {params.get<int>(vertical, fallback), params.get<int>(horizontal, fallback)};
  }
  if (!params.has(both)) return {fallback, fallback};
  const auto& value = params.get(both);
  return {value.get<int>(0), value.get<int>(value.size() - 1)};
}

struct Parameters {
  Pair kernel;
  Pair stride;
  Pair pad;
  Pair dilation;

  explicit Parameters(const cv::dnn::LayerParams& params)
      : kernel(pair_of(params, "kernel_size", "kernel_h", "kernel_w", 1)),
        stride(pair_of(params, "stride", "stride_h", "stride_w", 1)),
        pad(pair_of(params, "pad", "pad_h", "pad_w", 0)),
        dilation(pair_of(params, "dilation", "dilation_h", "dilation_w", 1)) {}

  // What our convolution knows; OpenCV's own answers for anything else, or refuses it.
  bool are_plain() const {
    constexpr int most = 1024;  // keeps products of two of them, and of an image's side, in an int
    const auto within = [](Pair p, int least) {
      return std::min(p.vertical, p.horizontal) >= least && std::max(p.vertical, p.horizontal) <= most;
    };
    return within(kernel, 1) && within(stride, 1) && stride.is_square() && within(pad, 0) && within(dilation, 1) &&
           dilation.is_square();
  }
};

bool has_plain_weights(const cv::dnn::LayerParams& params) {
  if (params.get<int>("group", 1) != 1 || params.blobs.empty()) return false;
  const auto& weights = params.blobs[0];
  return weights.dims == 4 && weights.type() == CV_32F && weights.isContinuous();
}

class FastConvolutionLayer : public cv::dnn::Layer {
 public:
  static cv::Ptr<cv::dnn::Layer> create(cv::dnn::LayerParams& params) {
    const auto kernels = convolution_kernels();
    const Parameters parameters(params);
    if (kernels.empty() || !parameters.are_plain() || !has_plain_weights(params))
      return cv::dnn::ConvolutionLayer::create(params);
    return cv::makePtr<FastConvolutionLayer>(params, parameters, *kernels.front());
  }

  FastConvolutionLayer(const cv::dnn::LayerParams& params, const Parameters& parameters, const ConvolutionKernel& kernel)
      : Layer(params), parameters_(parameters), kernel_(kernel), filters_(blobs[0].size[0]), channels_(blobs[0].size[1]) {
    const auto& weights = blobs[0];
    CV_Assert(params.get<int>("num_output", filters_) == filters_);
    CV_Assert(weights.size[2] == parameters.kernel.vertical && weights.size[3] == parameters.kernel.horizontal);
    if (blobs.size() > 1) {
      const auto& bias = blobs[1];
      CV_Assert(bias.type() == CV_32F && bias.total() == static_cast<std::size_t>(filters_) && bias.isContinuous());
    }
    forget_fused();
  }

  bool supportBackend(int backend) override { return backend == cv::dnn::DNN_BACKEND_OPENCV; }

  bool getMemoryShapes(const std::vector<cv::dnn::MatShape>& inputs, int, std::vector<cv::dnn::MatShape>& outputs,
                       std::vector<cv::dnn::MatShape>&) const override {
    CV_Assert(inputs.size() == 1 && inputs[0].size() == 4 && inputs[0][1] == channels_);
    const int height = output_side(inputs[0][2], parameters_.kernel.vertical, parameters_.pad.vertical);
    const int width = output_side(inputs[0][3], parameters_.kernel.horizontal, parameters_.pad.horizontal);
    CV_Assert(height > 0 && width > 0);
    outputs = {{inputs[0][0], filters_, height, width}};
    return false;
  }

  bool setActivation(const cv::Ptr<cv::dnn::ActivationLayer>& layer) override {
    const auto relu = layer.dynamicCast<cv::dnn::ReLULayer>();
    relu_ = relu && relu->negativeSlope == 0.0F;
    return relu_;
  }

  // A batch normalization or scale that follows is taken into the weights.
  bool tryFuse(cv::Ptr<cv::dnn::Layer>& next) override {
    cv::Mat scale;
    cv::Mat shift;
    next->getScaleShift(scale, shift);
    const auto fits = [&](const cv::Mat& m) { return m.empty() || (m.type() == CV_32F && m.total() == bias_.size()); };
    if ((scale.empty() && shift.empty()) || !fits(scale) || !fits(shift) || relu_ || convolution_) return false;
    fused_ = true;
    for (std::size_t f = 0; f < bias_.size(); ++f) {
      const float factor = scale.empty() ? 1.0F : scale.ptr<float>()[f];
      scale_[f] *= factor;
      bias_[f] = bias_[f] * factor + (shift.empty() ? 0.0F : shift.ptr<float>()[f]);
    }
    return true;
  }

  // cv::dnn fuses anew whenever it plans a net anew, for an input of another shape.
  void unsetAttached() override {
    Layer::unsetAttached();
    if (!fused_) return;
    convolution_.reset();
    forget_fused();
  }

  void forward(cv::InputArrayOfArrays inputs, cv::OutputArrayOfArrays outputs, cv::OutputArrayOfArrays) override {
    std::vector<cv::Mat> from;
    std::vector<cv::Mat> to;
    inputs.getMatVector(from);
    outputs.getMatVector(to);
    CV_Assert(from[0].type() == CV_32F && from[0].isContinuous() && to[0].isContinuous());
    if (!convolution_) prepare();
    // cv::dnn has no place for what the layers of a lane could share.
    thread_local ConvolutionScratch scratch;
    convolution_->run(from[0].ptr<float>(), from[0].size[0], {from[0].size[2], from[0].size[3]}, to[0].ptr<float>(),
                      {to[0].size[2], to[0].size[3]}, relu_, scratch);
  }

 private:
  int output_side(int input, int kernel, int pad) const {
    const int window = (kernel - 1) * parameters_.dilation.vertical + 1;
    return input + 2 * pad < window ? 0 : (input + 2 * pad - window) / parameters_.stride.vertical + 1;
  }

  void forget_fused() {
    fused_ = false;
    scale_.assign(static_cast<std::size_t>(filters_), 1.0F);
    bias_.assign(scale_.size(), 0.0F);
    if (blobs.size() > 1) std::copy_n(blobs[1].ptr<float>(), bias_.size(), bias_.begin());
  }

  void prepare() {
    cv::Mat weights = blobs[0];
    if (fused_) {
      weights = weights.clone();
      const auto per_filter = weights.total() / bias_.size();
      for (std::size_t f = 0; f < bias_.size(); ++f) {
        float* row = weights.ptr<float>() + f * per_filter;
        std::transform(row, row + per_filter, row, [&](float weight) { return weight * scale_[f]; });
      }
    }
    const ConvolutionShape shape{filters_,
                                 channels_,
                                 parameters_.kernel.vertical,
                                 parameters_.kernel.horizontal,
                                 parameters_.stride.vertical,
                                 parameters_.pad.vertical,
                                 parameters_.pad.horizontal,
                                 parameters_.dilation.vertical};
    convolution_.emplace(kernel_, shape, weights.ptr<float>(), bias_.data());
    // The packed copy is all that is used from here on, but where another fusion may want to begin from these.
    if (!fused_) blobs.clear();
  }

  const Parameters parameters_;
  const ConvolutionKernel& kernel_;
  const int filters_;
  const int channels_;
  std::vector<float> scale_;
  std::vector<float> bias_;
  bool relu_ = false;
  bool fused_ = false;
  std::optional<Convolution> convolution_;
};

}  // namespace

const char* convolution_type(const DnnBackend& backend) {
  if (backend.backend != "opencv" || backend.target != "cpu") return "Convolution";
  static std::once_flag once;
  std::call_once(once, [] { cv::dnn::LayerFactory::registerLayer(fast_convolution_type, FastConvolutionLayer::create); });
  return fast_convolution_type;
}

}  // namespace facededup
