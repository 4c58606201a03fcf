#include "models.hpp"

#include <utility>

#include "freed_memory.hpp"

namespace facededup {
namespace {

constexpr unsigned long points_small = 5;
constexpr unsigned long points_large = 68;

}  // namespace

template <class Model>
void ModelShelf::put(std::shared_ptr<const Model> Models::*place, std::shared_ptr<const Model> model) {
  {
    const std::lock_guard lock(mutex_);
    models_.*place = std::move(model);
  }
  return_freed_memory();
}

void ModelShelf::load_ssd(SsdModel model) {
  const SsdDetector trial(model);
  put(&Models::ssd, std::make_shared<const SsdModel>(std::move(model)));
}

void ModelShelf::load_landmarks(LandmarkKind kind, const std::string& bytes) {
  const bool small = kind == LandmarkKind::small;
  put(small ? &Models::small_landmarks : &Models::large_landmarks,
      std::make_shared<const LandmarkModel>(bytes, small ? points_small : points_large));
}

void ModelShelf::load_encoder(const std::string& bytes, EncoderKind kind, const DnnBackend& backend) {
  put(&Models::encoder, std::make_shared<const EncoderModel>(bytes, kind, backend));
}

void ModelShelf::load_mmod(const std::string& bytes) { put(&Models::mmod, std::make_shared<const MmodDetector>(bytes)); }

Models ModelShelf::snapshot() const {
  const std::lock_guard lock(mutex_);
  return models_;
}

}  // namespace facededup
