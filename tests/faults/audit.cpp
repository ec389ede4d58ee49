#include "tests/faults/audit.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace pawl::faults {
namespace {

class Audit {
 public:
  Audit(const std::vector<Submission>& submissions, const std::vector<Arrival>& arrivals,
        const std::vector<Kill>& kills)
      : submissions_(submissions), kills_(kills) {
    findings_.delivered_not_recorded.resize(kills.size());
    findings_.committed_not_acknowledged.resize(kills.size());
    for (const Arrival& arrival : arrivals) {
      if (!arrival.intact) findings_.damaged.push_back(text(arrival.copy));
      lives_[arrival.copy].push_back(arrival.life);
    }
    for (auto& [copy, lives] : lives_) std::ranges::sort(lives);
  }

  Findings run() {
    for (const Submission& submission : submissions_) {
      if (submission.acknowledged) {
        look_for(submission);
      } else if (lives_.contains(submission.copy)) {
        explain_unacknowledged(submission);
      }
    }
    for (const auto& [copy, lives] : lives_) explain_repeats(copy, lives);
    return std::move(findings_);
  }

 private:
  // Place in kills_ of the kill that ended this life; kills_.size(): it was not killed.
  std::size_t kill_of(int life) const {
    return static_cast<std::size_t>(std::ranges::find(kills_, life, &Kill::life) - kills_.begin());
  }

  bool arrived_by(const Copy& copy, int life) const {
    auto found = lives_.find(copy);
    return found != lives_.end() && found->second.front() <= life;
  }

  void look_for(const Submission& submission) {
    const Copy& copy = submission.copy;
    if (!lives_.contains(copy)) {
      findings_.lost.push_back(text(copy) + " got its 250 and never arrived");
      return;
    }
    for (const Kill& kill : kills_) {
      if (kill.life < submission.life || kill.queued.contains(copy)) continue;
      if (arrived_by(copy, kill.life)) return;  // and is done
      findings_.lost.push_back(fmt::format("{} got its 250 and was not in the queue after kill {}",
                                           text(copy), kill.life));
      return;
    }
  }

  void explain_unacknowledged(const Submission& submission) {
    const Copy& copy = submission.copy;
    std::size_t kill = kill_of(submission.life);
    bool committed = kill < kills_.size() && (kills_[kill].queued.contains(copy) ||
                                              lives_.at(copy).front() <= submission.life);
    if (submission.sent && committed) {
      ++findings_.committed_not_acknowledged[kill];
      return;
    }
    findings_.unexplained.push_back(
        fmt::format("{} was delivered without a 250 to its client ({}, {})", text(copy),
                    submission.sent ? "sent to its end" : "never sent to its end",
                    kill < kills_.size() ? "not in the queue after the kill"
                                         : "and no kill had taken the 250 away"));
  }

  void explain_repeats(const Copy& copy, const std::vector<int>& lives) {
    for (std::size_t i = 1; i < lives.size(); ++i) {
      std::size_t kill = kill_of(lives[i - 1]);
      bool queued = kill < kills_.size() && kills_[kill].queued.contains(copy);
      if (lives[i] > lives[i - 1] && queued) {
        ++findings_.delivered_not_recorded[kill];
      } else {
        findings_.unexplained.push_back(
            lives[i] == lives[i - 1]
                ? fmt::format("{} was delivered twice within life {}", text(copy), lives[i])
                : fmt::format("{} was delivered in life {}, was not in the queue after its kill, "
                              "and came again in life {}",
                              text(copy), lives[i - 1], lives[i]));
      }
    }
  }

  const std::vector<Submission>& submissions_;
  const std::vector<Kill>& kills_;
  std::map<Copy, std::vector<int>> lives_;  // in which each copy was delivered
  Findings findings_;
};

}  // namespace

std::string text(const Copy& copy) {
  return fmt::format("message {} (copy {})", copy.message, copy.number);
}

Findings audit(const std::vector<Submission>& submissions, const std::vector<Arrival>& arrivals,
               const std::vector<Kill>& kills) {
  return Audit(submissions, arrivals, kills).run();
}

}  // namespace pawl::faults
