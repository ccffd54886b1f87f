// The processes that train one network together, each with memory of its own; one process unless somebody says otherwise.
//
// Every call but of const functions and give_up() is made by all of them, in the same order and with sizes that fit.  What goes wrong
// between them is Error(input_output) that names the rank, where it is known.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace pbgen {

class Ranks {
 public:
  virtual ~Ranks() = default;

  virtual int rank() const = 0;   // of this process, from 0
  virtual int count() const = 0;

  // all: what every rank has given as `mine`, one behind the other in the order of the ranks, bytes[r] of rank r.
  virtual void all_gather(std::span<const std::byte> mine, std::span<const std::int64_t> bytes, std::span<std::byte> all) = 0;
  // The same, at rank 0 alone; elsewhere `all` may be empty.
  virtual void gather(std::span<const std::byte> mine, std::span<const std::int64_t> bytes, std::span<std::byte> all) = 0;
  // Rank 0's values, everywhere.
  virtual void broadcast(std::span<std::byte> values) = 0;

  // Begins to send outgoing[r] to rank r and to receive incoming[r] from it, for all ranks but this one; both stay where they are until
  // finish().
  virtual void begin_exchange(std::span<const std::span<const std::byte>> outgoing, std::span<const std::span<std::byte>> incoming) = 0;
  // Moves on what has begun, without waiting: called now and then by whoever computes meanwhile.
  virtual void progress() = 0;
  // Waits for all that has begun.
  virtual void finish() = 0;

  // Waits for all: behind what one of them does alone.
  virtual void meet() = 0;
  // Ends the others as well, with that exit code: for whoever fails alone.  Returns where there are none.
  virtual void give_up(int exit_code) = 0;

  // Bytes that this rank has sent so far.
  virtual std::int64_t bytes_sent() const = 0;

  // All ranks gave the same size.
  void all_gather_equal(std::span<const std::byte> mine, std::span<std::byte> all);
};

// This process alone.
Ranks& one_process();

inline constexpr int kMostShards = 512;

// How a batch is cut for the sums over its images: into `shards` parts of whole slices, of which every rank computes as many.
//
// The number of shards alone decides the arithmetic.  A sum over images is made inside a shard as over a batch of that size, and over
// shards by a binary tree, so that a rank, whose shards are an aligned run of them, has one partial sum to send, and one process that
// computes all shards gives the bytes of as many processes as there are shards.
struct Sharing {
  int shards = 1;  // a power of two; a multiple of the ranks
  Ranks* ranks = &one_process();  // outlives what shares

  int here() const { return shards / ranks->count(); }
};

// values: `count` numbers of each of so many neighbours, whose `level` is the binary logarithm of how many shards each of them sums up.
// merge(left, right, level) makes the left one that of both.  The tree's root is left in the first `count` numbers.
template <class Merge>
void merge_neighbours(double* values, int neighbours, std::int64_t count, int level, Merge merge) {
  for (int step = 1; step < neighbours; step *= 2, ++level)
    for (int i = 0; i + step < neighbours; i += 2 * step) merge(values + i * count, values + (i + step) * count, level);
}

// The numbers that merge_shards works on, `count` of each shard.
inline std::int64_t merged_doubles(const Sharing& sharing, std::int64_t count) {
  return count * (sharing.here() + (sharing.ranks->count() > 1 ? sharing.ranks->count() : 0));
}

// The tree over all shards: values begins with `count` numbers of each shard of this rank and has merged_doubles.  Returns the root.
template <class Merge>
const double* merge_shards(const Sharing& sharing, double* values, std::int64_t count, Merge merge) {
  const int here = sharing.here();
  const int ranks = sharing.ranks->count();
  merge_neighbours(values, here, count, 0, merge);
  if (ranks == 1) return values;
  double* const all = values + here * count;
  sharing.ranks->all_gather_equal(std::as_bytes(std::span(values, static_cast<std::size_t>(count))),
                                  std::as_writable_bytes(std::span(all, static_cast<std::size_t>(count * ranks))));
  int level = 0;
  for (int of_rank = here; of_rank > 1; of_rank /= 2) ++level;
  merge_neighbours(all, ranks, count, level, merge);
  return all;
}

// The same of sums.
const double* sum_shards(const Sharing& sharing, double* values, std::int64_t count);

}  // namespace pbgen
