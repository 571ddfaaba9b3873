// A plan for people and programs.
#pragma once

#include "planner/plan.h"
#include "render/table.h"

#include <string>

namespace trainbudget::planner {

/// `command` is what estimates the winner again; empty where there is none.
std::string plan_text(const Plan& plan, const std::string& command, render::Style style);
std::string plan_markdown(const Plan& plan, const std::string& command);
/// schema/plan.schema.json.
std::string plan_json(const Plan& plan, const std::string& command);
/// Every way of the report in one table.
std::string plan_csv(const Plan& plan);

}  // namespace trainbudget::planner
