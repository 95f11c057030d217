import { readFileSync } from 'node:fs'

/** A certificate of these files in PEM, with the authority that signed those of all honest members (`make.sh`). */
export function certificate(name: string): { readonly cert: string; readonly key: string; readonly ca: string } {
  return { cert: pem(name), key: pem(`${name}.key`), ca: pem('authority') }
}

function pem(name: string): string {
  return readFileSync(new URL(`./${name}.pem`, import.meta.url), 'utf8')
}
