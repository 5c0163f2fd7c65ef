/**
 * Finds the weights of features from questions with known evidence: the linear score under which the evidence of a
 * question is likeliest among its pool (ListNet with one right answer at a time: Cao et al., "Learning to rank: from
 * pairwise approach to listwise approach", ICML 2007), with a penalty on large weights, by Adam. Deterministic. Called
 * by our subject of `memory-recall` for weights of the other conversations; the weights we ship were found by it.
 */

/** The pool of one question: rows of features one after the other, and which rows are evidence. */
export interface Example {
  readonly rows: Float64Array
  readonly isEvidence: Uint8Array
}

export interface LearningOptions {
  /** Features whose weight stays as given; the others start at 0. */
  readonly fixed: readonly (number | undefined)[]
  readonly penalty?: number
  readonly steps?: number
}

/** Rows that are no evidence are looked at for each question up to this many: the hardest. */
const HARD = 120
const RATE = 0.3

/** The weights by feature; `fixed` says how many features there are. */
export function learned(
  examples: readonly Example[],
  { fixed, penalty = 0.03, steps = 100 }: LearningOptions,
): Float64Array {
  const width = fixed.length
  const usable = examples.filter(({ isEvidence }) => isEvidence.includes(1)).map(one => harder(one, width))
  if (usable.length === 0) throw new RangeError('nothing to learn from')
  const scale = deviations(usable, width)
  const at = Float64Array.from(fixed, (weight, column) => (weight ?? 0) * (scale[column] as number))
  const [mean, square] = [new Float64Array(width), new Float64Array(width)]
  for (let step = 1; step <= steps; step++) {
    const slope = slopeAt(usable, at, scale)
    const rate = step > steps * 0.6 ? RATE / 5 : RATE
    for (let column = 0; column < width; column++) {
      if (fixed[column] !== undefined) continue
      const down = (slope[column] as number) + penalty * (at[column] as number)
      mean[column] = 0.9 * (mean[column] as number) + 0.1 * down
      square[column] = 0.99 * (square[column] as number) + 0.01 * down * down
      const move = (mean[column] as number) / (1 - 0.9 ** step)
      const size = Math.sqrt((square[column] as number) / (1 - 0.99 ** step)) + 1e-8
      at[column] = (at[column] as number) - (rate * move) / size
    }
  }
  return at.map((value, column) => value / (scale[column] as number))
}

/** How well a row of features scores. */
export function scoreOf(rows: Float64Array, row: number, weights: Float64Array): number {
  let sum = 0
  for (let column = 0; column < weights.length; column++)
    sum += (weights[column] as number) * (rows[row * weights.length + column] as number)
  return sum
}

/** The evidence, and of the rest what has the largest sum of features: most rows of a pool teach nothing. */
function harder({ rows, isEvidence }: Example, width: number): Example {
  const ones = new Float64Array(width).fill(1)
  const sums = Array.from(isEvidence, (_, row) => scoreOf(rows, row, ones))
  const all = Array.from(isEvidence.keys())
  const wrong = all
    .filter(row => isEvidence[row] === 0)
    .sort((a, b) => (sums[b] as number) - (sums[a] as number) || a - b)
    .slice(0, HARD)
  const kept = [...all.filter(row => isEvidence[row] === 1), ...wrong]
  return {
    rows: Float64Array.from(kept.flatMap(row => [...rows.subarray(row * width, (row + 1) * width)])),
    isEvidence: Uint8Array.from(kept, row => isEvidence[row] as number),
  }
}

/** Standard deviation of each feature, 1 for one that never changes. */
function deviations(examples: readonly Example[], width: number): Float64Array {
  const [sums, squares] = [new Float64Array(width), new Float64Array(width)]
  let rows = 0
  for (const example of examples) {
    for (const [cell, value] of example.rows.entries()) {
      const column = cell % width
      sums[column] = (sums[column] as number) + value
      squares[column] = (squares[column] as number) + value * value
    }
    rows += example.isEvidence.length
  }
  return sums.map((sum, column) => {
    const variance = (squares[column] as number) / rows - (sum / rows) ** 2
    return variance > 1e-9 ? Math.sqrt(variance) : 1
  })
}

/** How the mean loss, -log of the chance of each evidence among what is no evidence, changes with each weight. */
function slopeAt(examples: readonly Example[], at: Float64Array, scale: Float64Array): Float64Array {
  const weights = at.map((value, column) => value / (scale[column] as number))
  const slope = new Float64Array(at.length)
  for (const { rows, isEvidence } of examples) {
    const pull = pullsOf(rows, isEvidence, weights)
    for (const [row, force] of pull.entries()) {
      const first = row * at.length
      for (let column = 0; column < at.length; column++)
        slope[column] = (slope[column] as number) + force * (rows[first + column] as number)
    }
  }
  return slope.map((value, column) => value / (scale[column] as number) / examples.length)
}

/** By row, the slope of the loss by its score. */
function pullsOf(rows: Float64Array, isEvidence: Uint8Array, weights: Float64Array): Float64Array {
  const scores = Float64Array.from(isEvidence, (_, row) => scoreOf(rows, row, weights))
  const most = scores.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)
  const chances = scores.map(score => Math.exp(score - most))
  const wrong = chances.reduce((sum, chance, row) => (isEvidence[row] === 1 ? sum : sum + chance), 0)
  const share = 1 / isEvidence.reduce((sum, each) => sum + each, 0)
  const pulls = new Float64Array(rows.length / weights.length)
  let onWrong = 0
  for (const [row, chance] of chances.entries()) {
    if (isEvidence[row] !== 1) continue
    pulls[row] = share * (chance / (wrong + chance) - 1)
    onWrong += share / (wrong + chance)
  }
  for (const [row, chance] of chances.entries()) if (isEvidence[row] !== 1) pulls[row] = chance * onWrong
  return pulls
}
