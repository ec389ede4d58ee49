// What `pawl explain` prints: the facts and the plan of one destination, for a person and for a
// program (docs/json/explain.md). Pure.
#pragma once

#include <string>

#include "json/value.h"
#include "policy/verdict.h"

namespace pawl::app {

struct Explanation {
  std::string domain;    // as asked
  std::string next_hop;  // where its mail goes, NextHop::key()
  policy::Facts facts;
  policy::Plan plan;
};

std::string explanation_text(const Explanation& explanation);
json::Value explanation_json(const Explanation& explanation);

}  // namespace pawl::app
