// libpbgen: an exported model in an arena.
#include "gan/edge/pbgen.h"

#include <new>

#include "gan/edge/generator.h"
#include "gan/edge/model_file.h"
#include "gan/edge/opened_model.h"
#include "gan/edge/placed_model.h"

namespace pbgen::edge {
namespace {

constexpr int kMaxParts = 1024;

struct Settings {
  Path path = Path::portable;
  ParallelFor parallel;
};

int read_options(const pbgen_options* options, Settings& settings) {
  const pbgen_options zeros = {};
  if (options == nullptr) options = &zeros;
  switch (options->path) {
    case PBGEN_PATH_BEST: settings.path = best_path(); break;
    case PBGEN_PATH_PORTABLE: settings.path = Path::portable; break;
    case PBGEN_PATH_AVX2: settings.path = Path::avx2; break;
    case PBGEN_PATH_NEON: settings.path = Path::neon; break;
    case PBGEN_PATH_AVX512: settings.path = Path::avx512; break;
    default: return PBGEN_ARGUMENT;
  }
  if (!runs_here(settings.path)) return PBGEN_NO_PATH;
  if (options->parallel_for.run == nullptr) return PBGEN_OK;
  if (options->parallel_for.parts < 1 || options->parallel_for.parts > kMaxParts) return PBGEN_ARGUMENT;
  settings.parallel = {options->parallel_for.run, options->parallel_for.context, options->parallel_for.parts};
  return PBGEN_OK;
}

int code_of(Path path) {
  switch (path) {
    case Path::avx2: return PBGEN_PATH_AVX2;
    case Path::neon: return PBGEN_PATH_NEON;
    case Path::avx512: return PBGEN_PATH_AVX512;
    default: return PBGEN_PATH_PORTABLE;
  }
}

// The model in the arena; null where its generator cannot run.  row_number_bytes: of the numbers made of one-bit weights.
pbgen_model* place_model(const Model& from, const Settings& settings, Arena& arena, pbgen_model& measured,
                         std::uint64_t& row_number_bytes) {
  auto* model = arena.take<pbgen_model>(1);
  model = arena.measures() ? &measured : new (model) pbgen_model{};
  model->place = model;
  Generator& generator = model->generator;
  row_number_bytes = place_generator(from, settings.path, arena, generator);
  model->parallel = settings.parallel;
  model->z_dim = from.z_dim;
  model->channels = from.channels;
  model->side = from.size;
  model->z = arena.take<float>(static_cast<std::uint64_t>(from.z_dim));
  model->row = arena.take<unsigned char>(static_cast<std::uint64_t>(from.size) * kMostPixelBytes);
  if (fault_of(generator) != nullptr) return nullptr;
  model->scratch = arena.take<unsigned char>(scratch_bytes(generator, settings.parallel.parts));
  if (!arena.measures()) model->image = image_in_scratch(generator, model->scratch, settings.parallel.parts);
  return model;
}

// Bytes that place_model takes of memory of any alignment.
int measure(const Model& model, const Settings& settings, std::uint64_t& bytes, std::uint64_t& row_number_bytes) {
  Arena arena;
  pbgen_model measured{};
  if (place_model(model, settings, arena, measured, row_number_bytes) == nullptr) return PBGEN_NETWORK;
  bytes = arena.bytes();
  return bytes > SIZE_MAX ? PBGEN_TOO_LARGE : PBGEN_OK;
}

int check_bytes(const void* data) {
  if (data == nullptr) return PBGEN_ARGUMENT;
  return reinterpret_cast<std::uintptr_t>(data) % alignof(float) == 0 ? PBGEN_OK : PBGEN_ALIGNMENT;
}

}  // namespace
}  // namespace pbgen::edge

using namespace pbgen::edge;  // NOLINT(google-build-using-namespace): the C functions stand outside of it

