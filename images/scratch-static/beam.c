/*
 * Bends a girder: a straight beam on supports, by finite elements of Euler and
 * Bernoulli. At their nodes these are exact, so there is a node where anything happens.
 *
 *     beam FILE
 *
 * FILE has a statement in a line; # begins a comment. Forces and deflections are
 * positive downwards, moments where the lower side is pulled.
 *
 *     length METRES
 *     modulus PASCAL
 *     inertia METRES4
 *     support X pinned|clamped
 *     force X NEWTON
 *     load FROM TO NEWTON_PER_METRE
 *     station METRES             distance of the rows of the table
 *
 * The exit code is 0, or 2 where the file is wrong, or 3 where the girder would fall.
 */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 64, NODES = 2048, BAND = 4, BAD_FILE = 2, UNSTABLE = 3 };

struct support { double x; int clamped; };
struct force { double x, newton; };
struct load { double from, to, newton_per_metre; };

static struct {
  double length, modulus, inertia, station;
  struct support supports[MOST];
  struct force forces[MOST];
  struct load loads[MOST];
  int supports_count, forces_count, loads_count;
} girder;

/* Of each node its place, and of its two degrees (deflection, slope) what is known. */
static double place[NODES];
static int nodes;
static double stiffness[2 * NODES][BAND], applied[2 * NODES], moved[2 * NODES];

static void stop(int code, const char *format, ...) {
  va_list values;
  va_start(values, format);
  fputs("beam: ", stderr);
  vfprintf(stderr, format, values);
  fputc('\n', stderr);
  va_end(values);
  exit(code);
}

static double number(const char *word, const char *file, int line) {
  char *end;
  double value = word ? strtod(word, &end) : NAN;
  if (!word || end == word || *end || !isfinite(value))
    stop(BAD_FILE, "%s, line %d: %s is no number", file, line, word ? word : "nothing");
  return value;
}

static void read_girder(const char *file) {
  char text[256], *words[5];
  FILE *stream = fopen(file, "r");
  if (!stream) stop(BAD_FILE, "%s: %s", file, strerror(errno));
  for (int line = 1; fgets(text, sizeof text, stream); line += 1) {
    int count = 0;
    text[strcspn(text, "#\r\n")] = 0;
    for (char *word = strtok(text, " \t"); word; word = strtok(NULL, " \t"))
      if (count < 5) words[count++] = word;
    if (count == 0) continue;
    while (count < 5) words[count++] = NULL;
    const char *what = words[0];
    double value = number(words[1], file, line);
    if (!strcmp(what, "length")) girder.length = value;
    else if (!strcmp(what, "modulus")) girder.modulus = value;
    else if (!strcmp(what, "inertia")) girder.inertia = value;
    else if (!strcmp(what, "station")) girder.station = value;
    else if (!strcmp(what, "support") && girder.supports_count < MOST) {
      const char *kind = words[2] ? words[2] : "nothing";
      int clamped = !strcmp(kind, "clamped");
      if (!clamped && strcmp(kind, "pinned"))
        stop(BAD_FILE, "%s, line %d: %s is no kind of support", file, line, kind);
      girder.supports[girder.supports_count++] = (struct support){value, clamped};
    } else if (!strcmp(what, "force") && girder.forces_count < MOST)
      girder.forces[girder.forces_count++] =
          (struct force){value, number(words[2], file, line)};
    else if (!strcmp(what, "load") && girder.loads_count < MOST)
      girder.loads[girder.loads_count++] = (struct load){
          value, number(words[2], file, line), number(words[3], file, line)};
    else
      stop(BAD_FILE, "%s, line %d: %s is not known, or one too many", file, line, what);
  }
  fclose(stream);
  if (girder.length <= 0 || girder.modulus <= 0 || girder.inertia <= 0 ||
      girder.station <= 0)
    stop(BAD_FILE, "%s: length, modulus, inertia and station must be positive", file);
}

