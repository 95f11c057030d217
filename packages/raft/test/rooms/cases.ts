/** How many random cases each claim of a room is tried on, against something naive that is obviously right. */
export const cases = {
  quorumOrder: 10_000,
  quorumIndex: 20_000,
  quorumVote: 20_000,
  membership: 25_000,
  log: 5_000,
  inflights: 5_000,
  progress: 15_000,
} as const