int pbgen_query(const void* data, size_t size, const pbgen_options* options, pbgen_info* info) {
  if (info == nullptr) return PBGEN_ARGUMENT;
  Settings settings;
  Header header;
  Model model;
  Fault fault;
  std::uint64_t bytes = 0;
  std::uint64_t row_number_bytes = 0;
  int code = read_options(options, settings);
  if (code == PBGEN_OK) code = check_bytes(data);
  if (code == PBGEN_OK) code = read_header(data, size, header);
  if (code == PBGEN_OK) code = read_model(header, model, fault);
  if (code == PBGEN_OK) code = measure(model, settings, bytes, row_number_bytes);
  if (code != PBGEN_OK) return code;
  const size_t image_bytes = static_cast<size_t>(model.size) * static_cast<size_t>(model.size) * static_cast<size_t>(model.channels);
  *info = {model.size,  model.size,  model.channels,             model.z_dim, code_of(settings.path),
           image_bytes, static_cast<size_t>(bytes), static_cast<size_t>(row_number_bytes)};
  return PBGEN_OK;
}

int pbgen_open(const void* data, size_t size, const pbgen_options* options, void* arena, size_t arena_bytes, pbgen_model** model) {
  if (arena == nullptr || model == nullptr) return PBGEN_ARGUMENT;
  Settings settings;
  Model from;
  Fault fault;
  std::uint64_t bytes = 0;
  std::uint64_t row_number_bytes = 0;
  int code = read_options(options, settings);
  if (code == PBGEN_OK) code = check_bytes(data);
  if (code == PBGEN_OK) code = read_whole_model(data, size, from, fault);
  if (code == PBGEN_OK) code = measure(from, settings, bytes, row_number_bytes);
  if (code == PBGEN_OK && arena_bytes < bytes) code = PBGEN_ARENA;
  if (code != PBGEN_OK) return code;
  Arena memory(arena);
  pbgen_model unused{};
  *model = place_model(from, settings, memory, unused, row_number_bytes);
  return PBGEN_OK;
}

int pbgen_version(void) { return PBGEN_VERSION_NUMBER; }

const char* pbgen_error_text(int code) {
  switch (code) {
    case PBGEN_OK: return "all went well";
    case PBGEN_ARGUMENT: return "an argument is null or out of range: see pbgen.h";
    case PBGEN_ALIGNMENT: return "the model's bytes do not begin at a multiple of 4: copy them to memory that malloc gave, or map the file";
    case PBGEN_ARENA: return "the arena is too small: give it the arena_bytes that pbgen_query tells for the same options";
    case PBGEN_NO_PATH: return "this build or this processor lacks the path that was asked for: take PBGEN_PATH_BEST";
    case PBGEN_NOT_FOUND: return "the file cannot be opened: look at its name and at who may read it";
    case PBGEN_NOT_MAPPED: return "the file cannot be mapped: it is empty, no regular file, or larger than memory";
    case PBGEN_NO_FILES: return "this platform maps no files: read the model into memory";
    case PBGEN_TRUNCATED: return "the file is shorter than its header says: copy it again";
    case PBGEN_NOT_A_MODEL: return "no exported model: write one with PBGen's export";
    case PBGEN_VERSION: return "an exported model of a version that this library does not read; it reads versions 1 to " PBGEN_NUMBER_TEXT(
        PBGEN_MODEL_VERSION) ": export the checkpoint again, or take a library as new as the model";
    case PBGEN_CHECKSUM: return "damaged: its bytes do not have the checksum that was written with them; copy it again";
    case PBGEN_HEADER: return "its header is not as PBGen's export writes it: the file is damaged or not ours";
    case PBGEN_NETWORK: return "the description of its network is incomplete or out of range: the file is damaged or not ours";
    case PBGEN_ARRAYS: return "an array is missing, misplaced or not of its network's size: the file is damaged or not ours";
    case PBGEN_NOT_FINITE: return "a weight, scale or shift is infinite or no number: export an earlier checkpoint";
    case PBGEN_TOO_LARGE:
      return "its network is too large: a layer's output takes more than 256 MB, or the arena more than a pointer reaches";
    case PBGEN_STOPPED: return "the image was stopped by the function that takes its rows";
    case PBGEN_MOVED: return "the model was moved in memory since pbgen_open made it: open it anew where it is wanted";
    case PBGEN_ROW_NUMBERS: return "a number made of one-bit weights is larger than its table: the file is damaged or not ours";
    default: return "no code of this library";
  }
}
