#include "gan/checkpoint.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <span>
#include <utility>

#include "core/base/check.h"
#include "core/files/file_kind.h"
#include "gan/accounting.h"
#include "gan/stored_values.h"

namespace pbgen {
namespace {

constexpr const char* kFormat = "pbgen-checkpoint";
constexpr const char* kNotePrefix = "note.";

void add(SafetensorsWriter& writer, const std::string& prefix, const NamedArray& array, const AlignedBuffer<float>& values) {
  require_finite(values.span(), prefix + array.name);
  writer.add(prefix + array.name, array.dims, values.span());
}

void add_network(SafetensorsWriter& writer, const std::string& prefix, const Sequential& network) {
  for (const Param* const param : network.params()) add(writer, prefix, *param, param->value);
  for (const NamedArray* const buffer : network.buffers()) add(writer, prefix, *buffer, buffer->value);
}

void add_moments(SafetensorsWriter& writer, const Adam& adam) {
  for (std::size_t i = 0; i < adam.params().size(); ++i) {
    const Param& param = *adam.params()[i];
    add(writer, "adam.first.", param, adam.moments()[i].first);
    add(writer, "adam.second.", param, adam.moments()[i].second);
  }
}

// Its rule for values.
using Require = void (*)(std::span<const float> values, const std::string& what);

void read(const SafetensorsFile& file, const std::string& prefix, const NamedArray& array, AlignedBuffer<float>& values,
          Require require = require_finite) {
  const std::span<const float> stored = file.values<float>(prefix + array.name, array.dims);
  require(stored, concat(file.path(), ": ", prefix, array.name));
  std::copy(stored.begin(), stored.end(), values.begin());
}

void read_network(const SafetensorsFile& file, const std::string& prefix, Sequential& network) {
  for (Param* const param : network.params()) read(file, prefix, *param, param->value);
  for (NamedArray* const buffer : network.buffers())
    read(file, prefix, *buffer, buffer->value, buffer->name.ends_with(".running_var") ? require_squares : require_finite);
  network.weights_loaded();
}

void read_moments(const SafetensorsFile& file, Adam& adam) {
  for (std::size_t i = 0; i < adam.params().size(); ++i) {
    read(file, "adam.first.", *adam.params()[i], adam.moments()[i].first);
    read(file, "adam.second.", *adam.params()[i], adam.moments()[i].second, require_squares);
  }
}

std::int64_t counter(const SafetensorsFile& file, const char* key) {
  const std::string& text = file.metadata(key);
  std::int64_t value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  if (result.ec != std::errc() || result.ptr != text.data() + text.size() || value < 0 || value > 0xffffffffLL) {
    fail(ErrorKind::model_file, file.path(), ": metadata ", key, " is ", Json(text.substr(0, 32)).text(), ", expected a count");
  }
  return value;
}

// Networks are made only after this: a few bytes of metadata must not make gigabytes of weights.
void require_weights_fit(const SafetensorsFile& file, const NetworkConfig& network) {
  std::int64_t expected = 0;
  for (const LayerRow& row : layer_table(network)) expected += row.weights() + row.other_parameters;
  std::int64_t stored = 0;
  for (const SafetensorsFile::Tensor& tensor : file.tensors())
    if (tensor.dtype == Dtype::f32) stored += tensor.count;
  if (stored < expected) {
    fail(ErrorKind::model_file, file.path(), ": its network has ", expected, " parameters, the file holds ", stored,
         " floats; the file is damaged or not ours");
  }
}

std::int64_t member_integer(const Json& object, const char* key, const std::string& path) {
  const Json* const value = object.find(key);
  if (value == nullptr || !value->is_integer() || value->as_integer() < 0 || value->as_integer() > 1 << 20)
    fail(ErrorKind::model_file, path, ": network description: ", key, " is missing or no fitting integer");
  return value->as_integer();
}

// Only what a terminal shows as it is: it may be part of a message.
bool is_short_and_plain(const std::string& text) {
  return text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

std::string member_text(const Json& object, const char* key, const std::string& path) {
  const Json* const value = object.find(key);
  if (value == nullptr || !value->is_string() || !is_short_and_plain(value->as_string()))
    fail(ErrorKind::model_file, path, ": network description: ", key, " is missing or no text of at most 64 plain characters");
  return value->as_string();
}

std::array<int, 4> member_widths(const Json& object, const char* key, const std::string& path) {
  const Json* const value = object.find(key);
  const bool four = value != nullptr && value->is_array() && value->as_array().size() == 4 &&
                    std::all_of(value->as_array().begin(), value->as_array().end(), [](const Json& width) {
                      return width.is_integer() && width.as_integer() >= 1 && width.as_integer() <= 1 << 20;
                    });
  if (!four) fail(ErrorKind::model_file, path, ": network description: ", key, " is not a list of four widths");
  std::array<int, 4> widths{};
  for (std::size_t i = 0; i < 4; ++i) widths[i] = static_cast<int>(value->as_array()[i].as_integer());
  return widths;
}

}  // namespace

Json network_description(const NetworkConfig& config) {
  const auto list = [](const std::array<int, 4>& widths) { return Json(Json::Array(widths.begin(), widths.end())); };
  Json description = Json::object();
  description.set("size", config.size);
  description.set("channels", config.channels);
  description.set("z_dim", config.z_dim);
  description.set("g_widths", list(config.g_widths));
  description.set("d_widths", list(config.d_widths));
  description.set("binarize_g", config.binarized.generator.to_string());
  description.set("binarize_d", config.binarized.discriminator.to_string());
  description.set("bwn", name(config.recipe));
  return description;
}

NetworkConfig parse_network_description(const Json& description, const std::string& path) {
  NetworkConfig config;
  config.size = static_cast<int>(member_integer(description, "size", path));
  config.channels = static_cast<int>(member_integer(description, "channels", path));
  config.z_dim = static_cast<int>(member_integer(description, "z_dim", path));
  config.g_widths = member_widths(description, "g_widths", path);
  config.d_widths = member_widths(description, "d_widths", path);
  const std::string recipe = member_text(description, "bwn", path);
  const std::optional<BinaryRecipe> known = recipe_named(recipe);
  if (!known) fail(ErrorKind::model_file, path, ": network description: bwn is ", recipe, ", expected pbgen, port or xnor");
  config.recipe = *known;
  try {
    config.binarized.generator = LayerSet::parse(member_text(description, "binarize_g", path), 0, "binarize_g");
    config.binarized.discriminator = LayerSet::parse(member_text(description, "binarize_d", path), 1, "binarize_d");
    config.validate();
  } catch (const Error& error) {
    fail(ErrorKind::model_file, path, ": network description: ", error.what());
  }
  return config;
}

namespace {

// Borrows the trainer's arrays.
SafetensorsWriter describe_checkpoint(Trainer& trainer, const CheckpointNotes& notes) {
  SafetensorsWriter writer;
  writer.add_metadata("format", kFormat);
  writer.add_metadata("version", concat(kCheckpointVersion));
  writer.add_metadata("network", network_description(trainer.options().network).text());
  writer.add_metadata("iteration", concat(trainer.iteration()));
  writer.add_metadata("adam_steps_generator", concat(trainer.generator_adam().step_count()));
  writer.add_metadata("adam_steps_discriminator", concat(trainer.discriminator_adam().step_count()));
  for (const auto& [key, text] : notes) writer.add_metadata(kNotePrefix + key, text);
  add_network(writer, "", trainer.generator());
  add_network(writer, "", trainer.discriminator());
  if (trainer.averaged_generator()) add_network(writer, "ema.", *trainer.averaged_generator());
  add_moments(writer, trainer.generator_adam());
  add_moments(writer, trainer.discriminator_adam());
  add(writer, "", trainer.fixed_latents(), trainer.fixed_latents().value);
  return writer;
}

}  // namespace

std::vector<std::uint8_t> encode_checkpoint(Trainer& trainer, const CheckpointNotes& notes) {
  return describe_checkpoint(trainer, notes).finish();
}

void save_checkpoint(const std::string& path, Trainer& trainer, const CheckpointNotes& notes) {
  describe_checkpoint(trainer, notes).write(path);
}

Checkpoint::Checkpoint(SafetensorsFile file) : file_(std::move(file)) {
  const auto format = file_.metadata().find("format");
  if (format == file_.metadata().end() || format->second != kFormat)
    fail(ErrorKind::model_file, file_.path(), ": is ", safetensors_kind(format == file_.metadata().end() ? "" : format->second),
         ", not a training checkpoint of ours (format ", kFormat, "): give a checkpoint that train_gan wrote");
  const std::string& version = file_.metadata("version");
  if (version != concat(kCheckpointVersion))
    fail(ErrorKind::model_file, file_.path(), ": checkpoint version ", Json(version.substr(0, 32)).text(),
         ", this build reads version ", kCheckpointVersion, "; take the build that wrote it");
  network_ = parse_network_description(parse_json(file_.metadata("network"), ErrorKind::model_file, file_.path()), file_.path());
  iteration_ = counter(file_, "iteration");
  require_weights_fit(file_, network_);
}

Checkpoint Checkpoint::load(const std::string& path) { return Checkpoint(SafetensorsFile::load(path)); }

Checkpoint Checkpoint::parse(std::span<const std::uint8_t> bytes, const std::string& path) {
  return Checkpoint(SafetensorsFile::parse(bytes, path));
}

std::string Checkpoint::note(const std::string& name) const {
  const auto found = file_.metadata().find(kNotePrefix + name);
  return found == file_.metadata().end() ? std::string() : found->second;
}

bool Checkpoint::has_average() const { return file_.find("ema.generator.linear.weight") != nullptr; }

Sequential Checkpoint::generator() const { return generator_under(has_average() ? "ema." : ""); }

Sequential Checkpoint::raw_generator() const { return generator_under(""); }

Sequential Checkpoint::generator_under(const char* prefix) const {
  Sequential network = make_generator(network_);
  read_network(file_, prefix, network);
  return network;
}

void Checkpoint::restore(Trainer& trainer) const {
  check(trainer.options().network == network_, file_.path(), ": the checkpoint's network is another");
  restore_weights(trainer);
  read_moments(file_, trainer.generator_adam());
  read_moments(file_, trainer.discriminator_adam());
  trainer.generator_adam().set_step_count(counter(file_, "adam_steps_generator"));
  trainer.discriminator_adam().set_step_count(counter(file_, "adam_steps_discriminator"));
  read(file_, "", trainer.fixed_latents(), trainer.fixed_latents().value);
  trainer.set_iteration(iteration_);
}

void Checkpoint::restore_weights(Trainer& trainer) const {
  read_network(file_, "", trainer.generator());
  read_network(file_, "", trainer.discriminator());
  if (trainer.averaged_generator()) read_network(file_, has_average() ? "ema." : "", *trainer.averaged_generator());
}

}  // namespace pbgen
