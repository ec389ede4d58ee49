#include "resolver/answer_cache.h"

namespace pawl::resolver {

std::optional<dns::Answer> AnswerCache::find(const Question& question, MonoTime now) {
  auto found = young_.find(question);
  if (found == young_.end()) {
    auto aged = old_.extract(question);
    if (aged.empty()) return std::nullopt;
    insert(question, std::move(aged.mapped()));
    found = young_.find(question);
  }
  if (found->second.until <= now) {
    young_.erase(found);
    return std::nullopt;
  }
  auto answer = found->second.answer;
  answer.ttl = std::chrono::ceil<Seconds>(found->second.until - now);
  return answer;
}

void AnswerCache::store(const dns::Answer& answer, MonoTime now) {
  if (capacity_ == 0 || answer.ttl <= Seconds(0)) return;
  insert({answer.question, answer.type}, {answer, now + answer.ttl});
}

void AnswerCache::insert(Question question, Entry entry) {
  if (young_.size() >= (capacity_ + 1) / 2) {
    old_ = std::move(young_);
    young_.clear();
  }
  old_.erase(question);
  young_.insert_or_assign(std::move(question), std::move(entry));
}

}  // namespace pawl::resolver
