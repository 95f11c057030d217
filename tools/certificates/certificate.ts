import { readFileSync } from 'node:fs'

/** A member's certificate, its key, and the authority that it trusts; in PEM. */
export interface Certificate {
  readonly cert: string
  readonly key: string
  readonly ca: string
}

/** A certificate of these files in PEM, with the authority that signed those of all honest members (`make.sh`). */
export function certificate(name: string, trusts: 'authority' | 'stranger' = 'authority'): Certificate {
  return { cert: pem(name), key: pem(`${name}.key`), ca: pem(trusts) }
}

function pem(name: string): string {
  return readFileSync(new URL(`./${name}.pem`, import.meta.url), 'utf8')
}
