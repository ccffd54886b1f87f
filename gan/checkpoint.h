// Training checkpoints: valid safetensors files that hold all that a run needs to go on byte for byte.
//
// Arrays: the float latent weights and moving statistics of both networks under their own names
// (generator.deconv1.weight [c_in, c_out, 5, 5], discriminator.conv1.weight [c_out, c_in, 5, 5], ...), Adam's moments as
// adam.first.NAME and adam.second.NAME, the averaged generator as ema.NAME, and fixed_latents [64, z_dim].
// Metadata: format, version, network (JSON), counters, and the caller's notes; no path, time, thread count or total, so
// that equal runs give equal bytes.
//
// Versions: a change that a reader of the old version would refuse or misread gets a new number, and a build reads the
// versions that it names, exactly these.  Notes and other metadata that a reader does not know may be added without one.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/files/json.h"
#include "core/files/safetensors.h"
#include "gan/networks.h"
#include "gan/trainer.h"

namespace pbgen {

// The version that this build writes, and the only one that it reads.
inline constexpr int kCheckpointVersion = 1;

// What else a run must find unchanged when it goes on: text by name.
using CheckpointNotes = std::map<std::string, std::string>;

// The file's bytes.  Error(diverged) naming the array where a value is not finite: nobody would read it.
std::vector<std::uint8_t> encode_checkpoint(Trainer& trainer, const CheckpointNotes& notes);
// The same, written atomically; takes no memory to speak of.  Error(input_output).
void save_checkpoint(const std::string& path, Trainer& trainer, const CheckpointNotes& notes);

class Checkpoint {
 public:
  // Error(input_output) where the file cannot be read; Error(model_file), with the path and the rule that is broken, where
  // it is no checkpoint, is damaged, or is of another version.  Memory is bounded as SafetensorsFile::parse says; load has the
  // file's bytes beside that.
  static Checkpoint load(const std::string& path);
  static Checkpoint parse(std::span<const std::uint8_t> bytes, const std::string& path);
  explicit Checkpoint(SafetensorsFile file);

  const NetworkConfig& network() const { return network_; }
  std::int64_t iteration() const { return iteration_; }
  // "" where there is no such note.
  std::string note(const std::string& name) const;

  // The averaged generator where there is one, else the generator; weights and moving statistics.  It takes at most 5 times the file.
  // Error(diverged), as the following ones, where a value is not finite or a variance negative (gan/stored_values.h).
  Sequential generator() const;
  // The generator that was trained, also where there is an average of it.
  Sequential raw_generator() const;
  // Whether the run averaged its generator (TrainerOptions::ema_decay).
  bool has_average() const;
  // Fills a trainer of the same network (else std::logic_error), Adam and counters included.  Error(model_file) where an
  // array is missing or has another shape; the trainer is then filled in part and of no use.
  void restore(Trainer& trainer) const;
  // Fills weights and moving statistics of both networks (and the average's), nothing else.  The networks may differ in
  // what is binarized; Error(model_file) where an array has another shape.
  void restore_weights(Trainer& trainer) const;

 private:
  Sequential generator_under(const char* prefix) const;

  SafetensorsFile file_;
  NetworkConfig network_;
  std::int64_t iteration_ = 0;
};

// {"size":64,"channels":3,"z_dim":100,"g_widths":[..],"d_widths":[..],"binarize_g":"1,2,3","binarize_d":"none","bwn":"pbgen"}
Json network_description(const NetworkConfig& config);
// The inverse; Error(model_file) naming path.
NetworkConfig parse_network_description(const Json& description, const std::string& path);

}  // namespace pbgen
