import { defineConfig } from 'vitest/config'

const conditions = ['@quorate/source']

/**
 * How much of the core the rooms, the paper and the scenarios alone go through: a branch that none of them takes is a
 * branch about which nobody has said what is meant. Random schedules do not count here; they visit, and claim nothing.
 */
export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    root: new URL('../..', import.meta.url).pathname,
    include: ['scenarios', 'paper', 'rooms', 'wire'].map((kind) => `packages/raft/test/${kind}/**/*.test.ts`),
    testTimeout: 60_000,
    coverage: {
      enabled: true,
      provider: 'v8',
      include: ['packages/raft/src/**'],
      exclude: ['packages/raft/src/testing/**'],
      reporter: ['text'],
      reportOnFailure: true,
      thresholds: { branches: 98 },
    },
  },
})
