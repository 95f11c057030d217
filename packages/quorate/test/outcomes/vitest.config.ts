import { dirname, join } from 'node:path'
import process from 'node:process'
import { defineConfig } from 'vitest/config'
import { packages, patched, type SourcePatch } from '../../../../tools/source-patch.js'

const conditions = ['@quorate/source']

/** The patches that the mutations test wants to see found, as JSON: each of another file. */
const patches = JSON.parse(process.env['SOURCE_PATCHES'] ?? '') as readonly SourcePatch[]
const patchOf = new Map(patches.map((patch) => [join(packages, patch.file), patch]))

/** Tests of outcomes, on sources with known bugs in them. */
export default defineConfig({
  plugins: [
    {
      name: 'source-patches',
      enforce: 'pre',
      transform: (_, id) => {
        const patch = patchOf.get(id)
        return patch ? patched(patch) : null
      },
    },
  ],
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    root: dirname(packages),
    include: ['packages/{contracts,raft,replica,client,gateway-http}/test/**/*.test.ts'],
    exclude: ['**/*.process.test.ts'],
    testTimeout: 60_000,
    cache: false,
  },
})
