/** Levels with their ranks, and the words that provinces are known to use. */

/** Levels by rank, then by name. */
export function readRanks(ranks: Partial<Record<string, number>>): [string, number][] {
  return Object.entries(ranks)
    .map(([level, rank]): [string, number] => [level, rank ?? 0])
    .sort((one, other) => one[1] - other[1] || one[0].localeCompare(other[0]))
}

/** Words that can be taken over at once. */
export const PRESETS: Record<string, [string, number][]> = {
  numbers: [1, 2, 3, 4, 5].map((rank) => [String(rank), rank]),
  guangdong: [
    ['二级', 2],
    ['三级', 3],
    ['四级', 4],
    ['五级', 5],
  ],
  national: [
    ['L1', 1],
    ['L2', 2],
    ['L3', 3],
    ['L4', 4],
  ],
}
