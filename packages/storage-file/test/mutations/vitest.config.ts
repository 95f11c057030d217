import { dirname, join } from 'node:path'
import process from 'node:process'
import { defineConfig } from 'vitest/config'
import { packages, patched, type SourcePatch } from '../../../../tools/source-patch.js'

const conditions = ['@quorate/source']

/** The patch that the mutations test wants to see found, as JSON. */
const patch = JSON.parse(process.env['SOURCE_PATCH'] ?? '') as SourcePatch

/** The tests of this package, on sources with one known bug in them. */
export default defineConfig({
  plugins: [
    {
      name: 'source-patch',
      enforce: 'pre',
      transform: (_, id) => (id === join(packages, patch.file) ? patched(patch) : null),
    },
  ],
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    root: dirname(packages),
    include: ['packages/storage-file/test/*.test.ts'],
    exclude: ['**/*.process.test.ts', '**/mutations.test.ts'],
    testTimeout: 120_000,
    cache: false,
  },
})
