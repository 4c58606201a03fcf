// Times FAISS's exact range search of a set of float32 vectors against itself.
//
// faiss_range_search FILE DIMENSIONS THRESHOLD THREADS REPEATS WAY
//
// FILE holds n × DIMENSIONS float32 numbers. WAY is `square` (every vector against all of them, as FAISS is used),
// `triangle` (blocks of queries, each against the vectors from the block on, which spares half of the work) or `dealt`
// (the same, but the blocks are dealt to threads of which each runs FAISS and BLAS alone, which spares their threads
// from waiting for each other). Prints the seconds of each run and the number of pairs below the threshold as JSON.

#include <faiss/IndexFlat.h>
#include <faiss/impl/AuxIndexStructures.h>
#include <faiss/utils/distances.h>
#include <omp.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

extern "C" void openblas_set_num_threads(int count) __attribute__((weak));

namespace {

std::vector<float> readFloats(const char* path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) throw std::runtime_error(std::string("cannot open ") + path);
  std::vector<float> numbers(static_cast<std::size_t>(file.tellg()) / sizeof(float));
  file.seekg(0);
  file.read(reinterpret_cast<char*>(numbers.data()), static_cast<std::streamsize>(numbers.size() * sizeof(float)));
  return numbers;
}

std::int64_t countSquare(const faiss::IndexFlatL2& index, const std::vector<float>& vectors, float limit) {
  faiss::RangeSearchResult result(index.ntotal);
  index.range_search(index.ntotal, vectors.data(), limit, &result);
  // Each pair is found both ways, and each vector finds itself.
  return (static_cast<std::int64_t>(result.lims[index.ntotal]) - index.ntotal) / 2;
}

std::int64_t countBlock(const std::vector<float>& vectors, std::size_t dimensions, float limit, std::size_t start,
                        std::size_t block) {
  const std::size_t count = vectors.size() / dimensions;
  const std::size_t queries = std::min(block, count - start);
  faiss::RangeSearchResult result(queries);
  const float* from = vectors.data() + start * dimensions;
  faiss::range_search_L2sqr(from, from, dimensions, queries, count - start, limit, &result);
  // Later vectors than the block's are found once; those within it both ways, and themselves.
  std::int64_t pairs = 0;
  for (std::size_t query = 0; query < queries; query++) {
    for (std::size_t i = result.lims[query]; i < result.lims[query + 1]; i++) {
      if (result.labels[i] > static_cast<std::int64_t>(query)) pairs++;
    }
  }
  return pairs;
}

// FAISS multiplies matrices of 4096 queries by 1024 vectors; a block of queries is one such height.
std::int64_t countTriangle(const std::vector<float>& vectors, std::size_t dimensions, float limit) {
  constexpr std::size_t block = 4096;
  std::int64_t pairs = 0;
  for (std::size_t start = 0; start < vectors.size() / dimensions; start += block) {
    pairs += countBlock(vectors, dimensions, limit, start, block);
  }
  return pairs;
}

// Smaller blocks, which spare more of the work, and which one thread alone multiplies as fast.
std::int64_t countDealt(const std::vector<float>& vectors, std::size_t dimensions, float limit, int threads) {
  constexpr std::size_t block = 512;
  const std::size_t count = vectors.size() / dimensions;
  std::atomic<std::size_t> next{0};
  std::atomic<std::int64_t> pairs{0};
  std::vector<std::thread> workers;
  for (int i = 0; i < threads; i++) {
    workers.emplace_back([&] {
      omp_set_num_threads(1);
      for (std::size_t start = next.fetch_add(block); start < count; start = next.fetch_add(block)) {
        pairs += countBlock(vectors, dimensions, limit, start, block);
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  return pairs;
}

template <typename Search>
void report(int repeats, Search search) {
  std::int64_t pairs = 0;
  std::printf("{\"seconds\": [");
  for (int i = 0; i < repeats; i++) {
    const auto started = std::chrono::steady_clock::now();
    pairs = search();
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - started;
    std::printf("%s%.6f", i == 0 ? "" : ", ", taken.count());
  }
  std::printf("], \"pairs\": %lld}\n", static_cast<long long>(pairs));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 7) {
    std::fprintf(stderr, "usage: %s FILE DIMENSIONS THRESHOLD THREADS REPEATS WAY\n", argv[0]);
    return 2;
  }
  const std::vector<float> vectors = readFloats(argv[1]);
  const auto dimensions = static_cast<std::size_t>(std::atoi(argv[2]));
  const auto threshold = static_cast<float>(std::atof(argv[3]));
  const int threads = std::atoi(argv[4]);
  const int repeats = std::atoi(argv[5]);
  const std::string way = argv[6];
  const float limit = threshold * threshold;
  omp_set_num_threads(threads);
  if (openblas_set_num_threads) openblas_set_num_threads(way == "dealt" ? 1 : threads);

  if (way == "square") {
    faiss::IndexFlatL2 index(static_cast<std::int64_t>(dimensions));
    index.add(static_cast<std::int64_t>(vectors.size() / dimensions), vectors.data());
    report(repeats, [&] { return countSquare(index, vectors, limit); });
  } else if (way == "triangle") {
    report(repeats, [&] { return countTriangle(vectors, dimensions, limit); });
  } else {
    report(repeats, [&] { return countDealt(vectors, dimensions, limit, threads); });
  }
  return 0;
}
