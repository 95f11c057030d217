/** See `brought.mjs`. */
export interface Brought {
  readonly brings: Readonly<Record<string, readonly string[]>>
  readonly packages: Readonly<Record<string, { readonly licence: string; readonly installScripts: readonly string[] }>>
}

export function broughtBy(packages: readonly { readonly name: string; readonly directory: string }[]): Brought
export function differencesOf(listed: Brought, brought: Brought): string[]
