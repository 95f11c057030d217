import { defineConfig } from 'tsup'

/**
 * How every package of this repository becomes JavaScript: ESM only. Types come from `tsc -b`, beside it. `bundled` names
 * development dependencies whose code becomes part of the package; their licences stand in its `THIRD-PARTY-LICENSES.md`.
 */
export function packageBuild(
  entry: string[] = ['src/index.ts'],
  bundled: string[] = [],
): ReturnType<typeof defineConfig> {
  return defineConfig({
    entry,
    noExternal: bundled,
    outDir: 'dist',
    format: 'esm',
    target: 'node20',
    platform: 'node',
    sourcemap: true,
    clean: false,
    dts: false,
    silent: true,
  })
}