static void add_node(double x) {
  if (x < 0 || x > girder.length)
    stop(BAD_FILE, "%g m is not on the girder, which is %g m long", x, girder.length);
  if (nodes == NODES) stop(BAD_FILE, "more than %d stations", NODES);
  place[nodes++] = x;
}

static int in_order(const void *one, const void *other) {
  double a = *(const double *)one, b = *(const double *)other;
  return (a > b) - (a < b);
}

static void place_nodes(void) {
  for (double x = 0; x < girder.length; x += girder.station) add_node(x);
  add_node(girder.length);
  for (int i = 0; i < girder.supports_count; i++) add_node(girder.supports[i].x);
  for (int i = 0; i < girder.forces_count; i++) add_node(girder.forces[i].x);
  for (int i = 0; i < girder.loads_count; i++) {
    add_node(girder.loads[i].from);
    add_node(girder.loads[i].to);
  }
  qsort(place, nodes, sizeof *place, in_order);
  int kept = 1;
  for (int i = 1; i < nodes; i++)
    if (place[i] - place[kept - 1] > 1e-9 * girder.length) place[kept++] = place[i];
  nodes = kept;
}

static int node_at(double x) {
  int nearest = 0;
  for (int i = 1; i < nodes; i++)
    if (fabs(place[i] - x) < fabs(place[nearest] - x)) nearest = i;
  return nearest;
}

/* What is spread over the element that begins at a node, in newtons per metre. */
static double spread_over(int element) {
  double middle = (place[element] + place[element + 1]) / 2, sum = 0;
  for (int i = 0; i < girder.loads_count; i++)
    if (middle > girder.loads[i].from && middle < girder.loads[i].to)
      sum += girder.loads[i].newton_per_metre;
  return sum;
}

/* The stiffness of an element, and the forces at its ends that stand for its load. */
static void element_of(int element, double matrix[4][4], double forces[4]) {
  double l = place[element + 1] - place[element], q = spread_over(element);
  double k = girder.modulus * girder.inertia / (l * l * l);
  const double whole[4][4] = {{12, 6 * l, -12, 6 * l},
                              {6 * l, 4 * l * l, -6 * l, 2 * l * l},
                              {-12, -6 * l, 12, -6 * l},
                              {6 * l, 2 * l * l, -6 * l, 4 * l * l}};
  const double share[4] = {q * l / 2, q * l * l / 12, q * l / 2, -q * l * l / 12};
  for (int i = 0; i < 4; i++) {
    forces[i] = share[i];
    for (int j = 0; j < 4; j++) matrix[i][j] = k * whole[i][j];
  }
}

static void assemble(void) {
  for (int element = 0; element + 1 < nodes; element++) {
    double matrix[4][4], forces[4];
    element_of(element, matrix, forces);
    for (int i = 0; i < 4; i++) {
      applied[2 * element + i] += forces[i];
      for (int j = 0; j <= i; j++) stiffness[2 * element + i][i - j] += matrix[i][j];
    }
  }
  for (int i = 0; i < girder.forces_count; i++)
    applied[2 * node_at(girder.forces[i].x)] += girder.forces[i].newton;
}

/* A degree that does not move: its row and column leave the system. */
static void hold(int degree) {
  for (int i = 1; i < BAND; i++) {
    stiffness[degree][i] = 0;
    if (degree + i < 2 * nodes) stiffness[degree + i][i] = 0;
  }
  stiffness[degree][0] = 1;
  applied[degree] = 0;
}

/* Cholesky, within the band: [i] is the entry that is i to the left of the diagonal. */
static void solve(void) {
  int degrees = 2 * nodes;
  for (int row = 0; row < degrees; row++)
    for (int column = row < BAND ? 0 : row - BAND + 1; column <= row; column++) {
      double sum = stiffness[row][row - column], before = sum;
      for (int k = row < BAND ? 0 : row - BAND + 1; k < column; k++)
        if (column - k < BAND)
          sum -= stiffness[row][row - k] * stiffness[column][column - k];
      if (column < row) stiffness[row][row - column] = sum / stiffness[column][0];
      else if (sum > 1e-11 * before) stiffness[row][0] = sqrt(sum);
      else stop(UNSTABLE, "the girder would fall: it needs more supports");
    }
  for (int row = 0; row < degrees; row++) {
    double sum = applied[row];
    for (int i = 1; i < BAND && i <= row; i++)
      sum -= stiffness[row][i] * moved[row - i];
    moved[row] = sum / stiffness[row][0];
  }
  for (int row = degrees - 1; row >= 0; row--) {
    double sum = moved[row];
    for (int i = 1; i < BAND && row + i < degrees; i++)
      sum -= stiffness[row + i][i] * moved[row + i];
    moved[row] = sum / stiffness[row][0];
  }
}

