import { build } from 'esbuild'

/** Bundles a program straight from the sources into `outfile`. `plugins` may change sources on the way. */
export async function bundleSources(program, outfile, plugins = []) {
  await build({
    entryPoints: [program],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    conditions: ['@quorate/source'],
    // They know their own places on the disk.
    external: ['esbuild', 'vitest'],
    // What a bundled package requires of Node.js itself.
    banner: {
      js: `import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url)`,
    },
    plugins,
    logLevel: 'silent',
  })
}
