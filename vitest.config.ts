import { defineConfig } from 'vitest/config'

/** Tests run on the sources: this condition in every package's `exports` points at `src`. */
const conditions = ['@quorate/source']
const resolve = { conditions }
const ssr = { resolve: { conditions, externalConditions: conditions } }

export default defineConfig({
  test: {
    projects: [
      {
        resolve,
        ssr,
        test: {
          name: 'unit',
          include: ['packages/*/test/**/*.test.ts', 'apps/*/test/**/*.test.ts', 'tools/**/*.test.ts'],
          exclude: ['**/*.process.test.ts', '**/node_modules/**', '**/fixtures/**'],
          // Files share a worker and its modules: to load them anew for each file cost more than half of the processor's time.
          isolate: false,
          // One fewer is the default, and one of two processors stood idle.
          maxWorkers: '100%',
          testTimeout: 30_000,
        },
      },
      {
        resolve,
        ssr,
        test: {
          // Real processes, sockets and files under real time: one file at a time, so that they do not starve each other.
          name: 'process',
          include: ['packages/*/test/**/*.process.test.ts', 'apps/*/test/**/*.process.test.ts'],
          fileParallelism: false,
          testTimeout: 300_000,
        },
      },
    ],
  },
})
