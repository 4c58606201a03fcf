// The loaded models that lanes share.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "face_encoder.hpp"
#include "landmarks.hpp"
#include "mmod_detector.hpp"
#include "ssd_detector.hpp"

namespace facededup {

enum class LandmarkKind { small, large };  // 5 and 68 points

// Immutable once loaded; whoever holds it keeps the models it began with.
struct Models {
  std::shared_ptr<const SsdModel> ssd;
  std::shared_ptr<const LandmarkModel> small_landmarks;
  std::shared_ptr<const LandmarkModel> large_landmarks;
  std::shared_ptr<const EncoderModel> encoder;
  std::shared_ptr<const MmodDetector> mmod;
};

// May be used by any number of threads at once.
class ModelShelf {
 public:
  // Each reads a model and tries it; a second call replaces the first one's model for later snapshots.
  // Throws model_corrupt, backend_unavailable.
  void load_ssd(SsdModel model);
  void load_landmarks(LandmarkKind kind, const std::string& bytes);
  void load_encoder(const std::string& bytes, EncoderKind kind, const DnnBackend& backend);
  void load_mmod(const std::string& bytes);

  Models snapshot() const;

 private:
  template <class Model>
  void put(std::shared_ptr<const Model> Models::*place, std::shared_ptr<const Model> model);

  mutable std::mutex mutex_;
  Models models_;
};

}  // namespace facededup
