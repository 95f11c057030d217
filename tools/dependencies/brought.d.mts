/** See `brought.mjs`. */
export interface Brought {
  readonly brings: Readonly<Record<string, readonly string[]>>
  readonly packages: Readonly<Record<string, { readonly licence: string; readonly installScripts: readonly string[] }>>
}

export interface InstalledPackage {
  readonly name: string
  readonly directory: string
}

export function broughtBy(packages: readonly InstalledPackage[]): Brought
export function bundledIn(directory: string): InstalledPackage[]
export function missingLicences(bundler: InstalledPackage): string[]
export function differencesOf(listed: Brought, brought: Brought): string[]