/* What holds the ends of an element: deflected, less what its own load would do. */
static void ends_of(int element, double ends[4]) {
  double matrix[4][4], forces[4];
  element_of(element, matrix, forces);
  for (int i = 0; i < 4; i++) {
    ends[i] = -forces[i];
    for (int j = 0; j < 4; j++) ends[i] += matrix[i][j] * moved[2 * element + j];
  }
}

static double reaction_at(int node) {
  double left[4] = {0}, right[4] = {0};
  if (node > 0) ends_of(node - 1, left);
  if (node + 1 < nodes) ends_of(node, right);
  double sum = left[2] + right[0];
  for (int i = 0; i < girder.forces_count; i++)
    if (node_at(girder.forces[i].x) == node) sum -= girder.forces[i].newton;
  return -sum;
}

static void report(const char *file) {
  double carried = 0, held = 0, deepest = 0, deepest_at = 0, most = 0, most_at = 0;
  for (int i = 0; i < girder.forces_count; i++) carried += girder.forces[i].newton;
  for (int i = 0; i + 1 < nodes; i++)
    carried += spread_over(i) * (place[i + 1] - place[i]);
  printf("GIRDER %s\n\nlength %.3f m, bending stiffness %.4g N m2, %d elements\n\n",
         file, girder.length, girder.modulus * girder.inertia, nodes - 1);
  printf("support m     kind  reaction kN\n");
  for (int i = 0; i < girder.supports_count; i++) {
    double reaction = reaction_at(node_at(girder.supports[i].x));
    held += reaction;
    printf("%9.3f  %7s  %11.3f\n", girder.supports[i].x,
           girder.supports[i].clamped ? "clamped" : "pinned", reaction / 1e3);
  }
  printf("      all           %11.3f\n\n", held / 1e3);
  printf("    x m  deflection mm  moment kNm\n");
  for (int node = 0; node < nodes; node++) {
    double ends[4], deflection = 1e3 * moved[2 * node], moment;
    ends_of(node + 1 < nodes ? node : node - 1, ends);
    moment = node + 1 < nodes ? ends[1] : -ends[3];
    moment /= 1e3;
    if (fabs(deflection) > fabs(deepest)) {
      deepest = deflection;
      deepest_at = place[node];
    }
    if (fabs(moment) > fabs(most)) {
      most = moment;
      most_at = place[node];
    }
    /* No zero with a sign, whatever was rounded on the way. */
    printf("%7.3f  %13.3f  %10.3f\n", place[node],
           fabs(deflection) < 5e-4 ? 0 : deflection, fabs(moment) < 5e-4 ? 0 : moment);
  }
  printf("\nlargest deflection %.3f mm at %.3f m\n", deepest, deepest_at);
  printf("largest moment %.3f kNm at %.3f m\n", most, most_at);
  if (fabs(held - carried) > 1e-6 * (1 + fabs(carried)))
    stop(UNSTABLE, "supports hold %g N of %g N", held, carried);
}

int main(int count, char **words) {
  if (count != 2) stop(BAD_FILE, "usage: beam FILE");
  read_girder(words[1]);
  place_nodes();
  assemble();
  for (int i = 0; i < girder.supports_count; i++) {
    int degree = 2 * node_at(girder.supports[i].x);
    hold(degree);
    if (girder.supports[i].clamped) hold(degree + 1);
  }
  solve();
  report(words[1]);
  return fflush(stdout) ? BAD_FILE : 0;
}
