// One result of libunbound as an answer or an error. Bogus first: libunbound hands out the data
// with it.
#pragma once

#include "dns/answer.h"

struct ub_result;

namespace pawl::resolver {

// `anchored`: the root has a trust anchor, so what is not secure is proven insecure.
Result<dns::Answer> answer_of(const dns::Name& question, dns::Type type, int error,
                              const ub_result* result, bool anchored);

}  // namespace pawl::resolver
