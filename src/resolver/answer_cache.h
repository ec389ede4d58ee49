// Answers for as long as their TTL, in two generations: when the young one is full it becomes the
// old one and what was old goes. So it is bounded, needs no list of uses, and what is asked for
// stays. Ordered maps: names come from strangers, and no hash of ours can be flooded.
// Not thread-safe; time is an argument.
#pragma once

#include <map>
#include <optional>
#include <utility>

#include "dns/answer.h"

namespace pawl::resolver {

class AnswerCache {
 public:
  using Question = std::pair<dns::Name, dns::Type>;

  explicit AnswerCache(std::size_t capacity) : capacity_(capacity) {}
  // With the TTL that is left.
  std::optional<dns::Answer> find(const Question& question, MonoTime now);
  void store(const dns::Answer& answer, MonoTime now);
  std::size_t size() const { return young_.size() + old_.size(); }

 private:
  struct Entry {
    dns::Answer answer;
    MonoTime until;
  };
  void insert(Question question, Entry entry);

  std::size_t capacity_;
  std::map<Question, Entry> young_;
  std::map<Question, Entry> old_;
};

}  // namespace pawl::resolver
