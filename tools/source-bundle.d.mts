import type { Plugin } from 'esbuild'

export function bundleSources(program: string, outfile: string, plugins?: Plugin[]): Promise<void>
