import { defineConfig } from 'tsup'

/** How every package of this repository becomes JavaScript: ESM only. Types come from `tsc -b`, beside it. */
export function packageBuild(entry: string[] = ['src/index.ts']): ReturnType<typeof defineConfig> {
  return defineConfig({
    entry,
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
