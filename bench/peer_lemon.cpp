// A min cost flow solved by LEMON. Usage: peer_lemon FILE simplex|scaling
// FILE holds int32: rows, columns, pairs, then row, column and value of each pair, then capacities.
// Prints milliseconds to build, milliseconds to solve, and the value of the plan.
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <vector>

#include <lemon/cost_scaling.h>
#include <lemon/network_simplex.h>
#include <lemon/smart_graph.h>

using Graph = lemon::SmartDigraph;
using Values = Graph::ArcMap<std::int64_t>;

// Processor time of this program in milliseconds.
static double now() {
  std::timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return time.tv_sec * 1e3 + time.tv_nsec / 1e6;
}

static std::vector<std::int32_t> numbers(std::FILE* file, std::size_t count) {
  std::vector<std::int32_t> read(count);
  if (std::fread(read.data(), sizeof(std::int32_t), count, file) != count) std::exit(2);
  return read;
}

template <class Solver>
static int solve(const std::vector<std::int32_t>& size, std::FILE* file) {
  const int rows = size[0], columns = size[1], pairs = size[2];
  const auto row = numbers(file, pairs), column = numbers(file, pairs);
  const auto value = numbers(file, pairs), capacity = numbers(file, columns);
  const auto begun = now();
  Graph graph;
  graph.reserveNode(rows + columns + 1);
  graph.reserveArc(pairs + rows + columns);
  for (int node = 0; node <= rows + columns; ++node) graph.addNode();
  const Graph::Node sink = graph.nodeFromId(rows + columns);
  Values most(graph), cost(graph);
  const auto join = [&](int from, Graph::Node to, std::int64_t bound, std::int64_t price) {
    const Graph::Arc arc = graph.addArc(graph.nodeFromId(from), to);
    most[arc] = bound;
    cost[arc] = price;
  };
  for (int pair = 0; pair < pairs; ++pair)
    join(row[pair], graph.nodeFromId(rows + column[pair]), 1, -value[pair]);
  for (int at = 0; at < rows; ++at) join(at, sink, 1, 0);
  for (int at = 0; at < columns; ++at) join(rows + at, sink, capacity[at], 0);
  Graph::NodeMap<std::int64_t> supply(graph, 0);
  for (int at = 0; at < rows; ++at) supply[graph.nodeFromId(at)] = 1;
  supply[sink] = -rows;
  Solver solver(graph);
  solver.upperMap(most).costMap(cost).supplyMap(supply);
  const auto built = now();
  if (solver.run() != Solver::OPTIMAL) return 3;
  const auto ended = now();
  std::printf("%.6f %.6f %lld\n", built - begun, ended - built,
              static_cast<long long>(-solver.totalCost()));
  return 0;
}

int main(int count, char** given) {
  if (count != 3) return 1;
  std::FILE* file = std::fopen(given[1], "rb");
  if (file == nullptr) return 1;
  const auto size = numbers(file, 3);
  if (std::strcmp(given[2], "simplex") == 0)
    return solve<lemon::NetworkSimplex<Graph, std::int64_t, std::int64_t>>(size, file);
  return solve<lemon::CostScaling<Graph, std::int64_t, std::int64_t>>(size, file);
}
