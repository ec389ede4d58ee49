// The corpus of sessions under tests/vectors/transcripts (its README tells the form), for tests.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "starttls/transcript_text.h"
#include "tamper/tamper.h"

namespace pawl::tamper {

struct Sample {
  struct Expected {
    std::string signature;
    std::string confidence;
    std::string evidence;
  };
  std::string name;
  starttls::Transcript transcript;
  Knowledge knowledge;
  std::string assessment = "clean";
  std::vector<Expected> finds;
};

inline Sample read_sample(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::stringstream text;
  text << in.rdbuf();
  auto transcript = starttls::read_transcript(text.str());
  if (!transcript) throw std::runtime_error(file.string() + ": " + transcript.error().detail);
  Sample sample;
  sample.name = file.stem();
  sample.transcript = *transcript;
  std::string line;
  while (std::getline(text, line)) {
    std::istringstream words(line);
    std::string mark;
    std::string what;
    words >> mark >> what;
    if (mark != "#!") continue;
    std::string value;
    if (what == "expect") {
      words >> sample.assessment;
      std::ranges::replace(sample.assessment, '_', ' ');
    } else if (what == "knows") {
      words >> value;
      sample.knowledge.offered_before |= value == "offered_before";
      if (value == "promised" && words >> value) sample.knowledge.promised_by.push_back(value);
    } else if (what == "finds") {
      Sample::Expected finding;
      words >> finding.signature >> finding.confidence;
      std::getline(words >> std::ws, finding.evidence);
      sample.finds.push_back(finding);
    }
  }
  return sample;
}

inline std::vector<Sample> samples(const std::string& folder) {
  std::vector<Sample> found;
  std::filesystem::path root(PAWL_SOURCE_DIR "/tests/vectors/transcripts");
  for (const auto& file : std::filesystem::directory_iterator(root / folder)) {
    if (file.path().extension() == ".txt") found.push_back(read_sample(file.path()));
  }
  std::ranges::sort(found, {}, &Sample::name);
  return found;
}

inline std::string told(const Examination& examination) {
  std::string text(name(examination.assessment));
  for (const Finding& finding : examination.findings) {
    text += "\n  " + std::string(row(finding.signature).id) + " " +
            std::string(name(finding.confidence)) + " [" + finding.evidence + "] " +
            finding.sentence;
  }
  return text;
}

}  // namespace pawl::tamper
